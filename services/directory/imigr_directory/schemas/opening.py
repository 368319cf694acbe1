"""Opening hours as staff set them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from imigr_directory.domain.hours.schedule import MOST_SPANS, OneOff, Schedule
from imigr_directory.domain.hours.schedule import check as checked
from imigr_directory.domain.hours.spans import span_of
from imigr_directory.domain.hours.words import REASONS
from imigr_directory.schemas.fields import ID, KEY, one_of
from imigr_directory.schemas.hours import Schedules
from imigr_kit.fields import Day, Pattern

CLOCK = Pattern(r"[0-2][0-9]:[0-5][0-9]")


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

    first = Day(load_default=None, allow_none=True)
    last = Day(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=one_of(*REASONS))


class ExceptDays(OfService):
    """Closed on some days (without spans), or open at other hours than the rules say."""

    first = Day(required=True)
    last = Day(load_default=None, allow_none=True)
    spans = fields.List(
        fields.List(fields.String(validate=CLOCK), validate=validate.Length(equal=2)),
        load_default=list,
        validate=validate.Length(max=MOST_SPANS),
    )
    reason = fields.String(load_default=None, allow_none=True, validate=one_of(*REASONS))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """The exception is one that can be: told at its own fields, not where it is kept."""
        last = data["last"] or data["first"]
        try:
            spans = tuple(sorted(span_of(one) for one in data["spans"]))
        except ValueError:
            raise ValidationError("pairs of HH:MM; 24:00 is the midnight at the end", "spans") from None
        for path, what in checked(Schedule(one_offs=(OneOff(data["first"], last, spans, data["reason"]),)), ""):
            raise ValidationError(what, path.rpartition(".")[2])


class AsUsual(OfService):
    """The exception that begins on a day."""

    first = Day(required=True)


class ReadHours(Schema):
    """Hours as people write them."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=1000))


OF_SERVICE, SET_HOURS, PAUSE_SERVICE, READ_HOURS = OfService(), SetHours(), PauseService(), ReadHours()
EXCEPT_DAYS, AS_USUAL = ExceptDays(), AsUsual()
