"""Opening hours on the wire: checked by the domain, told field by field, kept as they were written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from imigr_directory.domain.hours.written import schedules_of
from imigr_directory.errors import InvalidHours


class Schedules(fields.Field[list[Any]]):
    """A list of schedules in the form of domain.hours.written."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        try:
            schedules_of(value, "")
        except InvalidHours as error:
            raise ValidationError(_by_field(error)) from error
        return list(value or ())


def _by_field(error: InvalidHours) -> dict[str, Any]:
    """``{"0": {"rules": {"1": {"rrule": ["..."]}}}}``, as marshmallow tells what is wrong inside of a field."""
    told: dict[str, Any] = {}
    for one in error.fields:
        *way, last = one.path.strip(".").split(".")
        inner = told
        for step in way:
            inner = inner.setdefault(step, {}) if isinstance(inner.get(step, {}), dict) else {}
        inner[last or "_schema"] = [one.message]
    return told
