"""Schedules in their written form: the rows of the database, of the staff interface and of imports.

A schedule is an object ``{"rules": [...], "regimes": {"ramadan": [...]}, "one_offs": [...], "holidays": ..., "pause":
..., "by_appointment": false, "to_confirm": false}``, all parts optional. A rule is ``{"rrule": "FREQ=WEEKLY;BYDAY=MO",
"spans": [["08:30", "12:30"]], "valid_from": null, "valid_until": null}``; ``holidays`` is ``"closed"``, ``"usual"`` or
spans; dates are ISO 8601. An ``id`` beside them is allowed and left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from imigr_directory.domain.hours.recurrence import BadRule, recurrence
from imigr_directory.domain.hours.schedule import MOST_EXCEPTIONS, OneOff, Pause, Problem, Rule, Schedule, check
from imigr_directory.domain.hours.spans import Span, span_of
from imigr_directory.domain.hours.words import REASONS
from imigr_directory.errors import InvalidHours
from imigr_kit.errors import FieldError

MOST_SCHEDULES = 20
REGIMES = ("ramadan", "summer")
CLOSED, USUAL = "closed", "usual"


def schedules_of(rows: Any, path: str = "schedules") -> tuple[Schedule, ...]:
    """The schedules in rows. Raises InvalidHours with everything that is wrong, field by field."""
    reading = _Reading()
    found = tuple(reading.schedule(row, f"{path}.{number}") for number, row in enumerate(reading.listed(rows, path)))
    if len(found) > MOST_SCHEDULES:
        reading.wrong(path, f"at most {MOST_SCHEDULES} schedules")
    problems = reading.problems or [one for at, each in enumerate(found) for one in check(each, f"{path}.{at}")]
    if problems:
        raise InvalidHours(fields=[FieldError(where, InvalidHours.code, what) for where, what in problems[:50]])
    return found


def schedule_row(schedule: Schedule) -> dict[str, Any]:
    """A schedule as kept; what is as usual is left out."""
    row: dict[str, Any] = {"rules": [_rule_row(one) for one in schedule.rules]}
    if schedule.regimes:
        row["regimes"] = {code: [_rule_row(one) for one in rules] for code, rules in sorted(schedule.regimes.items())}
    if schedule.one_offs:
        row["one_offs"] = [one_off_row(one) for one in schedule.one_offs]
    if schedule.on_holidays is None:
        row["holidays"] = USUAL
    elif schedule.on_holidays:
        row["holidays"] = span_rows(schedule.on_holidays)
    if schedule.pause is not None:
        row["pause"] = pause_row(schedule.pause)
    flags = {"by_appointment": schedule.by_appointment, "to_confirm": schedule.to_confirm}
    return row | {name: True for name, is_set in flags.items() if is_set}


def pause_row(pause: Pause) -> dict[str, Any]:
    """A pause as kept."""
    return {"first": pause.first.isoformat(), "last": _iso(pause.last), "reason": pause.reason}


def span_rows(spans: Sequence[Span]) -> list[list[str]]:
    """Spans as pairs of ``HH:MM``."""
    return [span.text().split("-") for span in spans]


def _rule_row(rule: Rule) -> dict[str, Any]:
    days = rule.days
    row: dict[str, Any] = {"rrule": days.rrule, "spans": span_rows(rule.spans)}
    dates = {"valid_from": _iso(days.valid_from), "valid_until": _iso(days.valid_until)}
    return row | {name: value for name, value in dates.items() if value is not None}


def one_off_row(one: OneOff) -> dict[str, Any]:
    """An exception as kept."""
    row: dict[str, Any] = {"first": one.first.isoformat(), "last": one.last.isoformat()}
    if one.spans:
        row["spans"] = span_rows(one.spans)
    return row if one.reason is None else row | {"reason": one.reason}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


class _Reading:
    """Reads rows that may be anything, and remembers what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, path: str, what: str) -> None:
        self.problems.append((path, what))

    def schedule(self, row: Any, path: str) -> Schedule:
        names = ("rules", "regimes", "one_offs", "holidays", "pause", "by_appointment", "to_confirm")
        row = self.object(row, path, names)
        regimes = self.object(row.get("regimes") or {}, f"{path}.regimes", REGIMES)
        return Schedule(
            rules=self.rules(row.get("rules"), f"{path}.rules"),
            regimes={
                code: self.rules(rules, f"{path}.regimes.{code}") for code, rules in regimes.items() if code in REGIMES
            },
            one_offs=self.one_offs(row.get("one_offs"), f"{path}.one_offs"),
            on_holidays=self.holidays(row.get("holidays"), f"{path}.holidays"),
            pause=self.pause(row.get("pause"), f"{path}.pause"),
            by_appointment=self.flag(row.get("by_appointment"), f"{path}.by_appointment"),
            to_confirm=self.flag(row.get("to_confirm"), f"{path}.to_confirm"),
        )

    def rules(self, rows: Any, path: str) -> tuple[Rule, ...]:
        found = (self.rule(one, f"{path}.{number}") for number, one in enumerate(self.listed(rows, path)))
        return tuple(one for one in found if one is not None)

    def rule(self, row: Any, path: str) -> Rule | None:
        row = self.object(row, path, ("rrule", "spans", "valid_from", "valid_until"))
        first = self.day(row.get("valid_from"), f"{path}.valid_from")
        last = self.day(row.get("valid_until"), f"{path}.valid_until")
        spans = self.spans(row.get("spans"), f"{path}.spans")
        text = row.get("rrule")
        if not isinstance(text, str):
            self.wrong(f"{path}.rrule", "an RRULE (RFC 5545)")
            return None
        try:
            return Rule(recurrence(text, first, last), spans)
        except BadRule as error:
            self.wrong(f"{path}.rrule", str(error))
            return None

    def one_offs(self, rows: Any, path: str) -> tuple[OneOff, ...]:
        found = []
        for number, each in enumerate(self.listed(rows, path)[: MOST_EXCEPTIONS + 1]):
            where = f"{path}.{number}"
            row = self.object(each, where, ("first", "last", "spans", "reason"))
            first = self.day(row.get("first"), f"{where}.first", required=True)
            last = self.day(row.get("last"), f"{where}.last") or first
            spans, reason = self.spans(row.get("spans"), f"{where}.spans"), self.reason(row, where)
            if first is not None and last is not None:
                found.append(OneOff(first, last, spans, reason))
        return tuple(found)

    def pause(self, row: Any, path: str) -> Pause | None:
        if row is None:
            return None
        row = self.object(row, path, ("first", "last", "reason"))
        first = self.day(row.get("first"), f"{path}.first", required=True)
        last, reason = self.day(row.get("last"), f"{path}.last"), self.reason(row, path)
        return None if first is None else Pause(first, last, reason)

    def holidays(self, value: Any, path: str) -> tuple[Span, ...] | None:
        if value is None or value == CLOSED:
            return ()
        return None if value == USUAL else self.spans(value, path)

    def spans(self, rows: Any, path: str) -> tuple[Span, ...]:
        found = []
        for number, row in enumerate(self.listed(rows, path)[:100]):
            try:
                if not isinstance(row, list | tuple) or not all(isinstance(one, str) for one in row):
                    raise ValueError(row)
                found.append(span_of(row))
            except ValueError:
                self.wrong(f"{path}.{number}", "a pair of HH:MM; 24:00 is the midnight at the end")
        return tuple(sorted(found))

    def reason(self, row: Mapping[str, Any], path: str) -> str | None:
        reason = row.get("reason")
        if reason is None or (isinstance(reason, str) and reason in REASONS):
            return reason
        self.wrong(f"{path}.reason", f"one of {', '.join(REASONS)}")
        return None

    def day(self, value: Any, path: str, *, required: bool = False) -> date | None:
        if value is None and not required:
            return None
        try:
            if not isinstance(value, str) or len(value) != 10:
                raise ValueError(value)
            return date.fromisoformat(value)
        except ValueError:
            self.wrong(path, "a date such as 2027-02-08")
            return None

    def flag(self, value: Any, path: str) -> bool:
        if value is None or isinstance(value, bool):
            return bool(value)
        self.wrong(path, "true or false")
        return False

    def listed(self, value: Any, path: str) -> Sequence[Any]:
        if value is None or isinstance(value, list | tuple):
            return value or ()
        self.wrong(path, "a list")
        return ()

    def object(self, value: Any, path: str, names: Sequence[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.wrong(path, "an object")
            return {}
        for name in value:
            if name not in names and name != "id":
                self.wrong(f"{path}.{str(name)[:60]}", "unknown field")
        return value
