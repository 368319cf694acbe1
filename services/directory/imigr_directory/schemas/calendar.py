"""Calendars on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from imigr_directory.domain.calendar import Calendar, Holiday, Period
from imigr_directory.domain.calendar.values import Closure, period_told, spans_by_weekday
from imigr_directory.domain.hours.schedule import MOST_SPANS
from imigr_directory.domain.hours.spans import overlapping
from imigr_directory.domain.hours.words import REASONS, holiday_name, period_name, reason_name
from imigr_directory.domain.hours.written import REGIMES
from imigr_directory.schemas.fields import KEY, one_of, text
from imigr_kit.fields import SLUG, Day, Pattern

ENTRY = Pattern(r"[a-z0-9_.-]{1,60}")


class OfTown(Schema):
    """The calendar of a municipality."""

    municipality = fields.String(required=True, validate=SLUG)


class ForStaff(OfTown):
    """The same, by staff."""

    actor = fields.Dict(required=True)


class Command(ForStaff):
    """A change."""

    idempotency_key = fields.String(required=True, validate=KEY)


class OfEntry(Command):
    """A change of one holiday or closure."""

    id = fields.String(required=True, validate=ENTRY)


class Confirm(OfEntry):
    """A holiday is on that day."""

    date = Day(required=True)


class Add(Command):
    """One more holiday."""

    date = Day(required=True)
    name = text(100, required=True)


class WeekdayHours(Schema):
    """Hours of one weekday; 0 is Monday."""

    weekday = fields.Integer(required=True, strict=True, validate=validate.Range(0, 6))
    spans = fields.List(
        fields.List(fields.String(validate=validate.Length(equal=5)), validate=validate.Length(equal=2)),
        required=True,
        validate=validate.Length(max=MOST_SPANS),
    )

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Times of the wall clock that do not overlap."""
        try:
            found = spans_by_weekday([data]) or {}
        except ValueError:
            raise ValidationError("pairs of HH:MM; 24:00 is the midnight at the end", "spans") from None
        if any(overlapping(spans) for spans in found.values()):
            raise ValidationError("two spans overlap", "spans")


class OfPeriod(Command):
    """A period by its regime and first day."""

    code = fields.String(required=True, validate=one_of(*REGIMES))
    first = Day(required=True)


class Settle(OfPeriod):
    """When a regime is in force, and when the town's offices work then."""

    last = Day(required=True)
    hours = fields.List(
        fields.Nested(WeekdayHours), allow_none=True, load_default=None, validate=validate.Length(max=7)
    )

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Each weekday once."""
        days = [one["weekday"] for one in data["hours"] or ()]
        if len(set(days)) < len(days):
            raise ValidationError("a weekday stands twice", "hours")


class Close(Command):
    """The town's services are closed on some days."""

    first = Day(required=True)
    last = Day(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=one_of(*REASONS))


OF_TOWN, FOR_STAFF, OF_ENTRY, CONFIRM, ADD = OfTown(), ForStaff(), OfEntry(), Confirm(), Add()
OF_PERIOD, SETTLE, CLOSE = OfPeriod(), Settle(), Close()


def calendar_out(calendar: Calendar, years: Iterable[int]) -> dict[str, Any]:
    """A calendar for everyone: what some years hold."""
    told = sorted(years)
    periods = {(one.code, one.first): one for year in told for one in calendar.periods(year)}
    return {
        "municipality": calendar.municipality,
        "timezone": calendar.timezone,
        "version": calendar.version,
        "years": told,
        "holidays": [holiday_out(one) for year in told for one in calendar.holidays(year)],
        "periods": [_period_out(one) for one in periods.values()],
        "closures": [_closure_out(one) for one in calendar.closures if {one.first.year, one.last.year} & set(told)],
    }


def holiday_out(one: Holiday) -> dict[str, Any]:
    """A holiday; ``estimate`` is the day it was worked out for, when it is another one."""
    return {
        "id": one.id,
        "code": one.code,
        "date": one.day.isoformat(),
        "name": holiday_name(one.code, one.name),
        "state": str(one.state),
        "estimate": None if one.estimate is None else one.estimate.isoformat(),
    }


def _period_out(one: Period) -> dict[str, Any]:
    return period_told(one) | {"name": period_name(one.code)}


def _closure_out(one: Closure) -> dict[str, Any]:
    name = {} if one.reason is None else reason_name(one.reason)
    dates = {"id": one.id, "first": one.first.isoformat(), "last": one.last.isoformat()}
    return dates | {"reason": one.reason, "name": name}
