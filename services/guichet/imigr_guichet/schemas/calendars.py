"""The directory's calendar as its event tells it. What a later version of the event adds is left alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from imigr_guichet.domain.guichet import CELL_MINUTES
from imigr_guichet.ports.feeds import ToldCalendar
from imigr_guichet.schemas.fields import CODE
from imigr_kit.fields import Day, Pattern

ESTIMATED = "estimated"
SPAN = Pattern(r"([01][0-9]|2[0-4]):[0-5][0-9]")


class Lenient(Schema):
    """Part of an event."""

    class Meta:
        """Compatible additions are no mistake."""

        unknown = EXCLUDE


class ToldHoliday(Lenient):
    """A public holiday."""

    date = Day(required=True)
    state = fields.String(required=True)


class ToldHours(Lenient):
    """Hours of one weekday."""

    weekday = fields.Integer(required=True, validate=validate.Range(0, 6))
    spans = fields.List(fields.List(fields.String(validate=SPAN), validate=validate.Length(equal=2)), required=True)


class ToldPeriod(Lenient):
    """A regime in force."""

    code = fields.String(required=True, validate=CODE)
    first = Day(required=True)
    last = Day(required=True)
    hours = fields.List(fields.Nested(ToldHours), allow_none=True, load_default=None)


class ToldClosure(Lenient):
    """The town's services are closed."""

    first = Day(required=True)
    last = Day(required=True)


class CalendarChanged(Lenient):
    """All that a calendar says of some years."""

    years = fields.List(fields.Integer(), required=True, validate=validate.Length(max=20))
    holidays = fields.List(fields.Nested(ToldHoliday), required=True)
    periods = fields.List(fields.Nested(ToldPeriod), required=True)
    closures = fields.List(fields.Nested(ToldClosure), required=True)


CALENDAR_CHANGED = CalendarChanged()


def told_calendar(data: Any) -> ToldCalendar:
    """The calendar in the data of an event. Raises ValidationError."""
    told = CALENDAR_CHANGED.load(dict(data))
    years: dict[str, list[str]] = {str(year): [] for year in told["years"]}
    for one in told["holidays"]:
        years.setdefault(str(one["date"].year), []).append(one["date"].isoformat())
    estimated = {str(one["date"].year) for one in told["holidays"] if one["state"] == ESTIMATED}
    return ToldCalendar(
        years=years,
        estimated=sorted(estimated),
        closed=[day for one in told["closures"] for day in _days(one["first"], one["last"])],
        regimes=[
            {
                "code": one["code"],
                "first": one["first"].isoformat(),
                "last": one["last"].isoformat(),
                "hours": None if one["hours"] is None else _hours(one["hours"]),
            }
            for one in told["periods"]
        ],
    )


def _days(first: date, last: date) -> Iterable[str]:
    return ((first + timedelta(days=step)).isoformat() for step in range(min((last - first).days, 400) + 1))


def _hours(rows: list[dict[str, Any]]) -> dict[str, list[list[str]]]:
    return {str(row["weekday"]): [_on_grid(*span) for span in row["spans"]] for row in rows}


def _on_grid(start: str, end: str) -> list[str]:
    """A span of the plan's grid within the one told."""
    begins, ends = _minutes(start), _minutes(end)
    begins += -begins % CELL_MINUTES
    ends -= ends % CELL_MINUTES
    return [_clock(begins), _clock(ends)]


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _clock(minutes: int) -> str:
    return time(minutes // 60 % 24, minutes % 60).isoformat("minutes")
