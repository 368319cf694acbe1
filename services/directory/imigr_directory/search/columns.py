"""What is filtered and sorted by, in columns: bits per value, points on the globe, days, ranks of names.

An entry has a slot. Slots are given in order and never reused until the columns are made anew, so that a change is
an entry in a new slot and a dead old one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from imigr_directory.domain import EARTH_KM

Mask = npt.NDArray[np.uint64]
"""One bit per slot."""
Floats = npt.NDArray[np.float64]
Slots = npt.NDArray[np.intp]
Worth = npt.NDArray[np.float32]
Weighing = Callable[[npt.NDArray[np.bool_], npt.NDArray[np.uint8], npt.NDArray[np.uint8]], Worth]
"""What makes entries worth more or less, by whether they are stale, are called by their kind only, and by the words of
their name."""
_FIRST = 1024


class Bits:
    """For each value of a group, which slots have it."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._bytes: npt.NDArray[np.uint8] = np.zeros((8, _FIRST // 8), np.uint8)

    def set(self, slot: int, values: Iterable[str]) -> None:
        """The slot has these values."""
        for value in values:
            row = self._rows.setdefault(value, len(self._rows))
            self._fit(row, slot)
            self._bytes[row, slot >> 3] |= 1 << (slot & 7)

    def of(self, value: str, length: int) -> Mask:
        """Slots with a value."""
        row = self._rows.get(value)
        if row is None:
            return np.zeros(length, np.uint64)
        self._fit(row, length * 64 - 1)
        bits: Mask = self._bytes[row].view(np.uint64)[:length]
        return bits

    def counts(self, among: Mask) -> dict[str, int]:
        """How many of the slots have each value; values of none are left out."""
        if not self._rows:
            return {}
        self._fit(0, len(among) * 64 - 1)
        rows = self._bytes[: len(self._rows)].view(np.uint64)[:, : len(among)]
        counted = np.bitwise_count(rows & among).sum(axis=1, dtype=np.int64).tolist()
        return {value: counted[row] for value, row in self._rows.items() if counted[row]}

    def keep(self, slots: Slots, used: int) -> None:
        """Leave only these of the used slots, in this order."""
        old, rows = self._bytes, len(self._rows)
        self._bytes = np.zeros((old.shape[0], _grown(_FIRST // 8, len(slots) >> 3)), np.uint8)
        for row in range(rows):
            held = np.unpackbits(old[row], count=min(used, old.shape[1] * 8), bitorder="little")
            bits = np.packbits(np.pad(held, (0, used - len(held)))[slots], bitorder="little")
            self._bytes[row, : len(bits)] = bits

    def _fit(self, row: int, slot: int) -> None:
        rows, width = self._bytes.shape
        if row < rows and slot >> 3 < width:
            return
        wider = np.zeros((_grown(rows, row), _grown(width, slot >> 3)), np.uint8)
        wider[:rows, :width] = self._bytes
        self._bytes = wider


class Columns:
    """Everything about slots but their words."""

    def __init__(self) -> None:
        self.used = 0
        self.groups: dict[str, Bits] = {}
        self._alive = np.zeros(_FIRST, np.bool_)
        self._xyz: Floats = np.full((3, _FIRST), np.nan)
        self._stale_from = np.zeros(_FIRST, np.int32)
        self._hours = np.zeros(_FIRST, np.int32)
        self._plain = np.zeros((2, _FIRST), np.uint8)
        self._worth: tuple[tuple[int, int], Worth] | None = None

    def add(
        self,
        values: Mapping[str, Iterable[str]],
        point: Mapping[str, float] | None,
        *,
        stale_from: int,
        generic: bool,
        name_words: int,
        hours: int,
    ) -> int:
        """A new slot. ``stale_from`` is the first proleptic day on which the entry is stale, 0 for never; ``hours``
        is the number under which its hours are known."""
        slot = self.used
        self._fit(slot)
        self.used += 1
        for group, some in values.items():
            self.groups.setdefault(group, Bits()).set(slot, some)
        self._xyz[:, slot] = np.nan if point is None else _xyz(point)
        self._stale_from[slot] = stale_from
        self._hours[slot] = hours
        self._plain[:, slot] = generic, min(name_words, 20)
        self._alive[slot] = True
        return slot

    def drop(self, slot: int) -> None:
        """The entry of the slot is gone."""
        self._alive[slot] = False

    def keep(self) -> Slots:
        """Leave only the slots of entries, given anew in the same order; their old numbers."""
        slots, used = np.flatnonzero(self._alive[: self.used]), self.used
        for bits in self.groups.values():
            bits.keep(slots, used)
        self._alive = np.ones(len(slots), np.bool_)
        self._xyz = np.ascontiguousarray(self._xyz[:, slots])
        self._stale_from = self._stale_from[slots]
        self._hours = self._hours[slots]
        self._plain = np.ascontiguousarray(self._plain[:, slots])
        self.used = len(slots)
        self._worth = None
        return slots

    @property
    def length(self) -> int:
        """Words of 64 bits in a mask."""
        return (self.used + 63) // 64

    def alive(self) -> Mask:
        """Slots of entries."""
        return packed(self._alive[: self.used])

    def with_value(self, group: str, value: str) -> Mask:
        """Slots with a value of a group."""
        bits = self.groups.get(group)
        return np.zeros(self.length, np.uint64) if bits is None else bits.of(value, self.length)

    def with_hours(self, wanted: npt.NDArray[np.bool_]) -> Mask:
        """Slots whose number of hours is wanted."""
        return packed(wanted[self._hours[: self.used]])

    def chords(self, point: Mapping[str, float], slots: Slots) -> Floats:
        """Square of the straight line through the globe (radius 1) from each of the slots to a point; nan without a
        place. Grows with the distance, and costs no trigonometry."""
        found: Floats = np.zeros(len(slots))
        for axis, at in zip(self._xyz, _xyz(point), strict=True):
            away = axis[slots] - at
            found += away * away
        return found

    def near(self, point: Mapping[str, float], distance_km: float, among: Mask) -> Mask:
        """Those of the slots that are within a distance of a point."""
        slots = slots_of(among, self.used)
        within = np.zeros(self.used, np.bool_)
        within[slots] = self.chords(point, slots) <= chord(distance_km)
        return packed(within)

    def worth(self, day: int, weigh: Weighing) -> Worth:
        """By slot, what an entry is worth whatever is asked; worked out once for a day and a state of the entries."""
        if self._worth is None or self._worth[0] != (day, self.used):
            every = np.arange(self.used)
            self._worth = ((day, self.used), weigh(self.stale(every, day), self.generic(every), self.name_words(every)))
        return self._worth[1]

    def stale(self, slots: Slots, day: int) -> npt.NDArray[np.bool_]:
        """Which of the slots are stale on a day."""
        since = self._stale_from[slots]
        return (since > 0) & (since <= day)

    def generic(self, slots: Slots) -> npt.NDArray[np.uint8]:
        """1 where the name is only a kind of place."""
        found: npt.NDArray[np.uint8] = self._plain[0, slots]
        return found

    def name_words(self, slots: Slots) -> npt.NDArray[np.uint8]:
        """Words of the shortest name, at most 20."""
        found: npt.NDArray[np.uint8] = self._plain[1, slots]
        return found

    def _fit(self, slot: int) -> None:
        size = len(self._alive)
        if slot < size:
            return
        more = _grown(max(size, _FIRST), slot) - size
        self._alive = np.pad(self._alive, (0, more))
        self._stale_from = np.pad(self._stale_from, (0, more))
        self._hours = np.pad(self._hours, (0, more))
        self._plain = np.pad(self._plain, ((0, 0), (0, more)))
        self._xyz = np.pad(self._xyz, ((0, 0), (0, more)), constant_values=np.nan)


def packed(mask: npt.NDArray[np.bool_]) -> Mask:
    """One bit per slot from one byte per slot."""
    bits = np.packbits(mask, bitorder="little")
    return np.pad(bits, (0, -len(bits) % 8)).view(np.uint64)


def slots_of(mask: Mask, used: int) -> Slots:
    """The slots whose bit is set, in order."""
    return np.flatnonzero(np.unpackbits(mask.view(np.uint8), count=used, bitorder="little"))


def count(mask: Mask) -> int:
    """How many bits are set."""
    return int(np.bitwise_count(mask).sum())


def kilometres(chords: Floats) -> Floats:
    """Great-circle distances."""
    found: Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(chords) / 2)
    return found


def chord(distance_km: float) -> float:
    """The square of the chord of a distance; the inverse of kilometres."""
    return float((2 * np.sin(min(distance_km / (2 * EARTH_KM), np.pi / 2))) ** 2)


def _xyz(point: Mapping[str, float]) -> tuple[float, float, float]:
    lat, lon = np.radians(point["lat"]), np.radians(point["lon"])
    return float(np.cos(lat) * np.cos(lon)), float(np.cos(lat) * np.sin(lon)), float(np.sin(lat))


def _grown(size: int, needed: int) -> int:
    while size <= needed:
        size *= 2
    return size


def together(masks: Iterator[Mask], start: Mask) -> Mask:
    """Slots in all of the masks."""
    found: Any = start
    for mask in masks:
        found = found & mask
    return np.asarray(found)
