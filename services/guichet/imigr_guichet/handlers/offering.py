"""What is free goes to who waits, first come first, and before everybody else."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from imigr_guichet.domain.guichet import Guichet, shared
from imigr_guichet.domain.limits import RETURN_SECONDS
from imigr_guichet.domain.states import State
from imigr_guichet.domain.text import wire_time
from imigr_guichet.domain.waiting_list import Entry, WaitState, offer_until
from imigr_guichet.errors import SlotFull
from imigr_guichet.handlers.booking import Booking, claim_within_quotas, draft, in_turn, offered
from imigr_guichet.handlers.office import Office, get_guichet, moment
from imigr_guichet.handlers.records import Kept, Records, Said
from imigr_guichet.handlers.slots import Ask, Slot, list_slots, next_slots
from imigr_guichet.opening import local_date
from imigr_guichet.ports.appointments import Command, Outcome, Stored
from imigr_kit.errors import ImigrError
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

    def awaited(self) -> Set[str]:
        """Guichets at which anybody waits; may be a second old."""
        ...

    def of_guichet(self, guichet_id: str) -> Sequence[Kept[Entry]]:
        """Who waits or has an offer at a guichet, first come first."""
        ...


@dataclass(frozen=True)
class Queue:
    """What the use cases of the waiting list work with."""

    office: Office
    entries: Entries


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
        if not end_hold(queue, stored):
            return  # taken up or freed at this very moment: the next sweep sees which
        stored = queue.office.appointments.by_id(stored.appointment.id)
    taken = stored is not None and stored.appointment.state not in (State.HELD, State.EXPIRED)
    new, facts = entry.accept() if taken else entry.expire()
    queue.entries.replace(kept, new, facts, by_system(f"settle:{entry.id}:{entry.tries}"), said_entry(new))


def serve_first(queue: Queue, guichet_id: str, ask: Ask, start: datetime, command: Command) -> None:
    """Before the public takes a start: who waits at the guichet is offered what is free, whatever freed it. Raises
    SlotFull when somebody still waits for such a start, since what became free meanwhile is theirs.

    A command that was run before is let through to its answer.
    """
    if guichet_id not in queue.entries.awaited():
        return
    unserved = _serve(queue, guichet_id)
    guichet = get_guichet(queue.office, guichet_id)
    if not any(_waits_for(entry, guichet, ask, start, moment(queue.office)) for entry in unserved):
        return
    if queue.office.appointments.by_command(command.key) is None:
        raise SlotFull(params=next_slots(queue.office, guichet, ask, start))


def _serve(queue: Queue, guichet_id: str) -> list[Entry]:
    """Offer what is free at a guichet; who waits on."""
    kept = queue.entries.of_guichet(guichet_id)
    for one in kept:
        settle(queue, one)
    _free_what_returns(queue, {guichet_id})
    unserved: list[Entry] = []
    hopeless: set[object] = set()
    for one in kept:
        entry = one.entity
        wish = (entry.topic, entry.language, entry.first_day, entry.last_day)
        if entry.state is not WaitState.WAITING:
            continue
        if wish in hopeless or not _served(queue, one):
            hopeless.add(wish)
            unserved.append(entry)
    return unserved


def _waits_for(entry: Entry, guichet: Guichet, ask: Ask, start: datetime, now: datetime) -> bool:
    day = local_date(guichet, start)
    is_wanted = entry.topic == ask.topic and entry.language in ask.languages
    is_in_time = (entry.first_day or day) <= day <= (entry.last_day or day)
    return is_wanted and is_in_time and offer_until(start, now) is not None


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
        free = free_for(queue, guichet, entry.topic, entry.language, entry.first_day, entry.last_day, SHOWN)
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
    command = by_system(f"offer:{entry.id}:{entry.tries}")
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
    key = by_system(f"told:{kept.entity.id}:{kept.entity.tries}")
    if place.state is not State.HELD or place.frees_at is None or place.frees_at <= now:
        skipped, facts = kept.entity.skip()
        queue.entries.replace(kept, skipped, facts, key, said_entry(skipped))
        return 0
    new, facts = kept.entity.offer(place.id, place.start, place.frees_at)
    if queue.entries.replace(kept, new, facts, key, said_entry(new)):
        return 1
    current = queue.entries.get(kept.entity.id)
    if current is None or current.entity.hold_id != place.id:
        end_hold(queue, held)  # left meanwhile
    return 0


def end_hold(queue: Queue, stored: Stored) -> bool:
    """End a hold; false when it was taken up or ended by others at the same moment."""
    office = queue.office
    guichet = office.plans.get(stored.appointment.guichet_id)
    if guichet is None:
        return False
    expired, facts = stored.appointment.expire(guichet)
    outcome = office.appointments.change(stored, expired, facts, by_system(f"expire:{stored.appointment.id}"))
    return outcome is Outcome.DONE


def _free_what_returns(queue: Queue, guichets: set[str]) -> None:
    """A cancelled place returns to the public after some seconds; who waits gets it before."""
    soon = queue.office.clock.now() + timedelta(seconds=RETURN_SECONDS + 1)
    for stored in queue.office.appointments.ended_holds(soon):
        one = stored.appointment
        if one.state is not State.HELD and one.guichet_id in guichets:
            queue.office.appointments.free_cancelled(stored)


def free_for(
    queue: Queue, guichet: Guichet, topic: str, language: str, first: date | None, last: date | None, limit: int
) -> list[Slot]:
    """Free slots between two days, at most ``limit``."""
    found = list_slots(queue.office, guichet, Ask(topic, (language,)), first, guichet.horizon_days + 2, 200)
    days = [day for day in sorted(found) if last is None or day <= last]
    return [slot for day in days for slot in found[day]][:limit]


def _is_open(queue: Queue, entry: Entry) -> bool:
    """Whether the guichet is still open to the public."""
    guichet = queue.office.plans.get(entry.guichet_id)
    return guichet is not None and guichet.state == "open"


def by_system(key: str) -> Command:
    """A command of no person."""
    return Command(key, "", by="system")
