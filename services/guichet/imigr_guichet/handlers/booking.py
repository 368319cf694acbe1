"""Booking and holding: one conditional write per try, at the first place that is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import CELL_MINUTES, Extras, Guichet, Place, shared
from imigr_guichet.domain.limits import Asker, Quota, quotas
from imigr_guichet.domain.states import State
from imigr_guichet.domain.text import Interval
from imigr_guichet.errors import (
    AlreadyBooked,
    Busy,
    SlotFull,
    SlotNotOffered,
    TooManyBookings,
)
from imigr_guichet.handlers.fading import clear_the_way
from imigr_guichet.handlers.office import Office, board, get_guichet, moment, said, said_again
from imigr_guichet.handlers.slots import Ask, as_booked, asked_topic, interpreted, list_slots, next_slots
from imigr_guichet.opening import DAY, local_date
from imigr_guichet.places import WIDTH, cell_of, limits, within
from imigr_guichet.ports.appointments import Command, Outcome, Ties
from imigr_kit import pressure
from imigr_kit.errors import FieldError, ImigrError, TooMany
from imigr_kit.facts import Fact

HOLD_MINUTES = 10
SUPPLY_DAYS, SUPPLY_SLOTS = 60, 5000
"""How far the places are counted of which those who take many get a share."""


@dataclass(frozen=True)
class Booking:
    """What is asked for, by a visitor or on behalf of one (``booked_by``)."""

    municipality: str
    guichet_id: str
    start: datetime
    topic: str
    language: str
    manage_hash: str
    contact_id: str | None
    channel: str | None
    message_language: str
    extras: Extras = Extras()
    booked_by: str = "public"
    asker: Asker = Asker()


@dataclass(frozen=True)
class Wanted:
    """A start as the plan offers it: its opening day, its end, what it occupies, and who could serve."""

    day: date
    start: datetime
    end: datetime
    busy: Interval
    able: tuple[Place, ...]


def book_appointment(office: Office, booking: Booking, command: Command) -> dict[str, Any]:
    """Book the start at the first desk that is free; the answer of the first run for a repeated command.

    Raises SlotNotOffered, TopicNotOffered, LanguageNotOffered, NotOpenToBooking, SlotFull (with the next free slots),
    AlreadyBooked, TooManyBookings, EffortNeeded, LaneFull or KeyReused.
    """
    guichet = get_guichet(office, booking.guichet_id, booking.municipality)
    return _claim(office, guichet, booking, command, lambda draft: draft.book(guichet))


def hold_place(office: Office, booking: Booking, command: Command) -> dict[str, Any]:
    """Keep a place for HOLD_MINUTES while a form is filled in; raises what book_appointment raises."""
    guichet = get_guichet(office, booking.guichet_id, booking.municipality)
    until = moment(office).replace(microsecond=0) + timedelta(minutes=HOLD_MINUTES)
    return _claim(office, guichet, booking, command, lambda draft: draft.hold(guichet, until=until))


def ask_of(booking: Booking) -> Ask:
    """What slots the booking could have."""
    return Ask(booking.topic, (booking.language,), booking.extras, booking.booked_by)


Make = Callable[[Appointment], tuple[Appointment, list[Fact]]]


def _claim(office: Office, guichet: Guichet, booking: Booking, command: Command, make: Make) -> dict[str, Any]:
    ask = ask_of(booking)
    admit(office, booking, command, guichet.id, lambda: _supply(office, guichet, ask))
    length = asked_topic(guichet, ask).length(booking.extras)
    wanted = offered(office, guichet, ask, booking.start, length)
    appointment_id = office.new_id()
    places = shared(guichet.places(wanted.day), wanted.able, booking.language, appointment_id)
    for place in in_turn(office, guichet, places, wanted):
        made, facts = make(draft(booking, appointment_id, place, wanted))
        outcome = claim_within_quotas(office, booking, made, facts, command)
        if outcome is Outcome.DONE:
            return said(office, made)
        if outcome is not Outcome.TAKEN:
            return refused(office, outcome, command)
    return refused(office, Outcome.TAKEN, command, next_slots(office, guichet, ask, booking.start))


def admit(office: Office, booking: Booking, command: Command, record: str, supply: Callable[[], int]) -> None:
    """Let a visitor's command through the gate, unless it was run before. Raises EffortNeeded or LaneFull."""
    who = booking.asker
    if booking.booked_by != "public" or who.address is None:
        return
    asker = pressure.Asker(who.address, who.network or who.address, who.proof)
    asked = pressure.Asked(office.hashed("price", booking.manage_hash), record, supply)
    try:
        office.gate.pass_through(asker, asked, office.clock.now())
    except TooMany:
        if office.appointments.by_command(command.key) is None:
            raise


def _supply(office: Office, guichet: Guichet, ask: Ask) -> int:
    found = list_slots(office, guichet, ask, None, SUPPLY_DAYS, SUPPLY_SLOTS)
    return sum(slot.places for slots in found.values() for slot in slots)


