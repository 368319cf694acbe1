"""Fields that several shapes share."""

from __future__ import annotations

from marshmallow import validate

ID = validate.Length(min=1, max=80)
CHANNEL = validate.OneOf(["sms", "email"])
