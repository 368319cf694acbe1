"""What a reader is told about the hours of something at this moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from imigr_directory.domain.calendar import Calendar
from imigr_directory.domain.hours.openings import DayHours, closes_next, is_open, opens_next, week, why_closed
from imigr_directory.domain.hours.schedule import Schedule
from imigr_directory.domain.hours.words import holiday_name, period_name, why
from imigr_directory.domain.hours.written import schedules_of, span_rows
from imigr_directory.errors import InvalidHours

SPECIAL = ("one_off", "holiday")


def hours_of(content: Mapping[str, Any]) -> tuple[Schedule, ...]:
    """The schedules in the content of a service or location: its own, else those of the places it is at. Contents that
    say the same share one object, and with it all that was worked out. What cannot be read counts as not said."""
    rows = content.get("schedules") or [
        one for place in content.get("at") or () for one in place.get("schedules") or ()
    ]
    return _read(json.dumps(rows, sort_keys=True)) if rows else ()


def told_now(schedules: Sequence[Schedule], calendar: Calendar, now: datetime) -> dict[str, Any]:
    """Open or not, until when, when next, why not, and the hours of the next seven days; nothing when no hours are
    known."""
    if not schedules:
        return {"open_now": None, "closes_at": None, "opens_next": None, "why_closed": None, "hours": []}
    closed = why_closed(schedules, now, calendar)
    return {
        "open_now": is_open(schedules, now, calendar),
        "closes_at": _instant(closes_next(schedules, now, calendar)),
        "opens_next": _instant(opens_next(schedules, now, calendar)),
        "why_closed": None if closed is None else {"code": closed.code, "description": why(closed)},
        "hours": [_told(one) for one in week(schedules, now.astimezone(calendar.zone).date(), calendar)],
    }


@lru_cache(maxsize=16_384)
def _read(rows: str) -> tuple[Schedule, ...]:
    try:
        return schedules_of(json.loads(rows))
    except InvalidHours:
        return ()


def _told(day: DayHours) -> dict[str, Any]:
    told: dict[str, Any] = {
        "date": day.day.isoformat(),
        "spans": span_rows(day.spans),
        "unsure": day.unsure,
        "by_appointment": day.by_appointment,
        "special": day.special,
    }
    if day.closed is not None:
        told |= {"closed": day.closed.code, "description": why(day.closed)}
    elif day.special == "holiday":
        told["description"] = holiday_name("public_holiday")
    elif day.special is not None and day.special not in SPECIAL:
        told["description"] = period_name(day.special)
    return told


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
