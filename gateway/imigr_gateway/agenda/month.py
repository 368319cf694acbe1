"""A month of the agenda by days, as a calendar page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


def bounds(month: str, timezone: str) -> tuple[datetime, datetime]:
    """First moment of a month such as ``2026-12`` and of the next one, in UTC, as the zone counts them."""
    first = date.fromisoformat(f"{month}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    zone = ZoneInfo(timezone)
    return tuple(datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, following))  # type: ignore[return-value]  # two of them


def by_days(month: str, items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every day of the month with the ids of what takes place then. ``items`` have ``id``, ``starts_at``,
    ``ends_at`` and ``timezone``, and perhaps ``dates``: those of a programme or a series. What lasts several days
    stands on each."""
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    days: dict[date, list[str]] = {first + timedelta(days=n): [] for n in range(last.day)}
    for item in items:
        zone = ZoneInfo(item["timezone"])
        for part in item.get("dates") or [item]:
            for day in _days(part, zone, first, last):
                if item["id"] not in days[day]:
                    days[day].append(item["id"])
    return [{"date": day.isoformat(), "weekday": day.isoweekday(), "events": ids} for day, ids in days.items()]


def _days(part: Mapping[str, Any], zone: ZoneInfo, first: date, last: date) -> Iterator[date]:
    """Days of the month on which it takes place; one that ends at midnight is not on the next day."""
    day = max(first, datetime.fromisoformat(part["starts_at"]).astimezone(zone).date())
    end = min(last, (datetime.fromisoformat(part["ends_at"]).astimezone(zone) - timedelta(microseconds=1)).date())
    while day <= end:
        yield day
        day += timedelta(days=1)