def refused(
    office: Office,
    outcome: Outcome,
    command: Command,
    params: dict[str, Any] | None = None,
    full: ImigrError | None = None,
) -> dict[str, Any]:
    """The answer of an earlier run if there was one; else the refusal."""
    earlier = office.appointments.by_command(command.key)
    if earlier is not None:
        return said_again(office, earlier, command)
    if outcome is Outcome.CONTACT:
        raise AlreadyBooked
    if outcome is Outcome.TAKEN:
        raise full or SlotFull(params=params or {})
    raise Busy(retry_after=1)


def claim_within_quotas(
    office: Office, booking: Booking, made: Appointment, facts: Sequence[Fact], command: Command
) -> Outcome:
    """Claim, counted against the quotas of contact and device. They are counted first and given back when nothing was
    booked: whoever dies in between has one booking less until the quota ends. Raises TooManyBookings."""
    limits = quotas(booking.asker, office.clock.now()) if booking.booked_by == "public" else []
    taker = office.hashed("quota", command.key)
    _count(office, limits, taker, command)
    ties = Ties(office.hashed("manage", booking.manage_hash), booking.asker.contacts)
    outcome = office.appointments.claim(made, facts, command, ties)
    if outcome is Outcome.TAKEN and clear_the_way(office, made):
        outcome = office.appointments.claim(made, facts, command, ties)
    if limits and outcome is not Outcome.DONE and office.appointments.by_command(command.key) is None:
        office.quotas.give_back(limits, taker)
    return outcome


def _count(office: Office, limits: Sequence[Quota], taker: str, command: Command) -> None:
    for number, one in enumerate(limits):
        if not office.quotas.take(one, taker, office.clock.now()):
            if office.appointments.by_command(command.key) is not None:
                return
            office.quotas.give_back(limits[:number], taker)
            raise TooManyBookings(params={"counted": one.kind}, retry_after=3600)


def offered(office: Office, guichet: Guichet, ask: Ask, start: datetime, length: timedelta) -> Wanted:
    """The start as the plan offers it; raises SlotNotOffered (with the next slots)."""
    topic = as_booked(guichet.topic(ask.topic), ask)
    plan = board(office, guichet)
    languages = () if interpreted(guichet, ask) else ask.languages
    local = local_date(guichet, start)
    cells = int(length.total_seconds()) // 60 // CELL_MINUTES
    busy = topic.busy(start, start + length)
    bounds = limits(guichet, topic, moment(office))
    for day in (local, local - DAY):
        bit = cell_of(start) - plan.base(day)
        if start.timestamp() % (CELL_MINUTES * 60) or not 0 <= bit < WIDTH:
            break
        if not within(plan.base(day), bounds) >> bit & 1:
            continue
        able = tuple(
            place
            for place in plan.able(ask.topic, languages, day)
            if plan.fitting(place, day, cells, public=ask.booked_by == "public") >> bit & 1
            and not _is_away(plan.absent(place.mediator, day), busy, plan.base(day))
        )
        if able:
            return Wanted(day, start, start + length, busy, able)
    fields = [FieldError("start", "guichet.slot_not_offered", "not a slot of this guichet")]
    raise SlotNotOffered(fields=fields, params=next_slots(office, guichet, ask, start))


def in_turn(office: Office, guichet: Guichet, places: Sequence[Place], wanted: Wanted) -> Iterator[Place]:
    """Places that look free in what this process has seen; when none of them was, those that look free after a fresh
    look. A place that others took a moment ago costs a try, never a seat. What this process is claiming for others is
    waited for, so that in a rush most are refused without a try of their own."""
    first, last = cell_of(wanted.busy[0]), cell_of(wanted.busy[1] - timedelta(seconds=1))
    width = last - first + 1
    seen, untried = office.occupancy, list(places)

    def look() -> Iterator[Place]:
        for place in tuple(untried):
            free = not seen.taken(guichet.id, place.desk, first, width)
            if free and not seen.is_claimed(guichet.id, place.desk, first, width):
                untried.remove(place)
                yield place

    def settled() -> Iterator[Place]:
        yield from look()
        while untried and seen.settle(guichet.id, [one.desk for one in untried], first, width):
            yield from look()

    yield from settled()
    if untried:
        seen.refresh()
        yield from settled()


def _is_away(absent: int, busy: Interval, base: int) -> bool:
    if not absent:
        return False
    first, last = cell_of(busy[0]) - base, cell_of(busy[1] - timedelta(seconds=1)) - base
    return bool(absent >> max(0, first) & ((1 << (last - first + 1)) - 1))


def draft(booking: Booking, appointment_id: str, place: Place, wanted: Wanted) -> Appointment:
    """The appointment that a booking would make at a place."""
    return Appointment(
        id=appointment_id,
        municipality=booking.municipality,
        guichet_id=booking.guichet_id,
        desk=place.desk,
        day=wanted.day,
        start=wanted.start,
        end=wanted.end,
        topic=booking.topic,
        language=booking.language,
        state=State.TO_CONFIRM,
        contact_id=booking.contact_id,
        channel=booking.channel,
        message_language=booking.message_language,
        version=0,
        busy_from=wanted.busy[0],
        busy_until=wanted.busy[1],
        booked_by=booking.booked_by,
        interpreter=booking.extras.interpreter,
    )
