"""What staff see of a day and do on it: check in, serve, finish, mark and correct; book and cancel for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.errors import Busy, SlotFull, SlotNotOffered, UnknownAppointment
from imigr_guichet.handlers.booking import Booking, Wanted, book_appointment, draft
from imigr_guichet.handlers.changing import move
from imigr_guichet.handlers.office import (
    CHANGE_TRIES,
    STAFF_ROLES,
    Office,
    answer,
    get_guichet,
    given_up,
    guichet_of,
    moment,
    said,
    said_again,
)
from imigr_guichet.handlers.slots import Ask, next_slots
from imigr_guichet.opening import local_date
from imigr_guichet.ports.appointments import Command, Outcome, Stored, Ties
from imigr_kit.access import require
from imigr_kit.keyed import normalise_reference

Actor = Mapping[str, Any]


def list_appointments(
    office: Office, actor: Actor, municipality: str, guichet_id: str, day: date
) -> Sequence[Appointment]:
    """The agenda of a day, for staff of the municipality; no contact is in it."""
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(office, guichet_id, municipality)
    return office.appointments.of_day(guichet.id, day)


def find_by_reference(office: Office, actor: Actor, municipality: str, reference: str) -> Appointment:
    """The appointment behind a spoken reference: at the desk only, never over the public interface."""
    require(actor, STAFF_ROLES, municipality)
    stored = office.appointments.by_reference(office.hashed("reference", normalise_reference(reference)), municipality)
    if stored is None:
        raise UnknownAppointment
    return stored.appointment


def take_step(
    office: Office, actor: Actor, municipality: str, appointment_id: str, step: str, command: Command
) -> dict[str, Any]:
    """One of domain.states.STEPS. A corrected no-show whose place was given meanwhile is kept as an extra."""
    require(actor, STAFF_ROLES, municipality)

    for _ in range(CHANGE_TRIES):
        stored = find(office, municipality, appointment_id)
        if command.key in stored.commands:
            return said_again(office, stored, command)
        guichet, now = guichet_of(office, stored.appointment), moment(office)
        stepped, facts = stored.appointment.step(step, guichet, now=now, today=local_date(guichet, now))
        for new in (stepped, replace(stepped, is_extra=True)):
            outcome = office.appointments.change(stored, new, facts, command)
            if outcome is Outcome.DONE:
                return said_again(office, find(office, municipality, appointment_id), command)
            if outcome is not Outcome.TAKEN:
                break
    raise given_up(office, command)


def cancel_for_service(
    office: Office, actor: Actor, municipality: str, appointment_id: str, reason: str, command: Command
) -> dict[str, Any]:
    """Cancel by the service, with a closed reason; or for a visitor at the desk (``asked_by_visitor``)."""
    require(actor, STAFF_ROLES, municipality)
    by = "visitor" if reason == "asked_by_visitor" else "service"
    return answer(
        office,
        lambda: find(office, municipality, appointment_id),
        command,
        lambda stored, guichet: stored.appointment.cancel(guichet, by=by, now=moment(office), reason=reason),
    )


def move_for_visitor(
    office: Office, actor: Actor, municipality: str, appointment_id: str, start: datetime, command: Command
) -> dict[str, Any]:
    """Move by staff, under the rules of staff bookings."""
    require(actor, STAFF_ROLES, municipality)
    for _ in range(CHANGE_TRIES):
        stored = find(office, municipality, appointment_id)
        if command.key in stored.commands:
            return said_again(office, stored, command)
        outcome, moved = move(office, stored, start, command)
        if outcome is Outcome.DONE:
            return moved
        if outcome is Outcome.TAKEN:
            one = stored.appointment
            ask = Ask(one.topic, (one.language,), booked_by=one.booked_by)
            raise SlotFull(params=next_slots(office, guichet_of(office, one), ask, start))
    raise given_up(office, command)


def book_for_visitor(office: Office, actor: Actor, booking: Booking, command: Command) -> dict[str, Any]:
    """Book on behalf of somebody: staff (``booked_by`` staff) or a partner, whose people have the role of editors."""
    allowed = (*STAFF_ROLES, "editor") if booking.booked_by == "partner" else STAFF_ROLES
    require(actor, allowed, booking.municipality)
    return book_appointment(office, booking, command)


def overbook(office: Office, actor: Actor, booking: Booking, desk: str, command: Command) -> dict[str, Any]:
    """A deliberate overbooking at a desk: a separate act of a manager with its own audit line. It claims no place, so
    it stands in nobody's way and nobody in its."""
    require(actor, ("manager",), booking.municipality)
    guichet = get_guichet(office, booking.guichet_id, booking.municipality)
    topic = guichet.topic(booking.topic)
    day = local_date(guichet, booking.start)
    place = next((one for one in guichet.places(day) if one.desk == desk and booking.topic in one.topics), None)
    if place is None or booking.start <= moment(office):
        raise SlotNotOffered(params={"desk": desk})
    end = booking.start + topic.length(booking.extras)
    wanted = Wanted(day, booking.start, end, topic.busy(booking.start, end), (place,))
    made = replace(draft(booking, office.new_id(), place, wanted), is_extra=True)
    booked, facts = made.book(guichet)
    ties = Ties(office.hashed("manage", booking.manage_hash))
    if office.appointments.claim(booked, facts, command, ties) is Outcome.DONE:
        return said(office, booked)
    earlier = office.appointments.by_command(command.key)
    if earlier is None:
        raise Busy(retry_after=1)
    return said_again(office, earlier, command)


def find(office: Office, municipality: str, appointment_id: str) -> Stored:
    """An appointment of the municipality by its id; unknown and foreign alike raise UnknownAppointment."""
    stored = office.appointments.by_id(appointment_id)
    if stored is None or stored.appointment.municipality != municipality:
        raise UnknownAppointment
    return stored
