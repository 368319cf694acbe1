"""Hours of a day in wall-clock time, and intervals of instants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MIDNIGHT = time()

Interval = tuple[datetime, datetime]
"""Two instants in UTC, half open."""


@dataclass(frozen=True, order=True)
class Span:
    """Hours that begin on a day; an ``end`` at or before ``start`` lies on the next day, so 00:00 to 00:00 is the whole
    day and 22:00 to 02:00 the night."""

    start: time
    end: time

    def minutes(self) -> tuple[int, int]:
        """Wall-clock minutes since the midnight at which the day begins; the end is up to 2880."""
        start, end = _minute(self.start), _minute(self.end)
        return start, end if end > start else end + 1440

    def text(self) -> str:
        """``08:30-12:30``; an end at midnight is ``24:00`` (ISO 8601:2004 4.2.3, as OpenStreetMap writes it)."""
        end = "24:00" if self.end == MIDNIGHT else self.end.isoformat("minutes")
        return f"{self.start.isoformat('minutes')}-{end}"


def span_of(text: Sequence[str]) -> Span:
    """The span in a pair of ``HH:MM``; ``24:00`` is the midnight at the end. Raises ValueError."""
    start, end = text
    return Span(_time(start, closing=False), _time(end, closing=True))


def instants(span: Span, day: date, zone: ZoneInfo) -> Interval:
    """When a span of a day is, in UTC. A wall-clock time that a zone skips counts with the offset before the gap, one
    that comes twice is the first (RFC 5545 3.3.5); so an interval may be empty, and lengths are real."""
    last = day if span.end > span.start else day + DAY
    return _instant(day, span.start, zone), _instant(last, span.end, zone)


def merged(raw: Iterable[Interval]) -> list[Interval]:
    """Sorted, without empty ones, and what touches or overlaps as one."""
    found: list[Interval] = []
    for start, end in sorted(one for one in raw if one[0] < one[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans of one day, sorted, and what touches or overlaps as one (never longer than a day)."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(one.minutes() for one in spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], min(max(end, found[-1][1]), found[-1][0] + 1440))
        else:
            found.append((start, end))
    return tuple(Span(_at(start), _at(end)) for start, end in found)


def overlapping(spans: Sequence[Span]) -> bool:
    """Whether two spans of one day share a minute; spans that touch do not."""
    ordered = sorted(one.minutes() for one in spans)
    return any(later[0] < earlier[1] for earlier, later in pairwise(ordered))


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _at(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _time(text: str, *, closing: bool) -> time:
    if closing and text == "24:00":
        return MIDNIGHT
    if len(text) != 5 or text[2] != ":" or not (text[:2] + text[3:]).isascii():
        raise ValueError(text)
    return time.fromisoformat(text)
