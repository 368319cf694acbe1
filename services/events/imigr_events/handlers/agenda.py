"""What everyone may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from imigr_events.domain import Event, EventState
from imigr_events.errors import UnknownEvent
from imigr_events.handlers.desk import Desk


def list_events(
    desk: Desk, municipality: str | None, since: datetime | None, page: int, per_page: int
) -> tuple[Sequence[Event], int]:
    """Public events that end after ``since`` (default now), by start."""
    return desk.events.list(municipality, since or desk.clock.now(), page, per_page)


def get_event(desk: Desk, event_id: str, municipality: str | None = None) -> Event:
    """One public event; drafts, unknown and foreign ones alike raise UnknownEvent."""
    event = desk.events.get(event_id)
    if event is None or event.state is EventState.DRAFT or municipality not in (None, event.municipality):
        raise UnknownEvent(params={"event_id": event_id})
    return event
