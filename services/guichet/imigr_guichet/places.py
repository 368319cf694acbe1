"""Where a visit fits: opening hours, absences and what is taken as bits, one for each cell of five minutes.

A day and a desk are one integer each way; a visit of n cells fits where n bits in a row are set. So a whole horizon
costs a few operations on small integers instead of a walk over all starts and all appointments.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from imigr_guichet.domain.guichet import CELL_MINUTES, Guichet, Place, Topic
from imigr_guichet.domain.text import Interval
from imigr_guichet.opening import DAY, intervals, local_date, window

CELL_SECONDS = CELL_MINUTES * 60
CELLS_OF_DAY = 24 * 3600 // CELL_SECONDS
PAD = CELLS_OF_DAY // 4
"""Cells before the local midnight that a window also shows: room for buffers before a visit."""
WIDTH = PAD + 2 * CELLS_OF_DAY + PAD
"""Cells of a window: a local day, the next one (hours that cross midnight), and room for buffers."""
FULL = (1 << WIDTH) - 1

MOST_KEPT = 4_000
"""Days and questions kept for one plan; then all are forgotten and worked out anew."""


class Taken(Protocol):
    """What is occupied at a desk."""

    def taken(self, guichet_id: str, desk: str, first: int, width: int) -> int:
        """Bits of the occupied cells from ``first`` (cells since 1970), at most ``width`` of them."""
        ...


class Board:
    """What a plan alone says, worked out once per day, desk and length; made anew when the plan changes."""

    def __init__(self, guichet: Guichet) -> None:
        self.guichet = guichet
        self._zone = ZoneInfo(guichet.timezone)
        self._opened: dict[tuple[date, str], tuple[int, int]] = {}
        self._fitting: dict[tuple[date, str, int, bool], int] = {}
        self._absent: dict[tuple[date, str], int] = {}
        self._base: dict[date, int] = {}
        self._able: dict[tuple[date, str, tuple[str, ...]], tuple[Place, ...]] = {}
        self._spoken = frozenset(guichet.languages)
        self.kept: dict[Hashable, Any] = {}
        """What others worked out from this plan; they know when it is old."""

    def known(self, languages: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the languages that anybody here speaks, so that what is kept does not grow with what is asked."""
        return tuple(sorted(self._spoken.intersection(languages)))

    def keep(self, key: Hashable, what: Any) -> None:
        """Put it into ``kept``, which is emptied when there is too much in it."""
        if len(self.kept) >= MOST_KEPT:
            self.kept.clear()
        self.kept[key] = what

    def base(self, day: date) -> int:
        """The first cell of the day's window."""
        found = self._base.get(day)
        if found is None:
            found = self._base[day] = cell_of(datetime.combine(day, datetime.min.time(), self._zone)) - PAD
        return found

    def able(self, topic: str, languages: tuple[str, ...], day: date) -> tuple[Place, ...]:
        """Places of a day that can serve and are open at all, in the order of Guichet.places_for."""
        key = (day, topic, languages)
        found = self._able.get(key)
        if found is None:
            places = self.guichet.places_for(topic, languages, day)
            found = self._able[key] = tuple(one for one in places if self._open(day, one.desk)[0])
        return found

    def free(self, place: Place, day: date, topic: Topic, cells: int, taken: Taken, *, public: bool) -> int:
        """Starts of a visit of ``cells`` cells, as bits of the day's window."""
        fitting = self.fitting(place, day, cells, public=public)
        if not fitting:
            return 0
        before, after = topic.before // CELL_MINUTES, topic.after // CELL_MINUTES
        blocked = taken.taken(self.guichet.id, place.desk, self.base(day), WIDTH) | self.absent(place.mediator, day)
        if not blocked:
            return fitting
        return fitting & (eroded(~blocked & FULL, before + cells + after) << before)

    def fitting(self, place: Place, day: date, cells: int, *, public: bool) -> int:
        """Starts on the grid from which the desk is open for so long, whoever may have them."""
        key = (day, place.desk, cells, public)
        found = self._fitting.get(key)
        if found is None:
            opened, grid = self._open(day, place.desk)
            if public and self.guichet.walk_in_share:
                opened = self._without_walk_ins(day, place.desk)
            found = self._fitting[key] = eroded(opened, cells) & grid if opened else 0
        return found

    def absent(self, mediator: str, day: date) -> int:
        """Cells of the day's window in which the mediator is away."""
        if not self.guichet.absences:
            return 0
        key = (day, mediator)
        found = self._absent.get(key)
        if found is None:
            away = [(one.start, one.end) for one in self.guichet.absences if one.mediator == mediator]
            found = self._absent[key] = self._bits(day, away)
        return found

    def _open(self, day: date, desk: str) -> tuple[int, int]:
        key = (day, desk)
        found = self._opened.get(key)
        if found is None:
            opened = intervals(self.guichet, day, desk)
            found = self._opened[key] = (self._bits(day, opened), self._grid(day, opened))
        return found

    def _grid(self, day: date, opened: list[Interval]) -> int:
        grid, step = 0, self.guichet.step_minutes // CELL_MINUTES
        for opens, closes in opened:
            for cell in range(cell_of(opens), cell_of(closes), step):
                grid |= 1 << (cell - self.base(day))
        return grid

    def _without_walk_ins(self, day: date, desk: str) -> int:
        kept = []
        for opens, closes in intervals(self.guichet, day, desk):
            cells = cell_of(closes) - cell_of(opens)
            left = cells - cells * self.guichet.walk_in_share // 100
            kept.append((opens, opens + timedelta(minutes=left * CELL_MINUTES)))
        return self._bits(day, kept)

    def _bits(self, day: date, spans: list[Interval]) -> int:
        bits, base = 0, self.base(day)
        for start, end in spans:
            first = max(0, cell_of(start) - base)
            last = min(WIDTH, -(-int(end.timestamp()) // CELL_SECONDS) - base)
            if last > first:
                bits |= ((1 << (last - first)) - 1) << first
        return bits


def bookable_days(guichet: Guichet, topic: Topic, now: datetime, first: date | None, days: int) -> list[date]:
    """Opening days that may hold a start within notice and horizon, from ``first`` (default today) on."""
    begins, last = window(guichet, topic, now)
    earliest = max(first or date.min, local_date(guichet, begins) - DAY)
    until = min(last, (first or local_date(guichet, now)) + timedelta(days=days - 1))
    return [earliest + timedelta(days=n) for n in range((until - earliest).days + 1)]


def limits(guichet: Guichet, topic: Topic, now: datetime) -> tuple[int, int]:
    """The first cell that may be booked now, and the cell after the last, by notice and horizon."""
    begins, last = window(guichet, topic, now)
    midnight = datetime.combine(last + DAY, datetime.min.time(), ZoneInfo(guichet.timezone))
    return -(-int(begins.timestamp()) // CELL_SECONDS), cell_of(midnight)


def within(base: int, bounds: tuple[int, int]) -> int:
    """Bits of a window that begins at ``base`` within these bounds."""
    first, end = bounds[0] - base, bounds[1] - base
    bits = FULL if end >= WIDTH else (1 << max(0, end)) - 1
    return bits if first <= 0 else bits >> first << first


def eroded(bits: int, length: int) -> int:
    """Bits from which ``length`` bits in a row are set."""
    reached = 1
    while reached < length and bits:
        step = min(reached, length - reached)
        bits &= bits >> step
        reached += step
    return bits


def ones(bits: int) -> Iterator[int]:
    """Numbers of the bits that are set, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def cell_of(moment: datetime) -> int:
    """The cell in which an instant lies, counted since 1970."""
    return int(moment.timestamp()) // CELL_SECONDS


def moment_of(cell: int) -> datetime:
    """When a cell begins."""
    return datetime.fromtimestamp(cell * CELL_SECONDS, UTC)


def wire_of(cell: int) -> str:
    """The same as ISO 8601 in UTC with Z."""
    return _date_text(cell // CELLS_OF_DAY) + _TIME_TEXTS[cell % CELLS_OF_DAY]


@lru_cache(maxsize=4096)
def _date_text(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


_EPOCH = date(1970, 1, 1).toordinal()
_TIME_TEXTS = tuple(f"T{n * CELL_MINUTES // 60:02d}:{n * CELL_MINUTES % 60:02d}:00Z" for n in range(CELLS_OF_DAY))
