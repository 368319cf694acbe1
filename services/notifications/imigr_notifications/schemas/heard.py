"""What is read of events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from imigr_kit.events import CloudEvent
from imigr_kit.fields import Moment
from imigr_notifications.domain import Matter
from imigr_notifications.schemas.fields_shared import CHANNEL, ID


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
    state = fields.String(load_default=None, allow_none=True)
    cancelled_by = fields.String(load_default="visitor", allow_none=True)
    demonstration = fields.Boolean(load_default=False)


class Appointment(_Heard):
    """Data of guichet.appointment.*."""

    appointment_id = fields.String(required=True, validate=ID)
    start = Moment(required=True)
    address = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    previous_start = Moment(load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Fields of a Matter."""
        return _matter(data, "appointment", data["start"], {"place": data["address"]})


class Waiting(_Heard):
    """Data of guichet.waiting.*: who waits has no start yet; the contact is kept until the waiting ends."""

    entry_id = fields.String(required=True, validate=ID)
    start = Moment(required=True, allow_none=True)
    keep_until = Moment(required=True)
    address = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    offer_until = Moment(load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Fields of a Matter."""
        read = _matter(data, "waiting", data["start"] or data["keep_until"], {"place": data["address"]})
        return read | {"offer_until": _utc(data["offer_until"])}


class Registration(_Heard):
    """Data of events.registration.*."""

    registration_id = fields.String(required=True, validate=ID)
    starts_at = Moment(required=True)
    place = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    previous_starts_at = Moment(load_default=None, allow_none=True)
    session_id = fields.String(load_default=None, allow_none=True, validate=ID)
    offer_until = Moment(load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Fields of a Matter."""
        read = _matter(data, "registration", data["starts_at"], {"place": data["place"]})
        return read | {"session": data["session_id"], "offer_until": _utc(data["offer_until"])}


class Given(Schema):
    """Data of gateway.contact.given."""

    contact_id = fields.String(required=True, validate=ID)
    sealed = fields.String(required=True, validate=validate.Length(min=64, max=8192))


class Answered(Schema):
    """Data of gateway.answer.given."""

    sealed = fields.String(required=True, validate=validate.Length(min=64, max=16384))


SOURCES: dict[str, type[_Heard]] = {
    "guichet.appointment": Appointment,
    "guichet.waiting": Waiting,
    "events.registration": Registration,
}


BY_SERVICE = frozenset({"cancelled_by_service", "rejected"})
BY_DESK = frozenset({"stranded", "reassigned"})
BY_ORGANISER = frozenset({"moved", "postponed", "rejected"})
"""A person does not move an event."""


def concerns(event: CloudEvent) -> bool:
    """False when no message is wanted, so that nothing follows from the event; told without a full look, since
    most events are such."""
    data = event.data
    return not (isinstance(data, Mapping) and data.get("contact_id", "") is None and event.sequence is not None)


def matter_of(event: CloudEvent) -> Matter | None:
    """What the event is about; None when no message is wanted. Raises ValidationError for broken data."""
    found = SOURCES[event.kind.rpartition(".")[0]]().load(dict(event.data))
    if found["contact_id"] is None or found["channel"] is None:
        return None
    _, entity, verb = event.kind.split(".")
    if entity == "registration" and verb in BY_ORGANISER:
        found["by_service"] = True
    if verb in BY_DESK:
        found["by_service"] = True
    return Matter(
        subject=event.subject, municipality=event.municipality, correlation_id=event.correlationid or "", **found
    )


def _matter(data: dict[str, Any], source: str, start: datetime, texts: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "source": source,
        "contact_id": data["contact_id"],
        "channel": data["channel"],
        "language": data["message_language"].partition("-")[0].lower(),
        "start": start.astimezone(UTC),
        "timezone": data["timezone"],
        "texts": texts,
        "by_service": data["cancelled_by"] in {"service", "staff"} or data["state"] in BY_SERVICE,
        "state": data["state"],
        "demonstration": data["demonstration"],
        "previous_start": _utc(data.get("previous_start") or data.get("previous_starts_at")),
    }


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
