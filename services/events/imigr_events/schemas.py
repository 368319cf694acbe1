"""Wire to domain and back: what RPC methods take and give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from imigr_events.domain import Event, EventState, Registration
from imigr_events.handlers import Wanted

SLUG = validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$")
ID = validate.Length(min=1, max=64)
LANGUAGE = validate.Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
"""BCP 47 (RFC 5646) in shape."""
HASH = validate.Regexp(r"^[0-9a-f]{64}$")
KEY = validate.Length(min=1, max=200)


def _text(longest: int, *, required: bool = True) -> fields.Dict:
    keys, values = fields.String(validate=LANGUAGE), fields.String(validate=validate.Length(min=1, max=longest))
    if required:
        return fields.Dict(keys=keys, values=values, required=True, validate=validate.Length(min=1))
    return fields.Dict(keys=keys, values=values, load_default=dict)


class ListEvents(Schema):
    """Which events."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    from_time = fields.AwareDateTime(load_default=None, allow_none=True)
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))


class GetEvent(Schema):
    """Which event."""

    event_id = fields.String(required=True, validate=ID)


class Manage(Schema):
    """Who holds the link of a registration."""

    municipality = fields.String(required=True, validate=SLUG)
    manage_hash = fields.String(required=True, validate=HASH)


class Change(Manage):
    """A repeatable command on a registration."""

    idempotency_key = fields.String(required=True, validate=KEY)


class Register(Schema):
    """A registration without an account."""

    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)
    places = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 4))
    manage_hash = fields.String(required=True, validate=HASH)
    contact_id = fields.String(load_default=None, allow_none=True, validate=ID)
    channel = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["sms", "email"]))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)
    idempotency_key = fields.String(required=True, validate=KEY)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Wanted, str]:
        """What is wanted, and the idempotency key."""
        key = data.pop("idempotency_key")
        return Wanted(**data), key


class Location(Schema):
    """A point in WGS 84."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))


class NewEvent(Schema):
    """An event as staff write it."""

    id = fields.String(load_default=None, allow_none=True, validate=ID)
    municipality = fields.String(required=True, validate=SLUG)
    title = _text(200)
    summary = _text(2000, required=False)
    place = _text(200)
    address = _text(300, required=False)
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


class Registrations(Schema):
    """Whose list, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)


# One instance of each is enough, and making one costs more than a load.
CHANGE = Change()
CREATE_EVENT = CreateEvent()
GET_EVENT = GetEvent()
LIST_EVENTS = ListEvents()
MANAGE = Manage()
REGISTER = Register()
REGISTRATIONS = Registrations()
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


def registrations_out(event: Event, rows: Iterable[Registration]) -> dict[str, Any]:
    """The list of an event for staff: no contact is in it."""
    items = [{"id": one.id, "places": one.places, "state": str(one.state), "version": one.version} for one in rows]
    return {"event": event_out(event), "items": items}
