"""Wire to domain and back: what RPC methods take and give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from imigr_guichet.domain import Appointment, Guichet, wire_time
from imigr_guichet.handlers import Booking, Slot, answer

SLUG = validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$")
ID = validate.Length(min=1, max=64)
CODE = validate.Regexp(r"^[a-z][a-z0-9_.-]{0,39}$")
LANGUAGE = validate.Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
"""BCP 47 (RFC 5646) in shape."""
HASH = validate.Regexp(r"^[0-9a-f]{64}$")
KEY = validate.Length(min=1, max=200)


class Instant(fields.AwareDateTime):
    """ISO 8601 with an offset; becomes UTC, whole seconds only."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        if moment.microsecond:
            raise ValidationError("fractions of seconds are not slots")
        return moment


class Manage(Schema):
    """Who holds the link of an appointment."""

    municipality = fields.String(required=True, validate=SLUG)
    manage_hash = fields.String(required=True, validate=HASH)


class Change(Manage):
    """A repeatable command on an appointment."""

    idempotency_key = fields.String(required=True, validate=KEY)


class Move(Change):
    """To another start."""

    start = Instant(required=True)


class Book(Schema):
    """A booking without an account; ``contact_id`` names a contact in the vault, or is absent."""

    municipality = fields.String(required=True, validate=SLUG)
    guichet_id = fields.String(required=True, validate=ID)
    start = Instant(required=True)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE)
    manage_hash = fields.String(required=True, validate=HASH)
    contact_id = fields.String(load_default=None, allow_none=True, validate=ID)
    channel = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["sms", "email"]))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)
    idempotency_key = fields.String(required=True, validate=KEY)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Booking, str]:
        """The booking and its idempotency key."""
        key = data.pop("idempotency_key")
        return Booking(**data), key


class ListGuichets(Schema):
    """Which guichets."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)


class ListSlots(Schema):
    """Which slots."""

    guichet_id = fields.String(required=True, validate=ID)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)
    from_date = fields.Date(load_default=None, allow_none=True)
    days = fields.Integer(load_default=28, strict=True, validate=validate.Range(1, 92))
    limit = fields.Integer(load_default=200, strict=True, validate=validate.Range(1, 1000))


class Agenda(Schema):
    """Which day of which guichet, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    guichet_id = fields.String(required=True, validate=ID)
    date = fields.Date(required=True)


# One instance of each is enough, and making one costs more than a load.
AGENDA = Agenda()
BOOK = Book()
CHANGE = Change()
LIST_GUICHETS = ListGuichets()
LIST_SLOTS = ListSlots()
MANAGE = Manage()
MOVE = Move()


def guichet_out(guichet: Guichet) -> dict[str, Any]:
    """The public data of a guichet; the plan is told by its slots."""
    return {
        "id": guichet.id,
        "municipality": guichet.municipality,
        "name": dict(guichet.name),
        "address": dict(guichet.address),
        "location": dict(guichet.location) if guichet.location else None,
        "timezone": guichet.timezone,
        "accessibility": list(guichet.accessibility),
        "topics": [{"code": t.code, "name": dict(t.name), "minutes": t.minutes} for t in guichet.topics],
        "languages": list(guichet.languages),
        "state": guichet.state,
        "version": guichet.version,
    }


def slots_out(guichet: Guichet, topic: str, found: Mapping[date, Iterable[Slot]]) -> dict[str, Any]:
    """Free slots by opening day, in order."""
    return {
        "guichet_id": guichet.id,
        "municipality": guichet.municipality,
        "timezone": guichet.timezone,
        "topic": topic,
        "days": [{"date": day.isoformat(), "slots": [slot_out(slot) for slot in found[day]]} for day in sorted(found)],
    }


def slot_out(slot: Slot) -> dict[str, Any]:
    """One slot."""
    return {
        "start": wire_time(slot.start),
        "end": wire_time(slot.end),
        "places": slot.places,
        "languages": list(slot.languages),
    }


def agenda_out(appointments: Iterable[Appointment]) -> dict[str, Any]:
    """The agenda of a day for staff; no contact is in it."""
    rows = [answer(one) | {"desk": one.desk} for one in appointments]
    for row in rows:
        del row["contact_id"]
    return {"items": rows}


def with_place(said: dict[str, Any], guichet: Guichet | None) -> dict[str, Any]:
    """An answer about an appointment with the name and address of where it is."""
    if guichet is None:
        return said
    place = {"guichet_name": dict(guichet.name), "address": dict(guichet.address), "timezone": guichet.timezone}
    return said | place
