"""What a visitor does with the link of an appointment: see, take up a hold, move, cancel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Extras, Guichet
from imigr_guichet.domain.limits import RETURN_SECONDS
from imigr_guichet.domain.states import State
from imigr_guichet.errors import AlreadyBooked, AppointmentNotChangeable, SlotFull, UnknownAppointment
from imigr_guichet.handlers.booking import Wanted, in_turn, offered
from imigr_guichet.handlers.fading import clear_the_way
from imigr_guichet.handlers.office import (
    CHANGE_TRIES,
    Change,
    Office,
    answer,
    get_guichet,
    given_up,
    moment,
    said,
    said_again,
)
from imigr_guichet.handlers.slots import Ask, next_slots
from imigr_guichet.opening import local_date
from imigr_guichet.ports.appointments import Command, Outcome, Stored
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Reachable:
    """How the person of a hold wants to be reached."""

    contact_id: str | None
    channel: str | None
    message_language: str
    contact: str | None = None
    """Keyed hash of the contact, for one appointment per contact and day."""


def get_appointment(office: Office, municipality: str, manage_hash: str) -> dict[str, Any]:
    """The appointment behind a manage link."""
    return said(office, find(office, municipality, manage_hash).appointment)


def take_up_hold(
    office: Office, municipality: str, manage_hash: str, who: Reachable, command: Command
) -> dict[str, Any]:
    """A hold becomes an appointment; raises HoldExpired when its minutes are over."""
    return answer(
        office,
        lambda: find(office, municipality, manage_hash),
        command,
        lambda stored, guichet: stored.appointment.take_up(
            guichet, who.contact_id, who.channel, who.message_language, now=moment(office)
        ),
        who.contact,
    )


def move_appointment(
    office: Office, municipality: str, manage_hash: str, start: datetime, command: Command
) -> dict[str, Any]:
    """Move to another start of the same guichet, or keep the old one: never both, never none."""
    for _ in range(CHANGE_TRIES):
        stored = find(office, municipality, manage_hash)
        if command.key in stored.commands:
            return said_again(office, stored, command)
        outcome, moved = move(office, stored, start, command)
        if outcome is Outcome.DONE:
            return moved
        if outcome is Outcome.CONTACT:
            raise AlreadyBooked
        if outcome is Outcome.TAKEN:
            old = stored.appointment
            guichet = get_guichet(office, old.guichet_id, municipality)
            raise SlotFull(params=next_slots(office, guichet, ask_of(stored), start))
    raise given_up(office, command)


def move(office: Office, stored: Stored, start: datetime, command: Command) -> tuple[Outcome, dict[str, Any]]:
    """One try to move to ``start``: done with the answer, taken (also by itself: no), or stale."""
    old = stored.appointment
    guichet = get_guichet(office, old.guichet_id, old.municipality)
    wanted = offered(office, guichet, ask_of(stored), start, old.end - old.start)
    own = [place for place in wanted.able if place.desk == old.desk]
    others = [place for place in wanted.able if place.desk != old.desk]
    outcome = Outcome.TAKEN
    # The own desk is tried in any case: what lies in the way there may be the appointment itself.
    for place in (*own, *in_turn(office, guichet, others, wanted)):
        outcome, said_now = _try(office, guichet, stored, place.desk, wanted, command)
        if outcome is not Outcome.TAKEN:
            return outcome, said_now
    return outcome, {}


def _try(
    office: Office, guichet: Guichet, stored: Stored, desk: str, wanted: Wanted, command: Command
) -> tuple[Outcome, dict[str, Any]]:
    target = replace(
        stored.appointment,
        desk=desk,
        day=wanted.day,
        start=wanted.start,
        end=wanted.end,
        busy_from=wanted.busy[0],
        busy_until=wanted.busy[1],
    )
    new, facts = stored.appointment.move(target, guichet, now=moment(office))
    outcome = office.appointments.change(stored, new, facts, command)
    if outcome is Outcome.TAKEN and clear_the_way(office, new):
        outcome = office.appointments.change(stored, new, facts, command)
    return outcome, said(office, new)


def cancel_appointment(office: Office, municipality: str, manage_hash: str, command: Command) -> dict[str, Any]:
    """Cancel for the visitor. The place returns after a random time of some seconds, so that nobody can pass it on
    by cancelling and catching it."""
    delay = timedelta(seconds=RETURN_SECONDS * office.chance())
    return answer(
        office,
        lambda: find(office, municipality, manage_hash),
        command,
        lambda stored, guichet: stored.appointment.cancel(
            guichet, by="visitor", now=moment(office), returns_at=office.clock.now() + delay
        ),
    )


def cancel_by_answer(office: Office, municipality: str, appointment_id: str, event_id: str) -> None:
    """Cancel for the visitor who answered so to a reminder; once, since the event's id is the command. An answer
    that comes too late, or to nothing of this town, changes nothing."""

    def cancel(stored: Stored, guichet: Guichet) -> tuple[Appointment, list[Fact]]:
        return stored.appointment.cancel(guichet, by="visitor", now=moment(office))

    _by_answer(office, municipality, appointment_id, event_id, cancel)


def confirm_by_answer(office: Office, municipality: str, appointment_id: str, event_id: str) -> None:
    """The visitor answered that they will come; noted once. A request that staff need not decide is confirmed by it;
    what they must decide stays with them, and they see that the visitor counts on it."""

    def confirm(stored: Stored, guichet: Guichet) -> tuple[Appointment, list[Fact]]:
        one, now = stored.appointment, moment(office)
        affirmed, told = one.affirm(guichet, now=now)
        if one.state is not State.TO_CONFIRM or guichet.topic(one.topic).confirmed_by_staff:
            return affirmed, told
        confirmed, more = affirmed.step("confirm", guichet, now=now, today=local_date(guichet, now))
        return confirmed, [*told, *more]

    _by_answer(office, municipality, appointment_id, event_id, confirm)


def _by_answer(office: Office, municipality: str, appointment_id: str, event_id: str, change: Change) -> None:
    """A change whose command is the event's id. An answer that comes too late, or to nothing of this town, changes
    nothing."""

    def its() -> Stored:
        stored = office.appointments.by_id(appointment_id)
        if stored is None or stored.appointment.municipality != municipality:
            raise UnknownAppointment
        return stored

    try:
        answer(office, its, Command(f"answer:{event_id}", appointment_id), change)
    except (UnknownAppointment, AppointmentNotChangeable):
        return


def find(office: Office, municipality: str, manage_hash: str) -> Stored:
    """What a manage link stands for; unknown and foreign alike raise UnknownAppointment."""
    stored = office.appointments.find(office.hashed("manage", manage_hash), municipality)
    if stored is None:
        raise UnknownAppointment
    return stored


def ask_of(stored: Stored) -> Ask:
    """What slots the appointment could be moved to."""
    one = stored.appointment
    return Ask(one.topic, (one.language,), Extras(interpreter=one.interpreter), one.booked_by)
