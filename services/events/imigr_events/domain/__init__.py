"""Events and registrations: capacity, waiting list in order, and the facts of every change."""

from imigr_events.domain.event import Event, EventState
from imigr_events.domain.registration import Registration, State
from imigr_events.domain.texts import Text, wire_time
from imigr_events.domain.waiting import next_in_line

__all__ = ["Event", "EventState", "Registration", "State", "Text", "next_in_line", "wire_time"]
