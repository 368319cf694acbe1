"""Demonstration events with dates as rules, so that a fresh installation always has a future open day."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from imigr_events.domain import Event, EventState

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000000ee")


def event_of(row: dict[str, Any], today: date) -> Event:
    """The draft of a seed row; its id follows from its slug, so seeding again adds nothing."""
    when = row["when"]
    first = today + timedelta(weeks=when["weeks_ahead"])
    day = first + timedelta(days=(_DAYS.index(when["weekday"]) - first.weekday()) % 7)
    zone = ZoneInfo(row["timezone"])
    starts = datetime.combine(day, time.fromisoformat(when["at"]), zone).astimezone(UTC)
    return Event(
        id=str(uuid.uuid5(_NAMESPACE, f"{row['slug']}:{row['municipality']}")),
        municipality=row["municipality"],
        title=row["title"],
        summary=row["summary"],
        place=row["place"],
        address=row["address"],
        location=row.get("location"),
        starts_at=starts,
        ends_at=starts + timedelta(minutes=when["minutes"]),
        timezone=row["timezone"],
        capacity=row["capacity"],
        languages=tuple(row["languages"]),
        registration=row["registration"],
        state=EventState.DRAFT,
        version=1,
        demonstration=row.get("demonstration", False),
    )
