"""Use cases of the events service."""

from imigr_events.handlers.agenda import get_event, list_events
from imigr_events.handlers.desk import Desk
from imigr_events.handlers.registering import Wanted, answer, cancel_registration, get_registration, register
from imigr_events.handlers.searching import Finder, Found, Search, get_agenda_entry, search_agenda
from imigr_events.handlers.staff import (
    cancel_event,
    create_event,
    end_registrations,
    finish_called_off,
    list_registrations,
    publish_event,
)

__all__ = [
    "Desk",
    "Finder",
    "Found",
    "Search",
    "Wanted",
    "answer",
    "cancel_event",
    "cancel_registration",
    "create_event",
    "end_registrations",
    "finish_called_off",
    "get_agenda_entry",
    "get_event",
    "get_registration",
    "list_events",
    "list_registrations",
    "publish_event",
    "register",
    "search_agenda",
]
