"""Use cases of the waiting room: take a ticket, call the next, and every step until it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from imigr_guichet.domain.demands import Demand
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.text import wire_time
from imigr_guichet.domain.tickets import (
    AT_DESK,
    OPEN,
    Ticket,
    TicketState,
    ahead_of,
    can_call,
    estimated_wait,
    in_turn,
)
from imigr_guichet.errors import (
    Busy,
    DeskOccupied,
    GuichetShut,
    LanguageNotOffered,
    TicketNotChangeable,
    UnknownAppointment,
    UnknownDesk,
    UnknownGuichet,
    UnknownTicket,
)
from imigr_guichet.handlers.records import TRIES, Kept, Records, change, create, now_of, repeated
from imigr_guichet.opening import intervals, local_date
from imigr_guichet.ports.appointments import Appointments, Command
from imigr_guichet.ports.plans import Plans
from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId

STAFF_ROLES = ("manager", "mediator")
DOORS_MINUTES = 60
"""Tickets are given from an hour before the guichet opens until it closes."""
SHOWN = 8
"""How many called tickets a screen shows."""


class Tickets(Records[Ticket], Protocol):
    """Tickets as stored; a desk has one called or served ticket at most, and a day each number once."""

    def next_number(self, guichet_id: str, day: date) -> int:
        """Counts up from 1; a number whose ticket was never stored is left out."""
        ...

    def of_day(self, guichet_id: str, day: date) -> Sequence[Kept[Ticket]]:
        """All tickets of a day by number."""
        ...


@dataclass(frozen=True)
class Hall:
    """What the use cases of the waiting room work with."""

    plans: Plans
    tickets: Tickets
    demands: Records[Demand]
    appointments: Appointments
    clock: Clock
    new_id: NewId
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""


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
    guichet = _guichet(hall, arrival.municipality, arrival.guichet_id)
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
    guichet = _guichet(hall, municipality, guichet_id)
    guichet.topic(topic)
    now = now_of(hall.clock)

    def make() -> tuple[Demand, list[Fact]]:
        day = local_date(guichet, now)
        return Demand(hall.new_id(), municipality, guichet.id, day, topic, language, now, 0).note()

    return create(hall.demands, command, make, lambda one: {"id": one.id, "language": one.language})


def call_next(
    hall: Hall,
    actor: dict[str, Any],
    municipality: str,
    guichet_id: str,
    desk: str,
    topic: str | None,
    language: str | None,
    command: Command,
) -> dict[str, Any]:
    """Call whose turn it is to the desk, of a topic or language if wanted; ``ticket`` is null when nobody waits.

    One conditional write on the ticket: of two desks that press at once one gets it, the other the next or nobody.
    Raises DeskOccupied while the desk has a ticket, UnknownDesk, KeyReused, Busy.
    """
    require(actor, STAFF_ROLES, municipality)
    guichet = _guichet(hall, municipality, guichet_id)
    _known(guichet, desk)
    day = local_date(guichet, hall.clock.now())
    for _ in range(TRIES):
        current = hall.tickets.find(f"at:{guichet.id}:{day.isoformat()}:{desk}")
        earlier = hall.tickets.find(f"key:{command.key}")
        if earlier is not None:
            return repeated(earlier, command)
        if current is not None:
            raise DeskOccupied(params={"number": current.entity.number, "ticket_id": current.entity.id})
        kept = {one.entity.id: one for one in hall.tickets.of_day(guichet.id, day)}
        line = in_turn(one.entity for one in kept.values())
        mine = [one for one in line if can_call(guichet, desk, one) and _wanted(one, topic, language)]
        for one in mine:
            called, facts = one.call(desk, now_of(hall.clock))
            answer = {"ticket": said(called), "waiting": len(line) - 1}
            if hall.tickets.replace(kept[one.id], called, facts, command, answer):
                return answer
            if hall.tickets.find(f"at:{guichet.id}:{day.isoformat()}:{desk}") is not None:
                break
        if not mine:
            return {"ticket": None, "waiting": len(line)}
    raise Busy(retry_after=1)


def step_ticket(
    hall: Hall,
    actor: dict[str, Any],
    municipality: str,
    ticket_id: str,
    action: str,
    desk: str | None,
    command: Command,
) -> dict[str, Any]:
    """One step by staff: the name of a method of Ticket in STEPS; ``desk`` for a transfer only."""
    require(actor, STAFF_ROLES, municipality)

    def find() -> Kept[Ticket]:
        kept = hall.tickets.get(ticket_id)
        if kept is None or kept.entity.municipality != municipality:
            raise UnknownTicket
        return kept

    def step(ticket: Ticket) -> tuple[Ticket, list[Fact]]:
        now = now_of(hall.clock)
        guichet = _guichet(hall, municipality, ticket.guichet_id)
        if ticket.day != local_date(guichet, now):
            raise TicketNotChangeable(params={"state": str(ticket.state)})
        if action == "transfer":
            return ticket.transfer(_known(guichet, desk or ""))
        return STEPS[action](ticket, now)

    return change(hall.tickets, find, command, step, said)


STEPS: dict[str, Callable[[Ticket, datetime], tuple[Ticket, list[Fact]]]] = {
    "call_again": lambda ticket, now: ticket.call_again(now),
    "put_back": lambda ticket, now: ticket.put_back(),
    "start": lambda ticket, now: ticket.start(now),
    "finish": lambda ticket, now: ticket.finish(now),
    "miss": lambda ticket, now: ticket.miss(now),
    "recall": lambda ticket, now: ticket.recall(now),
    "park": lambda ticket, now: ticket.park(),
    "resume": lambda ticket, now: ticket.resume(),
    "leave": lambda ticket, now: ticket.leave(now),
}
ACTIONS = (*STEPS, "transfer")


def leave_line(hall: Hall, municipality: str, token_hash: str, command: Command) -> dict[str, Any]:
    """The holder gives the ticket up, by the link on it."""

    def find() -> Kept[Ticket]:
        return _by_token(hall, municipality, token_hash)

    return change(hall.tickets, find, command, lambda ticket: ticket.leave(now_of(hall.clock)), said)


def get_ticket(hall: Hall, municipality: str, token_hash: str) -> dict[str, Any]:
    """What the holder may know: the state, how many are ahead, and how long it may take."""
    ticket = _by_token(hall, municipality, token_hash).entity
    guichet = _guichet(hall, municipality, ticket.guichet_id)
    now = hall.clock.now()
    place: dict[str, Any] = {"ahead": None, "wait_minutes": None}
    if ticket.state in (*OPEN,) and ticket.day == local_date(guichet, now):
        line = [one.entity for one in hall.tickets.of_day(guichet.id, ticket.day)]
        place["ahead"] = ahead_of(ticket, line) if ticket.state not in AT_DESK else 0
        if ticket.state not in (*AT_DESK, TicketState.PARKED):
            place["wait_minutes"] = estimated_wait(guichet, ticket, line, now)
    shown = ("number", "day", "state", "desk", "calls", "language", "guichet_id", "municipality", "version")
    told = said(ticket)
    return {name: told[name] for name in shown} | place | {"timezone": guichet.timezone}


def list_tickets(hall: Hall, actor: dict[str, Any], municipality: str, guichet_id: str) -> dict[str, Any]:
    """Today's tickets for staff, in the order of their turn, with the estimated wait of each that waits."""
    require(actor, STAFF_ROLES, municipality)
    guichet = _guichet(hall, municipality, guichet_id)
    now = hall.clock.now()
    day = local_date(guichet, now)
    tickets = [one.entity for one in hall.tickets.of_day(guichet.id, day)]
    ordered = sorted(tickets, key=lambda one: (one.turn_at, one.number))
    waits = {one.id: estimated_wait(guichet, one, tickets, now) for one in in_turn(tickets)}
    return {"day": day.isoformat(), "items": [said(one) | {"wait_minutes": waits.get(one.id)} for one in ordered]}


