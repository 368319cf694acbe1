"""Requests and answers of events."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Localised, Location, Paged, Reachable, Strict, says


class EventSearch(Paged):
    """Which events."""

    from_time = fields.AwareDateTime(
        load_default=None, metadata=says("Only events that end after this; now unless given")
    )


class Register(Reachable):
    """Register for an event, without an account."""

    places = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 4))


class EventBody(Strict):
    """An event as staff write it; the service checks it in full."""

    event = fields.Dict(required=True)


class EventOut(Localised):
    """A public event."""

    id = fields.String()
    municipality = fields.String()
    title = fields.String()
    summary = fields.String()
    place = fields.String()
    address = fields.String()
    location = fields.Nested(Location, allow_none=True)
    starts_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    ends_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    timezone = fields.String()
    capacity = fields.Integer()
    free_places = fields.Integer()
    languages = fields.List(fields.String())
    state = fields.String()
    registration = fields.String()
    version = fields.Integer()


class Events(Schema):
    """A page of events."""

    items = fields.List(fields.Nested(EventOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class RegistrationOut(Schema):
    """A registration as its holder sees it."""

    id = fields.String()
    municipality = fields.String()
    event_id = fields.String()
    event = fields.Nested(EventOut)
    places = fields.Integer()
    state = fields.String()
    reference = fields.String()
    version = fields.Integer()
    waiting_position = fields.Integer(allow_none=True)
    manage_token = fields.String()
    manage_url = fields.String()
