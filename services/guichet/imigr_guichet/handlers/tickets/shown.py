"""What is told of tickets: to their holders, to staff, to the screen of the room."""

from __future__ import annotations

from typing import Any

from imigr_guichet.domain.text import wire_time
from imigr_guichet.domain.tickets import (
    AT_DESK,
    OPEN,
    Ticket,
    TicketState,
    ahead_of,
    estimated_wait,
    in_turn,
)
from imigr_guichet.errors import (
    UnknownGuichet,
    UnknownTicket,
)
from imigr_guichet.handlers.records import Kept
from imigr_guichet.handlers.tickets.hall import STAFF_ROLES, Hall, open_guichet
from imigr_guichet.opening import local_date
from imigr_kit.access import require

SHOWN = 8
"""How many called tickets a screen shows."""


def get_ticket(hall: Hall, municipality: str, token_hash: str) -> dict[str, Any]:
    """What the holder may know: the state, how many are ahead, and how long it may take."""
    ticket = by_token(hall, municipality, token_hash).entity
    guichet = open_guichet(hall, municipality, ticket.guichet_id)
    now = hall.clock.now()
    place: dict[str, Any] = {"ahead": None, "wait_minutes": None}
    if ticket.state in (*OPEN,) and ticket.day == local_date(guichet, now):
        line = [one.entity for one in hall.tickets.of_day(guichet.id, ticket.day)]
        place["ahead"] = ahead_of(ticket, line) if ticket.state not in AT_DESK else 0
        if ticket.state not in (*AT_DESK, TicketState.PARKED):
            place["wait_minutes"] = estimated_wait(guichet, ticket, line, now)
    shown = ("number", "day", "state", "desk", "calls", "language", "guichet_id", "municipality", "version")
    told = said(ticket)
    return (
        {name: told[name] for name in shown}
        | place
        | {"timezone": guichet.timezone, "demonstration": guichet.demonstration}
    )


def list_tickets(hall: Hall, actor: dict[str, Any], municipality: str, guichet_id: str) -> dict[str, Any]:
    """Today's tickets for staff, in the order of their turn, with the estimated wait of each that waits."""
    require(actor, STAFF_ROLES, municipality)
    guichet = open_guichet(hall, municipality, guichet_id)
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
        "demonstration": guichet.demonstration,
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


def by_token(hall: Hall, municipality: str, token_hash: str) -> Kept[Ticket]:
    kept = hall.tickets.find(f"link:ticket:{hall.hashed('ticket', token_hash)}")
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownTicket
    return kept
