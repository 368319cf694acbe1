"""When the clocks of a time zone change, for VTIMEZONE (RFC 5545 3.6.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FROM, TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
"""What a calendar of this agenda can speak of."""
STEP = timedelta(days=7)
"""No zone changes its clocks twice in a week; the shortest time between is a month (Morocco's Ramadan)."""
_NOTHING = timedelta()


@dataclass(frozen=True)
class Observance:
    """From ``onset`` on the clocks show ``after``. The onset is in the local time before the change, without a zone."""

    onset: datetime
    before: timedelta
    after: timedelta
    abbreviation: str
    is_summer: bool


def observances(name: str) -> Iterator[Observance]:
    """The state at the beginning and every change until the end, each by itself: there is no rule to misread."""
    zone = ZoneInfo(name)
    yield _observance(zone, FROM, _offset(zone, FROM))
    day = FROM
    while day < TO:
        following = day + STEP
        if _offset(zone, day) != _offset(zone, following):
            yield _observance(zone, _change(zone, day, following), _offset(zone, day))
        day = following


def _observance(zone: ZoneInfo, at: datetime, before: timedelta) -> Observance:
    local = at.astimezone(zone)
    is_summer = (local.dst() or _NOTHING) > _NOTHING
    return Observance((at + before).replace(tzinfo=None), before, _offset(zone, at), local.tzname() or "", is_summer)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute of the one change between two moments, by halving."""
    while after - before > timedelta(minutes=1):
        middle = before + timedelta(minutes=(after - before) // timedelta(minutes=1) // 2)
        before, after = (middle, after) if _offset(zone, middle) == _offset(zone, before) else (before, middle)
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or _NOTHING
