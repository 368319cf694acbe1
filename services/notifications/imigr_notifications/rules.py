"""The rules of each municipality from their written form: built-in values, and what a town has settled otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from hijridate import Hijri

from imigr_notifications.domain import OverLimit, QuietWindow, ReminderRule, Rules, Season

RAMADAN = 9
"""The ninth month of the Islamic year."""
HIJRI_YEARS = range(1446, 1461)
"""2025 to 2039; Umm al-Qura, an estimate: the sighting of the moon can move a day."""
NEAR = timedelta(days=10)
"""A month that a town announces replaces the estimate that begins so near."""


def rules_of(municipality: str) -> Rules:
    """The built-in rules of a town; one that is not in the file has the defaults and is called by its slug."""
    return read(written(municipality), 0)


def written(municipality: str, own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The rules of a town in written form: defaults, the file's values, and on top what the town settled."""
    content = _content()
    name = " ".join(word.capitalize() for word in municipality.split("-"))
    found: dict[str, Any] = {"town": {"fr": name}} | content["default"]
    found |= content["municipalities"].get(municipality, {})
    return found | dict(own or {})


def read(row: Mapping[str, Any], version: int, told: Iterable[Mapping[str, str]] = ()) -> Rules:
    """Rules from their written form; times are ``HH:MM``, dates ISO 8601, durations in minutes, prices in millimes.
    ``told`` are months of Ramadan by the directory's calendar."""
    return Rules(
        town=row["town"],
        countries=frozenset(row["countries"]),
        reminders={source: tuple(map(_reminder, rows)) for source, rows in row["reminders"].items()},
        quiet=tuple(map(_window, row["quiet"])),
        ramadan=months(row["ramadan"], told),
        daily_limit=row["daily_limit"],
        over_limit=OverLimit(row["over_limit"]),
        replies=row["replies"],
        price_per_part=row["price_per_part"],
        topics=frozenset(row["topics"]),
        version=version,
    )


def months(
    announced: Iterable[Mapping[str, str]], told: Iterable[Mapping[str, str]] = ()
) -> tuple[tuple[date, date], ...]:
    """Months of Ramadan: estimates, each replaced by the one that the calendar tells near it, and this by the one that
    the town announced for its messages."""
    found = list(estimated())
    for better in (told, announced):
        known = [(date.fromisoformat(one["first"]), date.fromisoformat(one["last"])) for one in better]
        found = [one for one in found if not any(abs(one[0] - first) <= NEAR for first, _ in known)] + known
    return tuple(sorted(found))


@cache
def estimated() -> tuple[tuple[date, date], ...]:
    """First and last day of Ramadan by the Umm al-Qura calendar."""
    found = []
    for year in HIJRI_YEARS:
        first = Hijri(year, RAMADAN, 1)
        begin = date(*first.to_gregorian().datetuple())
        found.append((begin, begin + timedelta(days=first.month_length() - 1)))
    return tuple(found)


def _reminder(row: Mapping[str, Any]) -> ReminderRule:
    at = row.get("at")
    return ReminderRule(
        code=row["code"],
        days_before=row.get("days_before"),
        at=None if at is None else time.fromisoformat(at),
        minutes_before=row.get("minutes_before"),
        min_wait=timedelta(minutes=row.get("min_wait_minutes", 0)),
        only_if_alone=row.get("only_if_alone", False),
        asks=row.get("asks", False),
    )


def _window(row: Mapping[str, Any]) -> QuietWindow:
    return QuietWindow(
        begin=time.fromisoformat(row["from"]),
        end=time.fromisoformat(row["until"]),
        weekdays=frozenset(row.get("weekdays", range(7))),
        season=Season(row.get("season", Season.ALWAYS)),
    )


@cache
def _content() -> dict[str, Any]:
    text = (files("imigr_notifications") / "rules.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
