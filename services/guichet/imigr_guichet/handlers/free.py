"""Free slots day by day, kept until what is taken on that day changes, together with how they are written."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from imigr_guichet.domain.guichet import Place, Topic, spoken
from imigr_guichet.opening import DAY, local_date
from imigr_guichet.places import CELLS_OF_DAY, WIDTH, Board, bookable_days, limits, moment_of, ones, wire_of
from imigr_guichet.ports.appointments import Occupancy


class Slot(NamedTuple):
    """A start that can be booked: its first cell, how many cells it takes, places, and the languages in which."""

    cell: int
    cells: int
    places: int
    languages: tuple[str, ...]

    @property
    def start(self) -> datetime:
        """When it begins."""
        return moment_of(self.cell)

    @property
    def end(self) -> datetime:
        """When the visit ends."""
        return moment_of(self.cell + self.cells)


@dataclass(frozen=True)
class Need:
    """What decides about a slot: the topic with its notice for this asker, the cells of the visit, the languages of
    which one must be spoken (none: any), and whether the places for walk-ins are left out."""

    topic: Topic
    cells: int
    languages: tuple[str, ...]
    public: bool

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells two needs of one plan apart, notice and horizon left aside."""
        return self.topic.code, self.cells, self.languages, self.public


class Day:
    """Slots of an opening day, notice and horizon left aside."""

    def __init__(self, slots: Sequence[Slot], version: int) -> None:
        self.slots = slots
        self.version = version
        self._cells = [one.cell for one in slots]

    @cached_property
    def written(self) -> list[str]:
        """Each slot as JSON."""
        return [json.dumps(said(one), separators=(",", ":")) for one in self.slots]

    @cached_property
    def whole(self) -> str:
        """All of them, with commas between."""
        return ",".join(self.written)

    def between(self, bounds: tuple[int, int]) -> tuple[int, int]:
        """Which of the slots begin in these cells (half open)."""
        return bisect_left(self._cells, bounds[0]), bisect_left(self._cells, bounds[1])

    def text(self, first: int, end: int) -> str:
        """The slots from ``first`` to before ``end`` as JSON, with commas between."""
        return self.whole if (first, end) == (0, len(self.slots)) else ",".join(self.written[first:end])


class Part(NamedTuple):
    """Of a day the slots from ``first`` to before ``end``."""

    date: date
    day: Day
    first: int
    end: int


def free_parts(
    plan: Board, need: Need, taken: Occupancy, now: datetime, first: date | None, days: int, limit: int
) -> Iterator[Part]:
    """Days that have a free slot within notice and horizon, in order, at most ``limit`` slots in all."""
    bounds = limits(plan.guichet, need.topic, now)
    left = limit
    for day in bookable_days(plan.guichet, need.topic, now, first, days):
        if left <= 0:
            return
        if not plan.able(need.topic.code, need.languages, day):
            continue
        found = _day(plan, need, taken, day)
        begin, end = found.between(bounds)
        end = min(end, begin + left)
        if begin < end:
            left -= end - begin
            yield Part(day, found, begin, end)


@dataclass(frozen=True)
class Next:
    """The first free slot of a plan for a need, and what it rests on: the changes that were counted, and from when
    until when it stays the first as long as no more are."""

    slot: Slot | None
    changes: int
    since: datetime
    until: datetime

    def holds(self, changes: int, now: datetime) -> bool:
        """Whether it is still the first."""
        return self.changes == changes and self.since <= now < self.until


def next_free(plan: Board, need: Need, taken: Occupancy, now: datetime) -> Next:
    """The first free slot within notice and horizon. It stays the first until something is taken or freed at the
    guichet, or its notice is over; that there is none holds until then or midnight."""
    changes = taken.changes(plan.guichet.id)
    horizon = plan.guichet.horizon_days if need.topic.horizon_days is None else need.topic.horizon_days
    part = next(free_parts(plan, need, taken, now, None, horizon + 1, 1), None)
    slot = None if part is None else part.day.slots[part.first]
    return Next(slot, changes, now, _good_until(plan, need, slot, now))


def said(slot: Slot) -> dict[str, Any]:
    """One slot on the wire."""
    return {
        "start": wire_of(slot.cell),
        "end": wire_of(slot.cell + slot.cells),
        "places": slot.places,
        "languages": slot.languages,
    }


def _good_until(plan: Board, need: Need, slot: Slot | None, now: datetime) -> datetime:
    if slot is None:
        tomorrow = local_date(plan.guichet, now) + DAY
        return datetime.combine(tomorrow, datetime.min.time(), ZoneInfo(plan.guichet.timezone))
    notice = plan.guichet.notice_minutes if need.topic.notice_minutes is None else need.topic.notice_minutes
    return slot.start - timedelta(minutes=max(0, notice))


def _day(plan: Board, need: Need, taken: Occupancy, day: date) -> Day:
    base = plan.base(day)
    first, last = base // CELLS_OF_DAY, (base + WIDTH - 1) // CELLS_OF_DAY
    # Asked for before the bits are: what changes in between makes the day look older than it is.
    version = taken.changes(plan.guichet.id, first, last)
    key = (day, need.key)
    kept: Day | None = plan.kept.get(key)
    if kept is not None and kept.version == version:
        return kept
    able = plan.able(need.topic.code, need.languages, day)
    found = Day(_slots(plan, need, taken, able, day), version)
    plan.keep(key, found)
    return found


def _slots(plan: Board, need: Need, taken: Occupancy, able: Sequence[Place], day: date) -> list[Slot]:
    free = [plan.free(place, day, need.topic, need.cells, taken, public=need.public) for place in able]
    union = 0
    for bits in free:
        union |= bits
    base = plan.base(day)
    told: dict[int, tuple[int, tuple[str, ...]]] = {}
    slots = []
    for bit in ones(union):
        who = 0
        for number, bits in enumerate(free):
            who |= (bits >> bit & 1) << number
        known = told.get(who)
        if known is None:
            places = [able[number] for number in ones(who)]
            known = told[who] = (len(places), spoken(places))
        slots.append(Slot(base + bit, need.cells, *known))
    return slots
