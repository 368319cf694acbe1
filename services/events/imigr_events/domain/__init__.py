"""Events and registrations: capacity, waiting list in order, and the facts of every change."""

from imigr_events.domain.book import MOST_REGISTRATIONS, Book, Work
from imigr_events.domain.event import KEPT_AFTER_END, Event, EventState, in_order
from imigr_events.domain.parts import (
    CATEGORIES,
    Code,
    Group,
    Mode,
    Notice,
    Question,
    Recurrence,
    Session,
    SessionState,
)
from imigr_events.domain.registration import LIVING, OCCUPYING, Hold, Registration, Said, Seats, State
from imigr_events.domain.texts import Text, wire_time
from imigr_events.domain.waiting import Tally, free_by_kind, free_for_all, next_in_line, offer_ends

__all__ = [
    "CATEGORIES",
    "KEPT_AFTER_END",
    "LIVING",
    "MOST_REGISTRATIONS",
    "OCCUPYING",
    "Book",
    "Code",
    "Event",
    "EventState",
    "Group",
    "Hold",
    "Mode",
    "Notice",
    "Question",
    "Recurrence",
    "Registration",
    "Said",
    "Seats",
    "Session",
    "SessionState",
    "State",
    "Tally",
    "Text",
    "Work",
    "free_by_kind",
    "free_for_all",
    "in_order",
    "next_in_line",
    "offer_ends",
    "wire_time",
]
