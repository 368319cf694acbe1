"""Schedules as Open Referral HSDS writes them, both ways: one ``schedule`` object for each rule and span.

HSDS knows recurrences (``freq``, ``byday``, ``opens_at``, ...), so the weekly rules go through unchanged. What it does
not know (regimes, one-off days, holidays, pauses) travels in our profile under ``x_imigr`` of the first object; a
reader that ignores it still has the weekly hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any

from imigr_directory.domain.hours.free_text import Understood, understand
from imigr_directory.domain.hours.recurrence import WEEKDAYS, BadRule, parts_of, recurrence
from imigr_directory.domain.hours.schedule import Rule, Schedule
from imigr_directory.domain.hours.spans import MIDNIGHT, Span
from imigr_directory.domain.hours.written import schedule_row, schedules_of
from imigr_directory.errors import InvalidHours

PROFILE = "x_imigr"
FIELDS = {
    "freq": "FREQ",
    "interval": "INTERVAL",
    "wkst": "WKST",
    "byday": "BYDAY",
    "byweekno": "BYWEEKNO",
    "bymonthday": "BYMONTHDAY",
    "byyearday": "BYYEARDAY",
}
"""HSDS 3.1 fields and the parts of an RRULE they hold; BYMONTH and BYSETPOS have none."""
_CLOCK = re.compile(
    r"^([01]?[0-9]|2[0-4])(?::?([0-5][0-9]))(?::[0-5][0-9](?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?$"
)


def to_hsds(schedule: Schedule, timezone: str) -> list[dict[str, Any]]:
    """HSDS schedule objects without ids. What a plain schedule does not say is left out (never null)."""
    found = [
        _object(rule, span, timezone) for rule in schedule.rules for span in rule.spans if _has_fields(rule.days.rrule)
    ]
    rest = schedule_row(schedule)
    rest["rules"] = [
        one for one, rule in zip(rest["rules"], schedule.rules, strict=True) if not _has_fields(rule.days.rrule)
    ]
    rest = {name: value for name, value in rest.items() if value}
    if schedule.by_appointment:
        found = [one | {"description": "By appointment only"} for one in found]
    if rest:
        head, *others = found or [{"timezone": timezone}]
        found = [head | {PROFILE: rest}, *others]
    return found


def from_hsds(rows: Sequence[Mapping[str, Any]]) -> tuple[Schedule, list[tuple[int, str]]]:
    """The schedule in HSDS objects of one service or place, and what could not be understood: row number and reason.

    Old and dirty forms are taken too: ``weekday`` (1.x), times with seconds or a zone, ``description`` as free text
    when there are no times.
    """
    rules: dict[Any, list[Span]] = {}
    profile: dict[str, Any] = {}
    problems: list[tuple[int, str]] = []
    texts: list[Schedule] = []
    for number, row in enumerate(rows):
        if isinstance(row.get(PROFILE), Mapping):
            profile |= row[PROFILE]
        if not row.get("opens_at") and not row.get("closes_at"):
            texts += _described(number, row, problems)
            continue
        try:
            days = recurrence(_rrule(row), _day(row, "valid_from", "dtstart"), _day(row, "valid_to", "until"))
            span = Span(_clock(row.get("opens_at")), _clock(row.get("closes_at")))
        except (BadRule, ValueError) as error:
            problems.append((number, str(error) or "not a time"))
            continue
        spans = rules.setdefault(days, [])
        if span not in spans:
            spans.append(span)
    schedule = _with_profile(
        tuple(Rule(days, tuple(sorted(spans))) for days, spans in rules.items()), profile, problems
    )
    return _joined(schedule, texts), problems


def _object(rule: Rule, span: Span, timezone: str) -> dict[str, Any]:
    parts = parts_of(rule.days.rrule)
    named: dict[str, Any] = {name: parts[part] for name, part in FIELDS.items() if part in parts}
    if "interval" in named:
        named["interval"] = int(named["interval"])
    dates = {"valid_from": rule.days.valid_from, "valid_to": rule.days.valid_until}
    told = {name: day.isoformat() for name, day in dates.items() if day is not None}
    if rule.days.valid_from is not None:
        told["dtstart"] = rule.days.valid_from.isoformat()
    return named | told | {"opens_at": _told(span.start), "closes_at": _told(span.end), "timezone": timezone}


def _told(at: time) -> str:
    return at.isoformat("minutes")


def _has_fields(rrule: str) -> bool:
    return set(parts_of(rrule)) <= set(FIELDS.values())


def _rrule(row: Mapping[str, Any]) -> str:
    parts = {part: str(row[name]).strip() for name, part in FIELDS.items() if row.get(name) not in (None, "")}
    if "FREQ" not in parts and row.get("weekday"):
        parts |= {"FREQ": "WEEKLY", "BYDAY": str(row["weekday"])[:2]}
    if "BYDAY" in parts:
        parts["BYDAY"] = ",".join(_weekday(one) for one in re.split(r"[,;\s]+", parts["BYDAY"]) if one)
        parts.setdefault("FREQ", "WEEKLY")
    if row.get("count") not in (None, ""):
        parts["COUNT"] = str(row["count"])
    return ";".join(f"{name}={value}" for name, value in parts.items()) or "FREQ=DAILY"


def _weekday(text: str) -> str:
    upper = text.upper()
    for code in WEEKDAYS:
        if upper.lstrip("+-0123456789").startswith(code):
            return upper[: len(upper) - len(upper.lstrip("+-0123456789"))] + code
    return upper


def _day(row: Mapping[str, Any], *names: str) -> date | None:
    for name in names:
        value = str(row.get(name) or "")[:10]
        if value:
            return date.fromisoformat(value)
    return None


def _clock(value: Any) -> time:
    found = _CLOCK.match(str(value or "").strip())
    if found is None:
        raise ValueError(f"not a time: {str(value)[:40]}")
    hour, minute = int(found[1]), int(found[2])
    if hour == 24 and minute == 0:
        return MIDNIGHT
    return time(hour, minute)


def _described(number: int, row: Mapping[str, Any], problems: list[tuple[int, str]]) -> list[Schedule]:
    text = str(row.get("description") or row.get("original_text") or row.get("notes") or "").strip()
    if not text:
        if PROFILE not in row:
            problems.append((number, "no times"))
        return []
    read = understand(text)
    if isinstance(read, Understood):
        return [read.schedule]
    problems.append((number, f"{read.reason}: {text[:80]}"))
    return []


def _with_profile(rules: tuple[Rule, ...], profile: Mapping[str, Any], problems: list[tuple[int, str]]) -> Schedule:
    if not profile:
        return Schedule(rules=rules)
    try:
        known = schedules_of([dict(profile)], PROFILE)[0]
    except InvalidHours as error:
        problems.append((0, "; ".join(f"{one.path}: {one.message}" for one in error.fields[:5])))
        return Schedule(rules=rules)
    return replace(known, rules=(*rules, *known.rules))


def _joined(schedule: Schedule, others: Iterable[Schedule]) -> Schedule:
    for one in others:
        schedule = replace(
            schedule,
            rules=(*schedule.rules, *one.rules),
            by_appointment=schedule.by_appointment or one.by_appointment,
            on_holidays=one.on_holidays if one.on_holidays != () else schedule.on_holidays,
            to_confirm=schedule.to_confirm or one.to_confirm,
        )
    return schedule
