"""How long a fact stays good after somebody has looked, and what is due to be looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

LIFETIME_DAYS: Final[Mapping[str, int | None]] = {
    "service": 180,
    "location": 365,
    "organization": 365,
    "article": 365,
    "alert": None,
}
"""Days by kind. An alert has an end of its own instead."""


def expires_on(kind: str, verified_on: str | None) -> str | None:
    """The first day on which the record counts as old; None when nobody has verified it or its kind never ages."""
    days = LIFETIME_DAYS[kind]
    if days is None or verified_on is None:
        return None
    return (date.fromisoformat(verified_on) + timedelta(days=days)).isoformat()


def is_stale(kind: str, verified_on: str | None, today: date) -> bool:
    """Whether the record was never verified or its time is over: readers see it, and the search ranks it lower."""
    if LIFETIME_DAYS[kind] is None:
        return False
    ends = expires_on(kind, verified_on)
    return ends is None or ends <= today.isoformat()
