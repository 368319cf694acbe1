"""A person at the door: the next number of the day, or a demand that nobody can serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from imigr_guichet.domain.demands import Demand
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.tickets import (
    Ticket,
    TicketState,
)
from imigr_guichet.errors import (
    GuichetShut,
    LanguageNotOffered,
    UnknownAppointment,
)
from imigr_guichet.handlers.records import create, now_of
from imigr_guichet.handlers.tickets.hall import STAFF_ROLES, Hall, open_guichet
from imigr_guichet.handlers.tickets.shown import said
from imigr_guichet.opening import intervals, local_date
from imigr_guichet.ports.appointments import Command
from imigr_kit.access import require
from imigr_kit.facts import Fact

DOORS_MINUTES = 60
"""Tickets are given from an hour before the guichet opens until it closes."""


@dataclass(frozen=True)
class Arrival:
    """A person at the door, as staff or the kiosk takes it down."""

    municipality: str
    guichet_id: str
    topic: str
    language: str
    interpreter: bool
    priority: bool
    token_hash: str
    appointment_id: str | None = None


def take_ticket(hall: Hall, actor: dict[str, Any], arrival: Arrival, command: Command) -> dict[str, Any]:
    """Give the next number of the day.

    A language that nobody speaks for the topic is refused with LanguageNotOffered and counted as not served, unless an
    interpreter will help. Raises GuichetShut outside of opening hours, TopicNotOffered, UnknownAppointment, KeyReused.
    """
    require(actor, STAFF_ROLES, arrival.municipality)
    guichet = open_guichet(hall, arrival.municipality, arrival.guichet_id)
    now = now_of(hall.clock)
    day = _day_of(guichet, now)
    guichet.topic(arrival.topic)
    if arrival.appointment_id is not None:
        booked = hall.appointments.by_id(arrival.appointment_id)
        if booked is None or booked.appointment.guichet_id != guichet.id:
            raise UnknownAppointment
    if not _is_spoken(guichet, day, arrival):
        note_demand(hall, actor, arrival.municipality, guichet.id, arrival.topic, arrival.language, command)
        raise LanguageNotOffered(params={"language": arrival.language})

    def make() -> tuple[Ticket, list[Fact]]:
        return _fresh(arrival, hall.new_id(), day, hall.tickets.next_number(guichet.id, day), now).take()

    return create(hall.tickets, command, make, said, [f"ticket:{hall.hashed('ticket', arrival.token_hash)}"])


def note_demand(
    hall: Hall,
    actor: dict[str, Any],
    municipality: str,
    guichet_id: str,
    topic: str,
    language: str,
    command: Command,
) -> dict[str, Any]:
    """Count that somebody asked for a language which nobody speaks here."""
    require(actor, STAFF_ROLES, municipality)
    guichet = open_guichet(hall, municipality, guichet_id)
    guichet.topic(topic)
    now = now_of(hall.clock)

    def make() -> tuple[Demand, list[Fact]]:
        day = local_date(guichet, now)
        return Demand(hall.new_id(), municipality, guichet.id, day, topic, language, now, 0).note()

    return create(hall.demands, command, make, lambda one: {"id": one.id, "language": one.language})


def _fresh(arrival: Arrival, ticket_id: str, day: date, number: int, now: datetime) -> Ticket:
    return Ticket(
        id=ticket_id,
        municipality=arrival.municipality,
        guichet_id=arrival.guichet_id,
        day=day,
        number=number,
        topic=arrival.topic,
        language=arrival.language,
        interpreter=arrival.interpreter,
        priority=arrival.priority,
        state=TicketState.WAITING,
        desk=None,
        calls=0,
        recalled=False,
        taken_at=now,
        turn_at=now,
        called_at=None,
        started_at=None,
        ended_at=None,
        appointment_id=arrival.appointment_id,
        version=0,
    )


def _day_of(guichet: Guichet, now: datetime) -> date:
    today = local_date(guichet, now)
    doors = timedelta(minutes=DOORS_MINUTES)
    if not any(opens - doors <= now < closes for opens, closes in intervals(guichet, today)):
        raise GuichetShut(params={"guichet_id": guichet.id})
    return today


def _is_spoken(guichet: Guichet, day: date, arrival: Arrival) -> bool:
    able = [one for one in guichet.places(day) if arrival.topic in one.topics]
    return any(arrival.interpreter or arrival.language in one.languages for one in able)
