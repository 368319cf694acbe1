"""Requests and answers of calendars, and of hours as they are now."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Localised, Strict, says
from imigr_kit.fields import Day, Pattern

CLOCK = Pattern(r"([01][0-9]|2[0-4]):[0-5][0-9]")


class Weekday(Strict):
    """Hours of one weekday."""

    weekday = fields.Integer(required=True, strict=True, validate=validate.Range(0, 6), metadata=says("0 is Monday"))
    spans = fields.List(
        fields.List(fields.String(validate=CLOCK), validate=validate.Length(equal=2)),
        required=True,
        metadata=says("Pairs of HH:MM in wall-clock time; an end at or before the begin lies on the next day"),
    )


class OnDay(Strict):
    """The day a holiday is on."""

    date = Day(required=True)


class NewHoliday(OnDay):
    """One more holiday."""

    name = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata=says("By language (BCP 47)")
    )


class PeriodBody(Strict):
    """When a regime is in force, and when the town's offices work then."""

    last = Day(required=True)
    hours = fields.List(fields.Nested(Weekday), load_default=None, allow_none=True)


class ClosureBody(Strict):
    """The town's services are closed on some days."""

    first = Day(required=True)
    last = Day(load_default=None, allow_none=True, metadata=says("Included; the same day when left out"))
    reason = fields.String(load_default=None, allow_none=True, metadata=says("A code such as works, strike, weather"))


class HolidayOut(Localised):
    """A public holiday."""

    id = fields.String()
    code = fields.String()
    date = fields.String(metadata=says("RFC 3339", format="date"))
    name = fields.String()
    state = fields.String(metadata=says("estimated, confirmed, or moved to another day than worked out"))
    estimate = fields.String(
        allow_none=True, metadata=says("The day it was worked out for, when it is another one", format="date")
    )


class PeriodOut(Localised):
    """A regime in force."""

    code = fields.String()
    first = fields.String(metadata=says("RFC 3339", format="date"))
    last = fields.String(metadata=says("RFC 3339, included", format="date"))
    name = fields.String()
    state = fields.String()
    hours = fields.List(fields.Nested(Weekday), allow_none=True)


class ClosureOut(Localised):
    """Days on which the town's services are closed."""

    id = fields.String()
    first = fields.String(metadata=says("RFC 3339", format="date"))
    last = fields.String(metadata=says("RFC 3339, included", format="date"))
    reason = fields.String(allow_none=True)
    name = fields.String()


class CalendarOut(Schema):
    """The calendar of a municipality."""

    municipality = fields.String()
    timezone = fields.String(metadata=says("IANA name"))
    version = fields.Integer()
    years = fields.List(fields.Integer())
    holidays = fields.List(fields.Nested(HolidayOut))
    periods = fields.List(fields.Nested(PeriodOut))
    closures = fields.List(fields.Nested(ClosureOut))


class StaffCalendar(CalendarOut):
    """The same, with the estimates of the next 60 days that wait to be confirmed."""

    to_confirm = fields.List(fields.Nested(HolidayOut))
