"""What the RPC methods of paper take."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from imigr_guichet.handlers.paper import Written
from imigr_guichet.schemas.fields import CODE, ID, Instant
from imigr_guichet.schemas.tickets import OfStaff, StaffCommand
from imigr_kit.fields import HASH, LANGUAGE, SLUG, Day, Moment
from imigr_kit.keyed import body_hash

SLIP = validate.Length(min=1, max=400)
REFERENCE = validate.Length(min=4, max=20)
MOST = 200


class Shown(Schema):
    """A slip or a reference, one of them."""

    slip = fields.String(load_default=None, allow_none=True, validate=SLIP)
    reference = fields.String(load_default=None, allow_none=True, validate=REFERENCE)


class CheckIn(StaffCommand, Shown):
    """Who is here."""

    guichet_id = fields.String(required=True, validate=ID)

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        """A slip or a reference."""
        if (data.get("slip") is None) == (data.get("reference") is None):
            raise ValidationError("a slip or a reference, not both", "slip")


class WrittenEntry(Shown):
    """One thing that a desk did without a network."""

    id = fields.String(required=True, validate=ID)
    kind = fields.String(required=True, validate=validate.OneOf(["check_in", "booking"]))
    at = Moment(required=True)
    start = Instant(load_default=None, allow_none=True)
    topic = fields.String(load_default=None, allow_none=True, validate=CODE)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)

    @validates_schema
    def complete(self, data: dict[str, Any], **_: Any) -> None:
        """A check-in shows a slip or a reference; a booking says start, topic and language."""
        shown = [name for name in ("slip", "reference") if data.get(name) is not None]
        said = [name for name in ("start", "topic", "language") if data.get(name) is not None]
        if data.get("kind") == "check_in" and (len(shown) != 1 or said):
            raise ValidationError("a check-in shows a slip or a reference, and nothing else", "kind")
        if data.get("kind") == "booking" and (len(said) != 3 or shown):
            raise ValidationError("a booking says start, topic and language, and nothing else", "kind")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Written:
        """The entry."""
        told = {name: str(value) for name, value in data.items()}
        return Written(**data | {"at": data["at"].astimezone(UTC), "body_hash": body_hash(told)})


class MergeDay(OfStaff):
    """All that a desk did."""

    guichet_id = fields.String(required=True, validate=ID)
    entries = fields.List(fields.Nested(WrittenEntry), required=True, validate=validate.Length(1, MOST))

    @validates_schema
    def ids_once(self, data: dict[str, Any], **_: Any) -> None:
        """Each entry has an id of its own."""
        ids = [one.id for one in data.get("entries", ())]
        if len(ids) != len(set(ids)):
            raise ValidationError("two entries have the same id", "entries")


class ListForDay(OfStaff):
    """Which day."""

    guichet_id = fields.String(required=True, validate=ID)
    day = Day(required=True)


class GetSlip(Schema):
    """Who holds the link of an appointment."""

    municipality = fields.String(required=True, validate=SLUG)
    manage_hash = fields.String(required=True, validate=HASH)


class SlipForVisitor(OfStaff):
    """Which appointment."""

    appointment_id = fields.String(required=True, validate=ID)


CHECK_IN = CheckIn()
MERGE_DAY = MergeDay()
LIST_FOR_DAY = ListForDay()
GET_SLIP = GetSlip()
SLIP_FOR_VISITOR = SlipForVisitor()
