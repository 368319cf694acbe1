"""The written form of a municipality's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from imigr_kit.fields import SLUG, Day, Pattern
from imigr_notifications.domain import OverLimit, Season
from imigr_notifications.rules import written
from imigr_notifications.schemas.fields_shared import Actor

CODE = Pattern(r"[a-z][a-z0-9_]{0,30}")
CLOCK = Pattern(r"([01][0-9]|2[0-3]):[0-5][0-9]", error="must be HH:MM")
SOURCES = validate.OneOf(["appointment", "registration"])
LONGEST_MONTH = timedelta(days=30)
RAMADAN = "ramadan"
Months = Iterable[tuple[date, date]]


class Reminder(Schema):
    """One reminder of every appointment or registration."""

    code = fields.String(required=True, validate=CODE)
    days_before = fields.Integer(strict=True, validate=validate.Range(0, 30))
    at = fields.String(validate=CLOCK)
    minutes_before = fields.Integer(strict=True, validate=validate.Range(30, 30 * 24 * 60))
    min_wait_minutes = fields.Integer(strict=True, validate=validate.Range(0, 60 * 24 * 60))
    only_if_alone = fields.Boolean()
    asks = fields.Boolean()

    @validates_schema
    def one_way(self, data: dict[str, Any], **_: Any) -> None:
        """Days and an hour, or minutes."""
        by_days = "days_before" in data and "at" in data
        if by_days == ("minutes_before" in data) or ("days_before" in data) != ("at" in data):
            raise ValidationError("either days_before with at, or minutes_before", "code")


class Quiet(Schema):
    """Hours in which nobody is written to."""

    begin = fields.String(required=True, data_key="from", attribute="from", validate=CLOCK)
    until = fields.String(required=True, validate=CLOCK)
    weekdays = fields.List(fields.Integer(strict=True, validate=validate.Range(0, 6)), validate=validate.Length(1, 7))
    season = fields.String(validate=validate.OneOf([str(one) for one in Season]))


class Month(Schema):
    """The month of Ramadan as announced."""

    first = Day(required=True)
    last = Day(required=True)

    @validates_schema
    def is_a_month(self, data: dict[str, Any], **_: Any) -> None:
        """29 or 30 days."""
        if not timedelta(days=27) <= data["last"] - data["first"] < LONGEST_MONTH:
            raise ValidationError("a month of 29 or 30 days", "last")


class ToldPeriod(Schema):
    """A period of the directory's calendar; what a later version of the event adds is left alone."""

    class Meta:
        """Compatible additions are no mistake."""

        unknown = EXCLUDE

    code = fields.String(required=True)
    first = Day(required=True)
    last = Day(required=True)


def told_months(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The months of Ramadan in the data of the calendar's event. Raises ValidationError."""
    told = ToldPeriod(many=True).load(data.get("periods", ()))
    found = [one for one in told if one["code"] == RAMADAN]
    return [{"first": one["first"].isoformat(), "last": one["last"].isoformat()} for one in found]


class OwnRules(Schema):
    """What a town settles itself; what is left out follows the built-in rules."""

    reminders = fields.Dict(
        keys=fields.String(validate=SOURCES),
        values=fields.List(fields.Nested(Reminder), validate=validate.Length(0, 6)),
    )
    quiet = fields.List(fields.Nested(Quiet), validate=validate.Length(0, 12))
    ramadan = fields.List(fields.Nested(Month), validate=validate.Length(0, 10))
    daily_limit = fields.Integer(strict=True, validate=validate.Range(1, 20))
    over_limit = fields.String(validate=validate.OneOf([str(one) for one in OverLimit]))
    replies = fields.Boolean()
    price_per_part = fields.Integer(strict=True, validate=validate.Range(0, 10_000))
    topics = fields.List(fields.String(validate=CODE), validate=validate.Length(1, 20))

    @validates_schema
    def makes_sense(self, data: dict[str, Any], **_: Any) -> None:
        """Codes of reminders differ, and some hour of the week is not quiet."""
        for source, rows in data.get("reminders", {}).items():
            codes = [one["code"] for one in rows]
            if len(set(codes)) < len(codes):
                raise ValidationError(f"two reminders of {source} have one code", "reminders")
        if data.get("quiet") and _is_always_quiet(data["quiet"]):
            raise ValidationError("every hour is quiet", "quiet")


class SetRules(Schema):
    """Settle rules on the version that was read."""

    actor = Actor()
    municipality = fields.String(required=True, validate=SLUG)
    rules = fields.Nested(OwnRules, required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(0))
    idempotency_key = fields.String(required=True, validate=validate.Length(min=1, max=200))

    def load(self, *args: Any, **kwargs: Any) -> Any:
        """With the rules in written form, dates as text."""
        found = super().load(*args, **kwargs)
        return found | {"rules": OwnRules().dump(found["rules"])}


def rules_out(municipality: str, own: Mapping[str, Any], version: int, ramadan: Months) -> dict[str, Any]:
    """The rules that hold, what of them is the town's own, and the months of Ramadan they count with."""
    whole = written(municipality, own)
    months = [{"first": first.isoformat(), "last": last.isoformat()} for first, last in ramadan]
    shown = {name: whole[name] for name in OwnRules().fields}
    return {"municipality": municipality, "version": version, "own": dict(own), "rules": shown, "months": months}


def _is_always_quiet(rows: list[dict[str, Any]]) -> bool:
    """Whether windows that hold all year leave no minute of any day, or of Ramadan, or of the rest of the year."""
    return any(
        all(
            any(_covers(row, day, minute, season) for row in rows)
            for day in range(7)
            for minute in range(0, 24 * 60, 5)
        )
        for season in (Season.RAMADAN, Season.OUTSIDE_RAMADAN)
    )


def _covers(row: dict[str, Any], day: int, minute: int, season: Season) -> bool:
    if row.get("season", Season.ALWAYS) not in {Season.ALWAYS, season}:
        return False
    days = row.get("weekdays") or range(7)
    begin, end = _minutes(row["from"]), _minutes(row["until"])
    if begin < end:
        return day in days and begin <= minute < end
    return (day in days and minute >= begin) or ((day - 1) % 7 in days and minute < end)


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])
