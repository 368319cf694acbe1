"""Opening hours as staff set them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from imigr_directory.domain.hours.words import REASONS
from imigr_directory.schemas.fields import ID, KEY, one_of
from imigr_directory.schemas.hours import Schedules


class OfService(Schema):
    """A change of the hours of a service."""

    actor = fields.Dict(required=True)
    service_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=KEY)


class SetHours(OfService):
    """Other hours, or those of a template, on the version that was read."""

    version = fields.Integer(required=True, strict=True)
    schedules = Schedules(load_default=None, allow_none=True)
    template = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=60))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """One of both."""
        if (data["schedules"] is None) == (data["template"] is None):
            raise ValidationError("either schedules or template", "schedules")


class PauseService(OfService):
    """Temporarily closed: from today unless said otherwise, until further notice unless said otherwise."""

    first = fields.Date(load_default=None, allow_none=True)
    last = fields.Date(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=one_of(*REASONS))


class ReadHours(Schema):
    """Hours as people write them."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=1000))


OF_SERVICE, SET_HOURS, PAUSE_SERVICE, READ_HOURS = OfService(), SetHours(), PauseService(), ReadHours()
