"""Events: what everyone may know, their states, and the facts of every change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from imigr_events.domain.parts import Code, Group, Mode, Notice, Question, Recurrence, Session, SessionState
from imigr_events.domain.texts import Text, wire_time
from imigr_events.errors import NotOpen, UnknownSession, WrongState
from imigr_kit.demonstration import marked
from imigr_kit.facts import Fact

KEPT_AFTER_END = timedelta(days=30)
"""How long registrations are kept; then only their number is."""


class EventState(StrEnum):
    """States of an event (VOCABULARY); full is derived."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RUNNING = "running"
    FINISHED = "finished"
    ARCHIVED = "archived"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


TO_COME = (EventState.PUBLISHED, EventState.POSTPONED)
TOLD = (*TO_COME, EventState.RUNNING)


@dataclass(frozen=True)
class Event:
    """One event. ``version`` counts what staff and time changed, ``sequence`` its facts, ``change`` every write of
    its document. ``taken`` and its like are the counts of the last write: places that are held, by kind and by
    session, and how many registrations wait."""

    id: str
    municipality: str
    title: Text
    summary: Text
    place: Text
    address: Text
    location: Mapping[str, float] | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    capacity: int
    languages: tuple[str, ...]
    registration: str
    state: EventState
    version: int
    municipalities: tuple[str, ...] = ()
    online_url: str | None = None
    organisers: tuple[Text, ...] = ()
    audience: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    childcare: bool = False
    illustration_url: str | None = None
    illustration_alt: Text = field(default_factory=dict)
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    offer_hours: int | None = None
    groups: tuple[Group, ...] = ()
    sessions: tuple[Session, ...] = ()
    choose_sessions: bool = False
    recurrence: Recurrence | None = None
    questions: tuple[Question, ...] = ()
    codes: tuple[Code, ...] = ()
    notices: tuple[Notice, ...] = ()
    previous_starts_at: datetime | None = None
    noticed: int = 0
    sequence: int = 0
    taken: int = 0
    kinds_taken: Mapping[str, int] = field(default_factory=dict)
    session_taken: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    change: int = 0
    demonstration: bool = False
    """Imagined: its title says so everywhere, whoever changes it. Only a seed file can say it, nobody by mistake."""

    def __post_init__(self) -> None:
        """The title of an imagined event carries the mark from here on."""
        if self.demonstration:
            object.__setattr__(self, "title", marked(self.title))

    def published(self) -> tuple[Event, list[Fact]]:
        """From draft to public."""
        self.must_be(EventState.DRAFT)
        return self._now("event.published", state=EventState.PUBLISHED)

    def edited(self, **values: Any) -> tuple[Event, list[Fact]]:
        """With other public data; registrants are told when the time or the place is another one.

        A draft is nobody's business: it has no facts. Raises WrongState when it is over.
        """
        self.must_be(EventState.DRAFT, *TOLD)
        if self.state is EventState.DRAFT:
            return replace(self, **values, version=self.version + 1), []
        changed = replace(self, **values)
        moved = any(getattr(changed, name) != getattr(self, name) for name in ("starts_at", "ends_at", "place"))
        if changed.starts_at != self.starts_at:
            changed = replace(changed, previous_starts_at=self.starts_at)
        told = changed.with_notice("moved", previous=self) if moved else changed
        return told._now("event.changed")

    def postponed(self, starts_at: datetime | None, ends_at: datetime | None) -> tuple[Event, list[Fact]]:
        """To another date, or to one that is not known yet. Registrations keep their places."""
        self.must_be(*TO_COME)
        if starts_at is None or ends_at is None:
            self.must_be(EventState.PUBLISHED)
            return self.with_notice("postponed", previous=self)._postponed(self, state=EventState.POSTPONED)
        dates = {"starts_at": starts_at, "ends_at": ends_at, "state": EventState.PUBLISHED}
        dates |= {"previous_starts_at": self.starts_at}
        return self.with_notice("moved", previous=self)._postponed(self, **dates)

    def cancelled(self) -> tuple[Event, list[Fact]]:
        """It will not take place."""
        self.must_be(*TOLD)
        return self.with_notice("cancelled")._now("event.cancelled", state=EventState.CANCELLED)

    def advanced(self, now: datetime) -> tuple[Event, list[Fact]]:
        """What the time has made of it: begun, over, archived."""
        event = self
        facts: list[Fact] = []
        if event.state is EventState.PUBLISHED and now >= event.starts_at:
            event, facts = event._now("event.started", state=EventState.RUNNING)
        if event.state is EventState.RUNNING and now >= event.ends_at:
            event, more = event._now("event.finished", state=EventState.FINISHED)
            facts = facts + more
        over = event.state in (EventState.FINISHED, EventState.CANCELLED) and not event.notices
        if over and now >= event.ends_at + KEPT_AFTER_END:
            event, more = event._now("event.archived", state=EventState.ARCHIVED)
            facts = facts + more
        return event, facts

    def with_session(self, session: Session, kind: str, previous: Session | None = None) -> tuple[Event, list[Fact]]:
        """With a session that is new, changed or cancelled; in a public event the world is told."""
        self.must_be(EventState.DRAFT, *TOLD)
        others = [one for one in self.sessions if one.id != session.id]
        if self.state is EventState.DRAFT:
            return replace(self, sessions=in_order([*others, session]), version=self.version + 1), []
        told = replace(session, sequence=session.sequence + 1)
        event = replace(self, sessions=in_order([*others, told]), version=self.version + 1)
        if previous is not None and _is_elsewhere(previous, told):
            event = event.with_notice("moved", session=previous)
        data = {"event_id": self.id, "event_title": dict(self.title), "timezone": self.timezone} | told.public()
        data["demonstration"] = self.demonstration
        data["previous_starts_at"] = wire_time(previous.starts_at) if previous else None
        return event, [Fact(kind, session.id, self.municipality, told.sequence, data)]

    def session(self, session_id: str) -> Session:
        """One of its sessions. Raises UnknownSession."""
        for one in self.sessions:
            if one.id == session_id:
                return one
        raise UnknownSession(params={"session_id": session_id})

    def attended(self, chosen: tuple[str, ...]) -> list[Session]:
        """The sessions that take place, of those that were chosen; without a choice all of them."""
        planned = [one for one in self.sessions if one.state is SessionState.PLANNED]
        return [one for one in planned if one.id in chosen] if chosen else planned

    def closing(self, chosen: tuple[str, ...] = ()) -> datetime:
        """Until when registrations are taken and given back."""
        starts = [one.starts_at for one in self.attended(chosen)] if self.choose_sessions and chosen else []
        begins = min(starts) if starts else self.starts_at
        return min(begins, self.closes_at) if self.closes_at else begins

    def is_open(self, now: datetime, chosen: tuple[str, ...] = ()) -> bool:
        """Whether registrations are taken now."""
        states = (EventState.PUBLISHED, EventState.RUNNING) if self.choose_sessions else (EventState.PUBLISHED,)
        is_window = (self.opens_at is None or now >= self.opens_at) and now < self.closing(chosen)
        return self.state in states and self.registration != Mode.NONE and is_window

    def must_be_open(self, now: datetime, chosen: tuple[str, ...] = ()) -> None:
        """Raises NotOpen unless registrations are taken now."""
        if not self.is_open(now, chosen):
            raise NotOpen(params={"state": str(self.state)})

    def must_be(self, *states: EventState) -> None:
        """Raises WrongState unless it is in one of the states."""
        if self.state not in states:
            raise WrongState(params={"state": str(self.state)})

    def public(self) -> dict[str, Any]:
        """What everyone may know, as in the event's contract."""
        return dict(self._public)

    @cached_property
    def _public(self) -> dict[str, Any]:
        return {
            "event_id": self.id,
            "title": dict(self.title),
            "summary": dict(self.summary),
            "place": dict(self.place),
            "address": dict(self.address),
            "location": dict(self.location) if self.location else None,
            "starts_at": wire_time(self.starts_at),
            "ends_at": wire_time(self.ends_at),
            "timezone": self.timezone,
            "capacity": self.capacity,
            "languages": list(self.languages),
            "state": str(self.state),
            "registration": str(self.registration),
            "municipalities": list(self.municipalities),
            "online_url": self.online_url,
            "organisers": [dict(one) for one in self.organisers],
            "audience": list(self.audience),
            "themes": list(self.themes),
            "accessibility": list(self.accessibility),
            "childcare": self.childcare,
            "demonstration": self.demonstration,
            "illustration_url": self.illustration_url,
            "rrule": self.recurrence.rrule if self.recurrence else None,
        }

    def with_notice(self, kind: str, previous: Event | None = None, session: Session | None = None) -> Event:
        """With something to tell registrants once."""
        if self.state is EventState.DRAFT:
            return self
        before = session or previous
        times = (before.starts_at, before.ends_at) if before else (None, None)
        notice = Notice(self.noticed + 1, kind, session.id if session else None, *times)
        return replace(self, notices=(*self.notices, notice), noticed=notice.number)

    def _postponed(self, before: Event, **values: Any) -> tuple[Event, list[Fact]]:
        event, facts = self._now("event.postponed", **values)
        previous = {"previous_starts_at": wire_time(before.starts_at), "previous_ends_at": wire_time(before.ends_at)}
        return event, [replace(one, data={**one.data, **previous}) for one in facts]

    def _now(self, kind: str, **values: Any) -> tuple[Event, list[Fact]]:
        changed = replace(self, **values, version=self.version + 1, sequence=self.sequence + 1)
        return changed, [Fact(kind, self.id, self.municipality, changed.sequence, changed.public())]


def in_order(sessions: list[Session]) -> tuple[Session, ...]:
    """Sessions by their start."""
    return tuple(sorted(sessions, key=lambda one: (one.starts_at, one.id)))


def _is_elsewhere(before: Session, after: Session) -> bool:
    return (before.starts_at, before.ends_at, before.room, before.state) != (
        after.starts_at,
        after.ends_at,
        after.room,
        after.state,
    )
