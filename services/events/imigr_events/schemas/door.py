"""Doors on the wire."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from imigr_events.domain.attendance import Mistake
from imigr_events.handlers.correcting import Wrong
from imigr_events.handlers.door import MOST_WALK_INS, Shown
from imigr_events.schemas.base import ID, KEY, moment
from imigr_kit.fields import SLUG, Pattern
from imigr_kit.keyed import body_hash, normalise_reference

LABEL = Pattern(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Of a door or a device: a code, so that nothing can be written about anybody."""
MOST_SCANS = 100


class ScanShape(Schema):
    """One look at a door: a ticket, a reference, or people who have neither."""

    id = fields.String(required=True, validate=Pattern(r"[A-Za-z0-9._:-]{8,64}"))
    session_id = fields.String(load_default="main", validate=ID)
    ticket = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=600))
    reference = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=20))
    people = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, MOST_WALK_INS))
    door = fields.String(required=True, validate=validate.And(LABEL, validate.Length(max=30)))
    scanner = fields.String(required=True, validate=validate.And(LABEL, validate.Length(max=40)))
    at = moment()

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Not a ticket and a reference at once; people without either are counted, so there is a number."""
        if data["ticket"] is not None and data["reference"] is not None:
            raise ValidationError("give a ticket or a reference, not both", "reference")
        if data["ticket"] is None and data["reference"] is None and data["people"] is None:
            raise ValidationError("say how many came without registering", "people")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Shown:
        """What was shown; the hash tells a repetition from another look under the same id."""
        hashed = body_hash(data)
        reference = data["reference"]
        return Shown(
            id=data["id"],
            sitting_id=data["session_id"],
            ticket=data["ticket"].strip() if data["ticket"] else None,
            reference=normalise_reference(reference) if reference else None,
            people=data["people"],
            door=data["door"],
            scanner=data["scanner"],
            at=data["at"].astimezone(UTC) if data["at"] else None,
            body_hash=hashed,
        )


class Scans(Schema):
    """What a device has seen since it last told."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)
    scans = fields.List(fields.Nested(ScanShape), required=True, validate=validate.Length(1, MOST_SCANS))


class CorrectAttendance(Schema):
    """Which entry is wrong, and how many people came in truth."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)
    session_id = fields.String(load_default="main", validate=ID)
    reference = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=20))
    scan_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=8, max=64))
    people = fields.Integer(required=True, strict=True, validate=validate.Range(0, MOST_WALK_INS))
    reason = fields.String(required=True, validate=validate.OneOf([str(one) for one in Mistake]))
    idempotency_key = fields.String(required=True, validate=KEY)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """By reference or by scan."""
        if (data.get("reference") is None) == (data.get("scan_id") is None):
            raise ValidationError("give a reference or a scan_id", "reference")


CORRECT_ATTENDANCE = CorrectAttendance()
SCANS = Scans()


def wrong_of(data: dict[str, Any]) -> Wrong:
    """What is wrong, in loaded CorrectAttendance data."""
    reference = normalise_reference(data["reference"]) if data["reference"] else None
    return Wrong(data["session_id"], reference, data["scan_id"], data["people"], Mistake(data["reason"]))
