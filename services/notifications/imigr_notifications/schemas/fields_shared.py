"""Fields that several shapes share."""

from __future__ import annotations

from marshmallow import fields, validate

ID = validate.Length(min=1, max=80)
CHANNEL = validate.OneOf(["sms", "email"])


def Actor() -> fields.Dict:  # noqa: N802  # used as a field
    """Who asks, as the gateway knows it."""
    return fields.Dict(required=True)
