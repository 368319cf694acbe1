"""The book of an event: its registrations in order of arrival, and one change of it in the making."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from imigr_events.domain.event import KEPT_AFTER_END, Event, EventState
from imigr_events.domain.parts import Notice
from imigr_events.domain.registration import LIVING, OCCUPYING, Hold, Registration, Said, State
from imigr_events.domain.waiting import Tally, next_in_line, offer_ends
from imigr_kit.facts import Fact

MOST_REGISTRATIONS = 6_000
"""Of one event, ended ones included: some hundred bytes each, in a document that may hold 16 megabytes."""


@dataclass
class Book:
    """An event with all that lies in its document. Owned by whoever has the turn on the event; changed by
    ``absorb`` alone, after the change was stored."""

    event: Event
    entries: dict[str, Registration] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """Position of each registration in the document."""
    keys: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    line: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    offers: dict[str, datetime] = field(default_factory=dict)
    due: datetime | None = None
    """When the time will next change something, as it was stored."""

    @classmethod
    def of(
        cls, event: Event, entries: Sequence[Registration], holds: Sequence[Hold], due: datetime | None = None
    ) -> Book:
        """A book as it was stored."""
        book = cls(event, due=due)
        for hold in holds:
            book._put_hold(hold)
        for one in entries:
            book._put(one)
        return book

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """In order of arrival."""
        return tuple(self.entries.values())

    def absorb(self, work: Work) -> None:
        """Take over a change that was stored."""
        if work.is_archived:
            self.__init__(work.stored())  # type: ignore[misc]  # as if fresh
            return
        self.event = work.stored()
        for hold_id in work.dropped:
            self.holds.pop(hold_id, None)
        self.holds.update(work.holds)
        for one in work.changed.values():
            self._put(one)
        self.line, self.tally, self.due = work.line, work.tally, work.next_due()

    def _put_hold(self, hold: Hold) -> None:
        self.holds[hold.id] = hold
        self.tally.add(hold.seats)

    def _put(self, one: Registration) -> None:
        before = self.entries.get(one.id)
        if before is None:
            self.numbers[one.id] = len(self.numbers)
        elif before.state in OCCUPYING:
            self.tally.add(before.seats, -1)
        if one.state in OCCUPYING:
            self.tally.add(one.seats)
        if one.state is State.WAITING and (before is None or before.state is not State.WAITING):
            self.line.append(one.id)
        self.offers.pop(one.id, None)
        if one.state is State.OFFERED and one.until is not None:
            self.offers[one.id] = one.until
        self.entries[one.id] = one
        self.keys.update((said.key, one.id) for said in one.said)
        self.links.update((link, one.id) for link in one.links)
        if one.contact_key is not None and one.state in LIVING:
            self.contacts[one.contact_key] = one.id


class Work:
    """One change of a book in the making: what is new lies over the book, which stays as it is until the change was
    stored. Commands check before they change, so one that is refused leaves nothing behind."""

    def __init__(self, book: Book, now: datetime) -> None:
        self.book = book
        self.now = now
        self.event = book.event
        self.changed: dict[str, Registration] = {}
        self.holds: dict[str, Hold] = {}
        self.dropped: set[str] = set()
        self.facts: list[Fact] = []
        self.line = list(book.line)
        self.tally = book.tally.copy()
        self.answers: dict[str, int] = {}
        """New closed answers: how often each, by ``question.option``."""
        self.claims: list[str] = []
        self.keys: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.contacts: dict[str, str] = {}
        self.is_archived = False

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to store, be it only that a moment has passed at which something might have
        changed."""
        is_due = self.book.due is not None and self.book.due <= self.now
        news = (self.changed, self.holds, self.dropped, self.facts, self.claims, is_due)
        return any(news) or self.event is not self.book.event

    @property
    def is_crowded(self) -> bool:
        """Whether the event holds as many registrations as it ever can."""
        return len(self.book.entries) + len(self.keys) >= MOST_REGISTRATIONS

    def entries(self) -> Iterator[Registration]:
        """All registrations in order of arrival."""
        for one in self.book.entries.values():
            yield self.changed.get(one.id, one)
        yield from (one for one in self.changed.values() if one.id not in self.book.entries)

    def get(self, registration_id: str) -> Registration | None:
        """One of them."""
        return self.changed.get(registration_id) or self.book.entries.get(registration_id)

    def by_key(self, key: str) -> Registration | None:
        """The one that a command was about."""
        found = self.keys.get(key) or self.book.keys.get(key)
        return None if found is None else self.get(found)

    def by_link(self, link: str) -> Registration | None:
        """The one behind a manage link."""
        found = self.links.get(link) or self.book.links.get(link)
        return None if found is None else self.get(found)

    def by_contact(self, contact_key: str | None) -> Registration | None:
        """The living one of the same contact."""
        found = None if contact_key is None else (self.contacts.get(contact_key) or self.book.contacts.get(contact_key))
        one = None if found is None else self.get(found)
        return one if one is not None and one.state in LIVING else None

    def live_holds(self) -> dict[str, Hold]:
        """Holds that have not run out."""
        held = {one: hold for one, hold in self.book.holds.items() if one not in self.dropped} | self.holds
        return {one: hold for one, hold in held.items() if hold.until > self.now}

    def position(self, registration: Registration) -> int | None:
        """Its place in the waiting list, counted from one."""
        return self.line.index(registration.id) + 1 if registration.state is State.WAITING else None

    def put(self, one: Registration, facts: Sequence[Fact]) -> None:
        """With a registration that is new or changed."""
        before = self.get(one.id)
        if before is not None and before.state in OCCUPYING:
            self.tally.add(before.seats, -1)
        if one.state in OCCUPYING:
            self.tally.add(one.seats)
        if before is not None and before.state is State.WAITING and one.state is not State.WAITING:
            self.line.remove(one.id)
        if one.state is State.WAITING and (before is None or before.state is not State.WAITING):
            self.line.append(one.id)
        self.changed[one.id] = one
        self.facts += facts

    def claim(self, registration_id: str, key: str, link: str | None = None, contact_key: str | None = None) -> None:
        """Remember by what a registration is found; keys and links exist once over all events."""
        self.keys[key] = registration_id
        self.claims.append(f"key:{key}")
        if link is not None:
            self.links[link] = registration_id
            self.claims.append(f"manage:{link}")
        if contact_key is not None:
            self.contacts[contact_key] = registration_id

    def say(self, registration: Registration, key: str, body_hash: str) -> Registration:
        """Note what a command is answered, to say it again."""
        said = Said(key, body_hash, registration.state, registration.version, self.position(registration))
        noted = replace(registration, said=(*registration.said, said))
        self.changed[registration.id] = noted
        return noted

    def end(self, one: Registration, state: State, verb: str, **more: Any) -> Registration:
        """A registration is over; its places go down the line, and its contact may register again."""
        ended, facts = one.now(state, f"registration.{verb}", self.event, **more)
        ended = replace(ended, contact_key=None)
        self.put(ended, facts)
        self.serve()
        return ended

    def add_hold(self, hold: Hold) -> None:
        """Keep places while a form is filled."""
        self.holds[hold.id] = hold
        self.tally.add(hold.seats)

    def drop_hold(self, hold: Hold) -> None:
        """Its places are free, or become those of a registration in the same change."""
        self.tally.add(hold.seats, -1)
        if self.holds.pop(hold.id, None) is None or hold.id in self.book.holds:
            self.dropped.add(hold.id)

    def event_is(self, event: Event, facts: Sequence[Fact]) -> None:
        """The event itself has changed."""
        self.event = event
        self.facts += facts

    def advance(self) -> None:
        """What the time has done: holds and offers that ran out, the event begun or over; then places that are free
        go down the line. Before every command, so nobody waits for a job."""
        for hold in [*self.book.holds.values()]:
            if hold.until <= self.now:
                self.drop_hold(hold)
        for registration_id, until in list(self.book.offers.items()):
            one = self.get(registration_id)
            if one is not None and one.state is State.OFFERED and until <= self.now:
                self.put(*one.now(State.EXPIRED, "registration.expired", self.event))
        event, facts = self.event.advanced(self.now)
        if facts:
            self.event_is(event, facts)
        if event.state is EventState.ARCHIVED and facts:
            self.archive()
        self.serve()

    def serve(self) -> None:
        """Places that are free go to those who wait, in order; an offer holds its places."""
        if not self.line or self.tally.total >= self.event.capacity:
            return
        waiting = [one for one in map(self.get, self.line) if one is not None]
        open_ones = [one for one in waiting if self.event.is_open(self.now, one.seats.sessions)]
        for one in next_in_line(open_ones, self.tally.copy(), self.event, self.now):
            self._give(one)

    def _give(self, one: Registration) -> None:
        if self.event.registration == "approval":
            self.put(*one.now(State.PENDING, "registration.requested", self.event))
        elif self.event.offer_hours is None:
            self.put(*one.now(State.CONFIRMED, "registration.confirmed", self.event))
        else:
            until = offer_ends(self.event, self.now, one.seats.sessions)
            if until is not None:
                self.put(*one.now(State.OFFERED, "registration.offered", self.event, until=until))

    def tell(self, at_most: int) -> None:
        """Tell registrants what has changed with the event, each once and in order of the changes."""
        for one in list(self.entries()):
            if at_most == 0:
                return
            pending = [notice for notice in self.event.notices if notice.number > one.told]
            if pending:
                at_most -= self._told(one, pending)
        self.event = replace(self.event, notices=())

    def _told(self, one: Registration, pending: Sequence[Notice]) -> int:
        for notice in pending:
            if one.state not in LIVING or (notice.session_id and not self._is_in(one, notice.session_id)):
                continue
            ends = notice.kind == "cancelled" or (one.seats.sessions and not self.event.attended(one.seats.sessions))
            if ends:
                by_service = {"cancelled_by": "service"}
                one, facts = one.now(State.CANCELLED, "registration.cancelled", self.event, **by_service)
            else:
                one, facts = one.moved(self.event, notice)
            self.put(one, facts)
        self.changed[one.id] = replace(one, told=pending[-1].number)
        return 1

    def _is_in(self, one: Registration, session_id: str) -> bool:
        return not one.seats.sessions or session_id in one.seats.sessions

    def archive(self) -> None:
        """After thirty days only numbers are kept."""
        self.is_archived = True
        self.line, self.tally = [], Tally()

    def counts(self) -> dict[str, Any]:
        """What of the event follows from its registrations after this change."""
        return {
            "taken": self.tally.total,
            "kinds_taken": {code: number for code, number in self.tally.kinds.items() if number},
            "session_taken": {one: number for one, number in self.tally.sessions.items() if number},
            "waiting": len(self.line),
        }

    def stored(self) -> Event:
        """The event as it stands when this change is stored."""
        return replace(self.event, **self.counts(), change=self.book.event.change + 1)

    def next_due(self) -> datetime | None:
        """When the time will next change something by itself."""
        event = self.event
        offers = [one.until for one in self.entries_offered() if one.until is not None]
        releases = [one.released_at for one in event.groups if one.released_at is not None]
        moments = [hold.until for hold in self.live_holds().values()] + offers + releases
        if event.state is EventState.PUBLISHED:
            moments.append(event.starts_at)
        elif event.state is EventState.RUNNING:
            moments.append(event.ends_at)
        elif event.state in (EventState.FINISHED, EventState.CANCELLED):
            moments.append(event.ends_at + KEPT_AFTER_END)
        return min((one for one in moments if one > self.now), default=None)

    def entries_offered(self) -> list[Registration]:
        """Those who have an offer."""
        found = [self.get(one) for one in self.book.offers] + [
            one for one in self.changed.values() if one.id not in self.book.offers
        ]
        return [one for one in found if one is not None and one.state is State.OFFERED]
