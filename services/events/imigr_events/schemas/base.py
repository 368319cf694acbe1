"""Parts that several shapes share."""

from __future__ import annotations

from datetime import UTC, datetime

from marshmallow import Schema, fields, validate

from imigr_kit.fields import HASH, LANGUAGE, SLUG, Moment, Pattern

ID = Pattern(r"[A-Za-z0-9_-]{1,64}")
"""Of our own making: no dot, which would be a path inside a document."""
CODE = Pattern(r"[a-z0-9]+([_-][a-z0-9]+)*")
"""BCP 47 (RFC 5646) in shape."""
KEY = validate.Length(min=1, max=200)
TIMES = validate.Range(datetime(1990, 1, 1, tzinfo=UTC), datetime(2110, 1, 1, tzinfo=UTC))
"""What an agenda speaks of. Near the ends of the calendar a time has no equal in another zone, and one such event would
spoil the feed of a whole town."""


def moment(*, required: bool = False) -> fields.AwareDateTime:
    """A time with its zone; None unless required."""
    if required:
        return Moment(required=True, validate=TIMES)
    return Moment(load_default=None, allow_none=True, validate=TIMES)


def text_by_language(longest: int, *, required: bool = True) -> fields.Dict:
    """A text in one language or several; empty unless required."""
    keys, values = fields.String(validate=LANGUAGE), fields.String(validate=validate.Length(min=1, max=longest))
    if required:
        return fields.Dict(keys=keys, values=values, required=True, validate=validate.Length(min=1))
    return fields.Dict(keys=keys, values=values, load_default=dict)


class Manage(Schema):
    """Who holds the link of a registration."""

    municipality = fields.String(required=True, validate=SLUG)
    manage_hash = fields.String(required=True, validate=HASH)


class Change(Manage):
    """A repeatable command on a registration."""

    idempotency_key = fields.String(required=True, validate=KEY)
