"""Parts that several shapes share."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

SLUG = validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$")
ID = validate.Regexp(r"^[A-Za-z0-9_-]{1,64}$")
"""Of our own making: no dot, which would be a path inside a document."""
CODE = validate.Regexp(r"^[a-z0-9]+([_-][a-z0-9]+)*$")
LANGUAGE = validate.Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
"""BCP 47 (RFC 5646) in shape."""
HASH = validate.Regexp(r"^[0-9a-f]{64}$")
KEY = validate.Length(min=1, max=200)


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
