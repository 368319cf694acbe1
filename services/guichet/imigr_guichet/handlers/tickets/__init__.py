"""Use cases of the waiting room: take a ticket, call the next, and every step until it is over."""

from __future__ import annotations

from imigr_guichet.handlers.tickets.arrivals import DOORS_MINUTES, Arrival, note_demand, take_ticket
from imigr_guichet.handlers.tickets.hall import STAFF_ROLES, Hall, Tickets
from imigr_guichet.handlers.tickets.line import ACTIONS, STEPS, call_next, leave_line, step_ticket
from imigr_guichet.handlers.tickets.shown import SHOWN, get_board, get_ticket, list_tickets, said

__all__ = [
    "ACTIONS",
    "DOORS_MINUTES",
    "SHOWN",
    "STAFF_ROLES",
    "STEPS",
    "Arrival",
    "Hall",
    "Tickets",
    "call_next",
    "get_board",
    "get_ticket",
    "leave_line",
    "list_tickets",
    "note_demand",
    "said",
    "step_ticket",
    "take_ticket",
]
