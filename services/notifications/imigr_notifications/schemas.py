"""Wire to domain and back: events that are heard, RPC methods that are answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from imigr_kit.events import CloudEvent
from imigr_notifications.domain import Matter, Message, State, wire_time

ID = validate.Length(min=1, max=80)
CHANNEL = validate.OneOf(["sms", "email"])


def _is_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError("not an IANA time zone") from None


class _Heard(Schema):
    """What is read of an event; a compatible producer may add fields."""

    class Meta:
        """Unknown fields are left out, since a compatible change adds some."""

        unknown = EXCLUDE

    contact_id = fields.String(required=True, allow_none=True, validate=ID)
    channel = fields.String(required=True, allow_none=True, validate=CHANNEL)
    message_language = fields.String(required=True)
    timezone = fields.String(required=True, validate=_is_timezone)


class Appointment(_Heard):
    """Data of guichet.appointment.*."""

    appointment_id = fields.String(required=True, validate=ID)
    start = fields.AwareDateTime(required=True)
    address = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    cancelled_by = fields.String(load_default="visitor")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Fields of a Matter."""
        return _matter(data, "appointment", data["start"], {"place": data["address"]})


class Registration(_Heard):
    """Data of events.registration.*."""

    registration_id = fields.String(required=True, validate=ID)
    starts_at = fields.AwareDateTime(required=True)
    place = fields.Dict(keys=fields.String(), values=fields.String(), required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Fields of a Matter."""
        return _matter(data, "registration", data["starts_at"], {"place": data["place"]})


class Given(Schema):
    """Data of gateway.contact.given."""

    contact_id = fields.String(required=True, validate=ID)
    sealed = fields.String(required=True, validate=validate.Length(min=64, max=8192))


class Subject(Schema):
    """Whose messages."""

    subject = fields.String(required=True, validate=ID)


class Forget(Schema):
    """Which contact to destroy."""

    contact_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=validate.Length(min=1, max=200))


class Figures(Schema):
    """Whose figures, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True)


SOURCES: dict[str, type[_Heard]] = {"guichet": Appointment, "events": Registration}


def matter_of(event: CloudEvent) -> Matter | None:
    """What the event is about; None when no message is wanted. Raises ValidationError for broken data."""
    found = SOURCES[event.kind.partition(".")[0]]().load(dict(event.data))
    if found["contact_id"] is None or found["channel"] is None:
        return None
    return Matter(
        subject=event.subject, municipality=event.municipality, correlation_id=event.correlationid or "", **found
    )


def message_out(message: Message) -> dict[str, Any]:
    """What may be told about a message: neither address nor content. A leased one has not left yet."""
    shown = State.PLANNED if message.state is State.LEASED else message.state
    return {
        "id": message.id,
        "kind": message.kind,
        "channel": message.channel,
        "state": str(shown),
        "due_at": wire_time(message.due_at),
        "sent_at": None if message.sent_at is None else wire_time(message.sent_at),
        "reason": message.reason,
    }


def messages_out(messages: Iterable[Message]) -> dict[str, Any]:
    """A list of messages."""
    return {"items": [message_out(one) for one in messages]}


def _matter(data: dict[str, Any], source: str, start: datetime, texts: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "source": source,
        "contact_id": data["contact_id"],
        "channel": data["channel"],
        "language": data["message_language"].partition("-")[0].lower(),
        "start": start.astimezone(UTC),
        "timezone": data["timezone"],
        "texts": texts,
        "by_service": data.get("cancelled_by") == "service",
    }
