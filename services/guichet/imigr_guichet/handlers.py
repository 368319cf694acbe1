"""Use cases of the guichet: plain functions, everything they need comes as a parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from imigr_guichet.domain import Appointment, Guichet, State, overlaps, wire_time
from imigr_guichet.domain import Desk as Place
from imigr_guichet.errors import (
    KeyReused,
    SlotFull,
    SlotNotOffered,
    UnknownAppointment,
    UnknownGuichet,
)
from imigr_guichet.opening import bookable, local_today, opening_day, starts
from imigr_guichet.ports import Appointments, Command, Plans, Stored
from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.errors import FieldError, Unavailable
from imigr_kit.ids import NewId

NEXT_SLOTS = 5
CHANGE_TRIES = 5
STAFF_ROLES = ("manager", "mediator")


@dataclass(frozen=True)
class Slot:
    """A start that can be booked, how many places it has, and the languages in which."""

    start: datetime
    end: datetime
    places: int
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Desk:
    """What the use cases work with (dependencies of this process)."""

    plans: Plans
    appointments: Appointments
    clock: Clock
    new_id: NewId
    reference: Callable[[str], str]
    """The spoken reference of an appointment id."""
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""


@dataclass(frozen=True)
class Booking:
    """What a visitor asks for."""

    municipality: str
    guichet_id: str
    start: datetime
    topic: str
    language: str
    manage_hash: str
    contact_id: str | None
    channel: str | None
    message_language: str


def list_guichets(desk: Desk, municipality: str | None) -> Sequence[Guichet]:
    """Open guichets, by municipality."""
    return [one for one in desk.plans.all(municipality) if one.state == "open"]


def get_guichet(desk: Desk, guichet_id: str, municipality: str | None = None) -> Guichet:
    """One open guichet; unknown and foreign alike raise UnknownGuichet."""
    guichet = desk.plans.get(guichet_id)
    if guichet is None or guichet.state != "open" or municipality not in (None, guichet.municipality):
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    return guichet


def list_slots(
    desk: Desk, guichet: Guichet, topic: str, language: str | None, first: date | None, days: int, limit: int
) -> dict[date, list[Slot]]:
    """Free slots by opening day, at most ``limit`` in all, from ``first`` (default today) for ``days`` days.

    Two database reads at most, however many days.
    """
    minutes = guichet.topic(topic).minutes
    able = guichet.desks_for(topic, language)
    now = desk.clock.now()
    begin = max(first or local_today(guichet, now), local_today(guichet, now) - timedelta(days=1))
    last = begin + timedelta(days=days - 1)
    taken = desk.appointments.taken(guichet.id, begin, last)
    found: dict[date, list[Slot]] = {}
    left = limit
    for offset in range(days):
        day = begin + timedelta(days=offset)
        for start, end in starts(guichet, day, minutes):
            if left and bookable(guichet, start, now):
                free = [one for one in able if not overlaps(start, end, taken.get((day, one.code), ()))]
                if free:
                    spoken = tuple(sorted({tongue for one in free for tongue in one.languages}))
                    found.setdefault(day, []).append(Slot(start, end, len(free), spoken))
                    left -= 1
    return found


def book_appointment(desk: Desk, wanted: Booking, command: Command) -> dict[str, Any]:
    """Book the start at the first desk that is free; the answer of the first run for a repeated command.

    Raises SlotNotOffered, TopicNotOffered, LanguageNotOffered, SlotFull (with the next free slots) or KeyReused.
    """
    guichet = get_guichet(desk, wanted.guichet_id, wanted.municipality)
    day = _offered(desk, guichet, wanted.topic, wanted.language, wanted.start)
    end = wanted.start + timedelta(minutes=guichet.topic(wanted.topic).minutes)
    appointment_id = desk.new_id()
    able = guichet.desks_for(wanted.topic, wanted.language, spread=appointment_id)
    manage = desk.hashed("manage", wanted.manage_hash)
    for one in _in_turn(desk, guichet, able, day, wanted.start, end):
        booked, facts = _draft(desk, wanted, appointment_id, one.code, day, end).book(guichet)
        stored = desk.appointments.claim(booked, facts, command, manage)
        if stored is not None:
            return _repeated(desk, stored, command)
    earlier = desk.appointments.by_command(command.key)
    if earlier is not None:
        return _repeated(desk, earlier, command)
    raise SlotFull(params=_next(desk, guichet, wanted.topic, wanted.language, wanted.start))


def get_appointment(desk: Desk, municipality: str, manage_hash: str) -> dict[str, Any]:
    """The appointment behind a manage link."""
    return _said(desk, answer(_find(desk, municipality, manage_hash).appointment))


def move_appointment(
    desk: Desk, municipality: str, manage_hash: str, start: datetime, command: Command
) -> dict[str, Any]:
    """Move to another start of the same guichet, or keep the old one: never both, never none."""
    for _ in range(CHANGE_TRIES):
        stored = _find(desk, municipality, manage_hash)
        if command.key in stored.answers:
            return _repeated(desk, stored, command)
        old = stored.appointment
        guichet = get_guichet(desk, old.guichet_id, municipality)
        day = _offered(desk, guichet, old.topic, old.language, start)
        end = start + timedelta(minutes=guichet.topic(old.topic).minutes)
        for able in guichet.desks_for(old.topic, old.language):
            target = _at(old, able.code, day, start, end)
            new, facts = old.move(target, guichet, now=desk.clock.now())
            if desk.appointments.relocate(old, new, facts, command):
                return _said(desk, answer(new))
        if _find(desk, municipality, manage_hash).appointment.version == old.version:
            raise SlotFull(params=_next(desk, guichet, old.topic, old.language, start))
    raise Busy(retry_after=1)


def cancel_appointment(desk: Desk, municipality: str, manage_hash: str, command: Command) -> dict[str, Any]:
    """Cancel for the visitor and free the place."""
    for _ in range(CHANGE_TRIES):
        stored = _find(desk, municipality, manage_hash)
        if command.key in stored.answers:
            return _repeated(desk, stored, command)
        old = stored.appointment
        guichet = desk.plans.get(old.guichet_id)
        if guichet is None:
            raise UnknownAppointment
        new, facts = old.cancel(guichet, by="visitor", now=desk.clock.now())
        if desk.appointments.change(old, new, facts, command):
            return _said(desk, answer(new))
    raise Busy(retry_after=1)


def list_appointments(
    desk: Desk, actor: dict[str, Any], municipality: str, guichet_id: str, day: date
) -> Sequence[Appointment]:
    """The agenda of a day, for staff of the municipality; no contact is in it."""
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(desk, guichet_id, municipality)
    return desk.appointments.of_day(guichet.id, day)


class Busy(Unavailable):
    """The same appointment was changed several times at once by others; try again."""

    code = "guichet.busy"


def answer(appointment: Appointment) -> dict[str, Any]:
    """What a command answers about an appointment; stored with the command, so it can be said again. The
    spoken reference is left out: it is kept as a keyed hash only and derived anew when it is said."""
    return {
        "id": appointment.id,
        "municipality": appointment.municipality,
        "guichet_id": appointment.guichet_id,
        "start": wire_time(appointment.start),
        "end": wire_time(appointment.end),
        "topic": appointment.topic,
        "language": appointment.language,
        "state": str(appointment.state),
        "version": appointment.version,
        "contact_id": appointment.contact_id,
    }


def _offered(desk: Desk, guichet: Guichet, topic: str, language: str, start: datetime) -> date:
    guichet.desks_for(guichet.topic(topic).code, language)
    day = opening_day(guichet, start, guichet.topic(topic).minutes)
    if day is None or not bookable(guichet, start, desk.clock.now()):
        fields = [FieldError("start", "guichet.slot_not_offered", "not a slot of this guichet")]
        raise SlotNotOffered(fields=fields, params=_next(desk, guichet, topic, language, start))
    return day


def _next(desk: Desk, guichet: Guichet, topic: str, language: str, wanted: datetime) -> dict[str, Any]:
    now = desk.clock.now()
    first = max(local_today(guichet, wanted), local_today(guichet, now)) if wanted > now else None
    days = max(1, guichet.horizon_days + 1)
    if first is not None:
        days = max(1, days - (first - local_today(guichet, now)).days)
    found = list_slots(desk, guichet, topic, language, first, days, 50)
    slots = [
        slot for day in sorted(found) for slot in found[day] if slot.start > min(wanted, now + timedelta(days=400))
    ]
    return {
        "next_slots": [
            {
                "start": wire_time(slot.start),
                "end": wire_time(slot.end),
                "places": slot.places,
                "languages": list(slot.languages),
            }
            for slot in slots[:NEXT_SLOTS]
        ]
    }


def _in_turn(
    desk: Desk, guichet: Guichet, able: Sequence[Place], day: date, start: datetime, end: datetime
) -> Iterator[Place]:
    """The first desk unseen, since it is nearly always free; if it was not, those that look free now."""
    yield able[0]
    taken = desk.appointments.taken(guichet.id, day, day)
    yield from (one for one in able[1:] if not overlaps(start, end, taken.get((day, one.code), ())))


def _draft(desk: Desk, wanted: Booking, appointment_id: str, desk_code: str, day: date, end: datetime) -> Appointment:
    return Appointment(
        id=appointment_id,
        municipality=wanted.municipality,
        guichet_id=wanted.guichet_id,
        desk=desk_code,
        day=day,
        start=wanted.start,
        end=end,
        topic=wanted.topic,
        language=wanted.language,
        state=State.TO_CONFIRM,
        contact_id=wanted.contact_id,
        channel=wanted.channel,
        message_language=wanted.message_language,
        version=0,
    )


def _at(old: Appointment, desk_code: str, day: date, start: datetime, end: datetime) -> Appointment:
    return replace(old, desk=desk_code, day=day, start=start, end=end)


def _find(desk: Desk, municipality: str, manage_hash: str) -> Stored:
    stored = desk.appointments.find(desk.hashed("manage", manage_hash))
    if stored is None or stored.appointment.municipality != municipality:
        raise UnknownAppointment
    return stored


def _repeated(desk: Desk, stored: Stored, command: Command) -> dict[str, Any]:
    body_hash, said = stored.answers[command.key]
    if body_hash != command.body_hash:
        raise KeyReused
    return _said(desk, said)


def _said(desk: Desk, said: dict[str, Any]) -> dict[str, Any]:
    return said | {"reference": desk.reference(said["id"])}
