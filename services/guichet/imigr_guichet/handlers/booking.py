"""Booking: one conditional write per try, at the first place that is free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from imigr_guichet.domain.appointment import Appointment, State
from imigr_guichet.domain.guichet import Extras, Guichet, Place
from imigr_guichet.domain.text import Interval, overlaps
from imigr_guichet.errors import SlotFull, SlotNotOffered
from imigr_guichet.handlers.office import Office, get_guichet, said, said_again
from imigr_guichet.handlers.slots import next_slots
from imigr_guichet.opening import is_bookable, opening_day
from imigr_guichet.ports.appointments import Command
from imigr_kit.errors import FieldError


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


@dataclass(frozen=True)
class Wanted:
    """A start as the plan offers it: its opening day, its end, what it occupies."""

    day: date
    start: datetime
    end: datetime
    busy: Interval


def book_appointment(office: Office, booking: Booking, command: Command) -> dict[str, Any]:
    """Book the start at the first desk that is free; the answer of the first run for a repeated command.

    Raises SlotNotOffered, TopicNotOffered, LanguageNotOffered, SlotFull (with the next free slots) or KeyReused.
    """
    guichet = get_guichet(office, booking.guichet_id, booking.municipality)
    length = guichet.topic(booking.topic).length(Extras())
    wanted = offered(office, guichet, booking.topic, booking.language, booking.start, length)
    appointment_id = office.new_id()
    able = guichet.places_for(booking.topic, booking.language, wanted.day, spread=appointment_id)
    manage = office.hashed("manage", booking.manage_hash)
    for place in in_turn(office, guichet, able, wanted):
        booked, facts = _draft(booking, appointment_id, place, wanted).book(guichet)
        stored = office.appointments.claim(booked, facts, command, manage)
        if stored is not None:
            if stored.appointment is booked:
                return said(office, booked)
            return said_again(office, stored, command)
    earlier = office.appointments.by_command(command.key)
    if earlier is not None:
        return said_again(office, earlier, command)
    raise SlotFull(params=next_slots(office, guichet, booking.topic, booking.language, booking.start))


def offered(office: Office, guichet: Guichet, topic: str, language: str, start: datetime, length: timedelta) -> Wanted:
    """The start as the plan offers it; raises SlotNotOffered (with the next slots) or LanguageNotOffered."""
    reason = guichet.topic(topic)
    day = opening_day(guichet, start, length)
    guichet.places_for(topic, language, day or start.date())
    if day is None or not is_bookable(guichet, reason, start, office.clock.now()):
        fields = [FieldError("start", "guichet.slot_not_offered", "not a slot of this guichet")]
        raise SlotNotOffered(fields=fields, params=next_slots(office, guichet, topic, language, start))
    return Wanted(day, start, start + length, reason.busy(start, start + length))


def in_turn(office: Office, guichet: Guichet, able: Sequence[Place], wanted: Wanted) -> Iterator[Place]:
    """The first place unseen, since it is nearly always free; if it was not, those that look free now."""
    yield from able[:1]
    if len(able) > 1:
        taken = office.appointments.taken(guichet.id, wanted.day, wanted.day)
        for place in able[1:]:
            if not any(overlaps(wanted.busy, one) for one in taken.get((wanted.day, place.desk), ())):
                yield place


def _draft(booking: Booking, appointment_id: str, place: Place, wanted: Wanted) -> Appointment:
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
    )
