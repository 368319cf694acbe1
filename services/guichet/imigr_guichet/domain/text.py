"""Small values that all of the guichet's domain speaks with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

Text = Mapping[str, str]
"""A text in several languages, by BCP 47 tag."""
Interval = tuple[datetime, datetime]
"""Half open, aware UTC."""


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def overlaps(one: Interval, other: Interval) -> bool:
    """Half-open intervals: one that ends at ten and one that starts at ten do not overlap."""
    return one[0] < other[1] and other[0] < one[1]
