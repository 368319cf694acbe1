"""Events and registrations as MongoDB keeps them."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC
from typing import Any

from imigr_events.domain import Event, EventState, Registration, State

Document = dict[str, Any]


def event_document(event: Event) -> Document:
    """An event as kept, without its registrations."""
    row = {one.name: getattr(event, one.name) for one in fields(event) if one.name != "id"}
    return row | {
        "_id": event.id,
        "title": dict(event.title),
        "summary": dict(event.summary),
        "place": dict(event.place),
        "address": dict(event.address),
        "location": dict(event.location) if event.location else None,
        "languages": list(event.languages),
        "state": str(event.state),
    }


def event_of(row: Document) -> Event:
    """The event in a document."""
    names = {one.name for one in fields(Event)} - {"id"}
    values = {name: row[name] for name in names if name in row}
    return Event(
        **values
        | {
            "id": row["_id"],
            "starts_at": row["starts_at"].astimezone(UTC),
            "ends_at": row["ends_at"].astimezone(UTC),
            "languages": tuple(row["languages"]),
            "state": EventState(row["state"]),
        }
    )


def registration_of(row: Document) -> Registration:
    """The registration in an embedded row."""
    names = {one.name for one in fields(Registration)}
    return Registration(**{name: row[name] for name in names} | {"state": State(row["state"])})
