"""The line: call the next, and every step until it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from imigr_guichet.domain.tickets import (
    Ticket,
    can_call,
    in_turn,
)
from imigr_guichet.errors import (
    Busy,
    DeskOccupied,
    TicketNotChangeable,
    UnknownTicket,
)
from imigr_guichet.handlers.records import TRIES, Kept, change, now_of, repeated
from imigr_guichet.handlers.tickets.hall import STAFF_ROLES, Hall, known_desk, open_guichet
from imigr_guichet.handlers.tickets.shown import by_token, said
from imigr_guichet.opening import local_date
from imigr_guichet.ports.appointments import Command
from imigr_kit.access import require
from imigr_kit.facts import Fact


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
    guichet = open_guichet(hall, municipality, guichet_id)
    known_desk(guichet, desk)
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
        guichet = open_guichet(hall, municipality, ticket.guichet_id)
        if ticket.day != local_date(guichet, now):
            raise TicketNotChangeable(params={"state": str(ticket.state)})
        if action == "transfer":
            return ticket.transfer(known_desk(guichet, desk or ""))
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
        return by_token(hall, municipality, token_hash)

    return change(hall.tickets, find, command, lambda ticket: ticket.leave(now_of(hall.clock)), said)


def _wanted(ticket: Ticket, topic: str | None, language: str | None) -> bool:
    return topic in (None, ticket.topic) and language in (None, ticket.language)
