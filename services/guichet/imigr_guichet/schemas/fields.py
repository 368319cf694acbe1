"""Shapes that many messages share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from imigr_kit.fields import Pattern

ID = validate.Length(min=1, max=64)
CODE = Pattern(r"[a-z][a-z0-9_.-]{0,39}")
"""BCP 47 (RFC 5646) in shape."""
KEY = validate.Length(min=1, max=200)


class Instant(fields.AwareDateTime):
    """ISO 8601 with an offset; becomes UTC, whole seconds only."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        if moment.microsecond:
            raise ValidationError("fractions of seconds are not slots")
        return moment
