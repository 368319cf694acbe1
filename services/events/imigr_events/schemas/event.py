"""Events on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from imigr_events.domain import Event, EventState
from imigr_events.schemas.base import ID, KEY, LANGUAGE, SLUG, text_by_language


class ListEvents(Schema):
    """Which events."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    from_time = fields.AwareDateTime(load_default=None, allow_none=True)
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))


class GetEvent(Schema):
    """Which event."""

    event_id = fields.String(required=True, validate=ID)


class Location(Schema):
    """A point in WGS 84."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))


class NewEvent(Schema):
    """An event as staff write it."""

    id = fields.String(load_default=None, allow_none=True, validate=ID)
    municipality = fields.String(required=True, validate=SLUG)
    title = text_by_language(200)
    summary = text_by_language(2000, required=False)
    place = text_by_language(200)
    address = text_by_language(300, required=False)
    location = fields.Nested(Location, load_default=None, allow_none=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    timezone = fields.String(load_default="Africa/Tunis")
    capacity = fields.Integer(required=True, strict=True, validate=validate.Range(0, 5000))
    languages = fields.List(fields.String(validate=LANGUAGE), load_default=list)
    registration = fields.String(load_default="open", validate=validate.OneOf(["open", "none"]))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """The end lies after the start, and the zone exists."""
        if data["ends_at"] <= data["starts_at"]:
            raise ValidationError("must be after starts_at", "ends_at")
        if data["timezone"] not in available_timezones():
            raise ValidationError("is no IANA time zone", "timezone")


class CreateEvent(Schema):
    """Who creates what."""

    actor = fields.Dict(required=True)
    event = fields.Nested(NewEvent, required=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class Step(Schema):
    """Publish or cancel an event at a version."""

    actor = fields.Dict(required=True)
    event_id = fields.String(required=True, validate=ID)
    version = fields.Integer(required=True, strict=True)
    idempotency_key = fields.String(required=True, validate=KEY)


CREATE_EVENT = CreateEvent()
GET_EVENT = GetEvent()
LIST_EVENTS = ListEvents()
STEP = Step()


def draft_of(data: dict[str, Any], event_id: str) -> Event:
    """A draft from loaded NewEvent data."""
    values = {name: value for name, value in data.items() if name != "id"}
    moments = {name: data[name].astimezone(UTC) for name in ("starts_at", "ends_at")}
    shape = {"languages": tuple(data["languages"]), "state": EventState.DRAFT, "version": 1}
    return Event(**(values | moments | shape | {"id": data["id"] or event_id}))


def event_out(event: Event) -> dict[str, Any]:
    """An event for everyone."""
    public = event.public()
    del public["event_id"]
    free = max(0, event.capacity - event.taken)
    return {"id": event.id, "municipality": event.municipality, **public, "free_places": free, "version": event.version}


def events_out(found: Sequence[Event], total: int, page: int, per_page: int) -> dict[str, Any]:
    """A page of events."""
    version = sum(one.change for one in found)
    items = [event_out(one) for one in found]
    return {"items": items, "total": total, "page": page, "per_page": per_page, "version": version}
