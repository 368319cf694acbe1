"""Use cases of the waiting list: join, be offered a held place, accept in time, or let the next person have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from imigr_guichet.domain.guichet import Guichet, shared
from imigr_guichet.domain.limits import RETURN_SECONDS
from imigr_guichet.domain.states import State
from imigr_guichet.domain.text import wire_time
from imigr_guichet.domain.waiting_list import Entry, WaitState, offer_until
from imigr_guichet.errors import HoldExpired, PlacesAreFree, UnknownAppointment, UnknownEntry
from imigr_guichet.handlers.booking import Booking, claim_within_quotas, draft, in_turn, offered
from imigr_guichet.handlers.changing import Reachable, take_up_hold
from imigr_guichet.handlers.office import STAFF_ROLES, Office, get_guichet, moment
from imigr_guichet.handlers.records import Kept, Records, Said, change, create, now_of, repeated
from imigr_guichet.handlers.slots import Ask, Slot, list_slots, slot_said
from imigr_guichet.ports.appointments import Command, Outcome, Stored
from imigr_kit.access import require
from imigr_kit.errors import ImigrError
from imigr_kit.facts import Fact
from imigr_kit.logs import get_logger

log = get_logger(__name__)

SHOWN = 5
SWEPT = 100
"""Entries that one sweep looks at; the rest come with the next, a few seconds later."""


class Entries(Records[Entry], Protocol):
    """Entries as stored; a link opens one."""

    def waiting(self, limit: int) -> Sequence[Kept[Entry]]:
        """Who waits, first come first."""
        ...

    def offered(self, limit: int) -> Sequence[Kept[Entry]]:
        """Who has an offer, the one that ends first first."""
        ...

    def of_guichet(self, guichet_id: str) -> Sequence[Kept[Entry]]:
        """Who waits or has an offer at a guichet, first come first."""
        ...


@dataclass(frozen=True)
class Queue:
    """What the use cases of the waiting list work with."""

    office: Office
    entries: Entries


@dataclass(frozen=True)
class Wish:
    """What somebody waits for."""

    municipality: str
    guichet_id: str
    topic: str
    language: str
    token_hash: str
    place_hash: str
    contact_id: str | None
    channel: str | None
    message_language: str
    first_day: date | None = None
    last_day: date | None = None


def join_list(queue: Queue, wish: Wish, command: Command) -> Said:
    """Put somebody on the list of a guichet, topic and language.

    Raises PlacesAreFree (with the next slots) when there is no need to wait, and what a booking raises for a topic or
    language that is not offered or not open to the public.
    """
    guichet = get_guichet(queue.office, wish.guichet_id, wish.municipality)
    free = _slots(queue, guichet, wish.topic, wish.language, wish.first_day, wish.last_day, SHOWN)
    link = f"entry:{queue.office.hashed('entry', wish.token_hash)}"
    earlier = queue.entries.find(f"key:{command.key}")
    if earlier is not None:
        return repeated(earlier, command)
    if free:
        raise PlacesAreFree(params={"next_slots": [slot_said(slot) for slot in free]})
    now = now_of(queue.office.clock)

    def make() -> tuple[Entry, list[Fact]]:
        return Entry(
            id=queue.office.new_id(),
            municipality=wish.municipality,
            guichet_id=wish.guichet_id,
            topic=wish.topic,
            language=wish.language,
            contact_id=wish.contact_id,
            channel=wish.channel,
            message_language=wish.message_language,
            first_day=wish.first_day,
            last_day=wish.last_day,
            place_hash=wish.place_hash,
            state=WaitState.WAITING,
            tries=0,
            hold_id=None,
            start=None,
            offer_until=None,
            joined_at=now,
            version=0,
        ).join()

    return create(queue.entries, command, make, said_entry, [link])


def get_entry(queue: Queue, municipality: str, token_hash: str) -> Said:
    """What the person sees by the link: the state, and the offer with its end."""
    return said_entry(_by_token(queue, municipality, token_hash).entity)


def accept_offer(queue: Queue, municipality: str, token_hash: str, command: Command) -> Said:
    """Take the held place. Raises OfferExpired, kindly, when it has gone on to the next person."""
    kept = _by_token(queue, municipality, token_hash)
    if command.key in kept.answers:
        return repeated(kept, command)
    entry = kept.entity
    if entry.state is not WaitState.ACCEPTED:
        entry.must_be_offered()
        who = Reachable(entry.contact_id, entry.channel, entry.message_language)
        try:
            _take_up(queue, entry, who)
        except (HoldExpired, UnknownAppointment):
            settle(queue, kept)
            _by_token(queue, municipality, token_hash).entity.must_be_offered()
    return change(
        queue.entries,
        lambda: _by_token(queue, municipality, token_hash),
        command,
        lambda one: one.accept(),
        said_entry,
    )


def decline_offer(queue: Queue, municipality: str, token_hash: str, command: Command) -> Said:
    """Do not take it; the place is free for the next person at once."""
    answer = change(
        queue.entries,
        lambda: _by_token(queue, municipality, token_hash),
        command,
        lambda one: one.decline(),
        said_entry,
    )
    _release(queue, _by_token(queue, municipality, token_hash).entity)
    return answer


def leave_list(queue: Queue, municipality: str, token_hash: str, command: Command) -> Said:
    """Wait no longer."""
    return change(
        queue.entries, lambda: _by_token(queue, municipality, token_hash), command, lambda one: one.leave(), said_entry
    )


def list_waiting(queue: Queue, actor: dict[str, Any], municipality: str, guichet_id: str) -> Said:
    """Who waits or has an offer, for staff; no contact is in it."""
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(queue.office, guichet_id, municipality)
    return {"items": [said_entry(one.entity) for one in queue.entries.of_guichet(guichet.id)]}


def sweep(queue: Queue) -> int:
    """Settle offers that ended or were taken, and offer what is free to who waits, first come first; how many offers
    were made. Safe to run in several processes at once: a place is held by one conditional write, and an entry is
    changed on the version that was read."""
    for kept in queue.entries.offered(SWEPT):
        settle(queue, kept)
    waiting = queue.entries.waiting(SWEPT)
    if waiting:
        _free_what_returns(queue, {one.entity.guichet_id for one in waiting})
    return sum(_served(queue, kept) for kept in waiting)


def settle(queue: Queue, kept: Kept[Entry]) -> None:
    """Bring an offered entry to where its place is: taken up, or gone."""
    entry = kept.entity
    stored = queue.office.appointments.by_id(entry.hold_id) if entry.hold_id else None
    now = moment(queue.office)
    if entry.state is not WaitState.OFFERED:
        return
    if stored is not None and stored.appointment.state is State.HELD:
        if entry.offer_until is not None and now < entry.offer_until and _is_open(queue, entry):
            return
        if not _expire(queue, stored):
            return  # taken up or freed at this very moment: the next sweep sees which
        stored = queue.office.appointments.by_id(stored.appointment.id)
    taken = stored is not None and stored.appointment.state not in (State.HELD, State.EXPIRED)
    new, facts = entry.accept() if taken else entry.expire()
    queue.entries.replace(kept, new, facts, _system(f"settle:{entry.id}:{entry.tries}"), said_entry(new))


def said_entry(entry: Entry) -> Said:
    """What is answered about an entry."""
    return {
        "id": entry.id,
        "municipality": entry.municipality,
        "guichet_id": entry.guichet_id,
        "topic": entry.topic,
        "language": entry.language,
        "state": str(entry.state),
        "start": wire_time(entry.start) if entry.start else None,
        "offer_until": wire_time(entry.offer_until) if entry.offer_until else None,
        "joined_at": wire_time(entry.joined_at),
        "appointment_id": entry.hold_id if entry.state is WaitState.ACCEPTED else None,
        "has_own_link": entry.tries <= 1,
        "version": entry.version,
    }


def _served(queue: Queue, kept: Kept[Entry]) -> int:
    """Offer one free place to an entry, if there is one; the number of offers made."""
    entry = kept.entity
    try:
        guichet = get_guichet(queue.office, entry.guichet_id, entry.municipality)
        free = _slots(queue, guichet, entry.topic, entry.language, entry.first_day, entry.last_day, SHOWN)
        for slot in free:
            until = offer_until(slot.start, moment(queue.office))
            if until is None:
                continue
            held = _hold(queue, guichet, entry, slot, until)
            if held is not None:
                return _told(queue, kept, held)
    except ImigrError as error:
        log.info("waiting.not_offered", entry=entry.id, reason=error.code)
    return 0


def _hold(queue: Queue, guichet: Guichet, entry: Entry, slot: Slot, until: datetime) -> Stored | None:
    """Hold a place of the slot for the entry; the one that an earlier run held for the same try, if it still stands."""
    office = queue.office
    command = _system(f"offer:{entry.id}:{entry.tries}")
    earlier = office.appointments.by_command(command.key)
    if earlier is not None:
        return earlier
    hash_of_try = entry.place_hash if entry.tries == 0 else office.hashed("try", f"{entry.place_hash}:{entry.tries}")
    booking = Booking(
        entry.municipality,
        entry.guichet_id,
        slot.start,
        entry.topic,
        entry.language,
        hash_of_try,
        entry.contact_id,
        entry.channel,
        entry.message_language,
    )
    ask = Ask(entry.topic, (entry.language,))
    wanted = offered(office, guichet, ask, slot.start, slot.end - slot.start)
    hold_id = office.new_id()
    for place in in_turn(
        office, guichet, shared(guichet.places(wanted.day), wanted.able, entry.language, hold_id), wanted
    ):
        made, facts = draft(booking, hold_id, place, wanted).hold(guichet, until=until)
        if claim_within_quotas(office, booking, made, facts, command) in (Outcome.DONE, Outcome.REPEATED):
            return office.appointments.by_command(command.key)
    return None


def _told(queue: Queue, kept: Kept[Entry], held: Stored) -> int:
    """Tell the entry of the place that is held for it; a hold that ended before it could be told is not told."""
    place = held.appointment
    now = moment(queue.office)
    key = _system(f"told:{kept.entity.id}:{kept.entity.tries}")
    if place.state is not State.HELD or place.frees_at is None or place.frees_at <= now:
        skipped, facts = kept.entity.skip()
        queue.entries.replace(kept, skipped, facts, key, said_entry(skipped))
        return 0
    new, facts = kept.entity.offer(place.id, place.start, place.frees_at)
    if queue.entries.replace(kept, new, facts, key, said_entry(new)):
        return 1
    current = queue.entries.get(kept.entity.id)
    if current is None or current.entity.hold_id != place.id:
        _expire(queue, held)  # left meanwhile
    return 0


def _take_up(queue: Queue, entry: Entry, who: Reachable) -> None:
    hash_of_try = (
        entry.place_hash if entry.tries == 1 else queue.office.hashed("try", f"{entry.place_hash}:{entry.tries - 1}")
    )
    command = Command(f"accept:{entry.id}:{entry.tries}", "", by="visitor")
    take_up_hold(queue.office, entry.municipality, hash_of_try, who, command)


def _release(queue: Queue, entry: Entry) -> None:
    stored = queue.office.appointments.by_id(entry.hold_id) if entry.hold_id else None
    if stored is not None and stored.appointment.state is State.HELD:
        _expire(queue, stored)


def _expire(queue: Queue, stored: Stored) -> bool:
    """End a hold; false when it was taken up or ended by others at the same moment."""
    office = queue.office
    guichet = office.plans.get(stored.appointment.guichet_id)
    if guichet is None:
        return False
    expired, facts = stored.appointment.expire(guichet)
    outcome = office.appointments.change(stored, expired, facts, _system(f"expire:{stored.appointment.id}"))
    return outcome is Outcome.DONE


def _free_what_returns(queue: Queue, guichets: set[str]) -> None:
    """A cancelled place returns to the public after some seconds; who waits gets it before."""
    soon = queue.office.clock.now() + timedelta(seconds=RETURN_SECONDS + 1)
    for stored in queue.office.appointments.ended_holds(soon):
        one = stored.appointment
        if one.state is not State.HELD and one.guichet_id in guichets:
            queue.office.appointments.free_cancelled(stored)


def _slots(
    queue: Queue, guichet: Guichet, topic: str, language: str, first: date | None, last: date | None, limit: int
) -> list[Slot]:
    found = list_slots(queue.office, guichet, Ask(topic, (language,)), first, guichet.horizon_days + 2, 200)
    days = [day for day in sorted(found) if last is None or day <= last]
    return [slot for day in days for slot in found[day]][:limit]


def _is_open(queue: Queue, entry: Entry) -> bool:
    """Whether the guichet is still open to the public."""
    guichet = queue.office.plans.get(entry.guichet_id)
    return guichet is not None and guichet.state == "open"


def _by_token(queue: Queue, municipality: str, token_hash: str) -> Kept[Entry]:
    kept = queue.entries.find(f"link:entry:{queue.office.hashed('entry', token_hash)}")
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownEntry
    return kept


def _system(key: str) -> Command:
    return Command(key, "", by="system")
