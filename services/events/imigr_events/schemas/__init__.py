"""Wire to domain and back: what RPC methods take and give. One instance of each shape is enough, and making one
costs more than a load."""

from imigr_events.schemas.agenda import SEARCH_AGENDA, agenda_out, entry_out
from imigr_events.schemas.door import SCANS
from imigr_events.schemas.event import CREATE_EVENT, GET_EVENT, LIST_EVENTS, STEP, draft_of, event_out, events_out
from imigr_events.schemas.registration import CHANGE, MANAGE, REGISTER, REGISTRATIONS, registrations_out

__all__ = [
    "CHANGE",
    "CREATE_EVENT",
    "GET_EVENT",
    "LIST_EVENTS",
    "MANAGE",
    "REGISTER",
    "REGISTRATIONS",
    "SCANS",
    "SEARCH_AGENDA",
    "STEP",
    "agenda_out",
    "draft_of",
    "entry_out",
    "event_out",
    "events_out",
    "registrations_out",
]