def get_board(hall: Hall, guichet_id: str) -> dict[str, Any]:
    """What the screen of the waiting room shows: numbers and desks, nothing about persons.

    ``version`` grows with every change of the day, so a screen knows whether it has missed one.
    """
    guichet = hall.plans.get(guichet_id)
    if guichet is None or guichet.state == "closed":
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    day = local_date(guichet, hall.clock.now())
    tickets = [one.entity for one in hall.tickets.of_day(guichet.id, day)]
    called = sorted(
        (one for one in tickets if one.state in AT_DESK and one.called_at), key=lambda one: str(one.called_at)
    )
    return {
        "guichet_id": guichet.id,
        "municipality": guichet.municipality,
        "guichet_name": dict(guichet.name),
        "day": day.isoformat(),
        "version": sum(one.version for one in tickets),
        "waiting": len(in_turn(tickets)),
        "called": [
            {
                "number": one.number,
                "desk": one.desk,
                "calls": one.calls,
                "state": str(one.state),
                "called_at": wire_time(one.called_at) if one.called_at else None,
            }
            for one in reversed(called[-SHOWN:])
        ],
    }


def said(ticket: Ticket) -> dict[str, Any]:
    """What a command answers about a ticket."""
    return {
        "id": ticket.id,
        "municipality": ticket.municipality,
        "guichet_id": ticket.guichet_id,
        "day": ticket.day.isoformat(),
        "number": ticket.number,
        "topic": ticket.topic,
        "language": ticket.language,
        "interpreter": ticket.interpreter,
        "priority": ticket.priority,
        "state": str(ticket.state),
        "desk": ticket.desk,
        "calls": ticket.calls,
        "recalled": ticket.recalled,
        "taken_at": wire_time(ticket.taken_at),
        "waited_minutes": ticket.waited_minutes,
        "appointment_id": ticket.appointment_id,
        "version": ticket.version,
    }


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


def _guichet(hall: Hall, municipality: str, guichet_id: str) -> Guichet:
    guichet = hall.plans.get(guichet_id)
    if guichet is None or guichet.state != "open" or guichet.municipality != municipality:
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    return guichet


def _known(guichet: Guichet, desk: str) -> str:
    if all(one.code != desk for one in guichet.desks):
        raise UnknownDesk(fields=[FieldError("desk", UnknownDesk.code, "not a desk of this guichet")])
    return desk


def _day_of(guichet: Guichet, now: datetime) -> date:
    today = local_date(guichet, now)
    doors = timedelta(minutes=DOORS_MINUTES)
    if not any(opens - doors <= now < closes for opens, closes in intervals(guichet, today)):
        raise GuichetShut(params={"guichet_id": guichet.id})
    return today


def _is_spoken(guichet: Guichet, day: date, arrival: Arrival) -> bool:
    able = [one for one in guichet.places(day) if arrival.topic in one.topics]
    return any(arrival.interpreter or arrival.language in one.languages for one in able)


def _wanted(ticket: Ticket, topic: str | None, language: str | None) -> bool:
    return topic in (None, ticket.topic) and language in (None, ticket.language)


def _by_token(hall: Hall, municipality: str, token_hash: str) -> Kept[Ticket]:
    kept = hall.tickets.find(f"link:ticket:{hall.hashed('ticket', token_hash)}")
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownTicket
    return kept
