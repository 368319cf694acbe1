"""What is occupied at every desk, in memory: brought up to date with what changed since the last look."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pymongo.database import Database

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.places import CELLS_OF_DAY, cell_of
from imigr_guichet.storage.collections import APPOINTMENTS
from imigr_guichet.storage.documents import Document
from imigr_kit.clock import Clock

OVERLAP = timedelta(seconds=1)
"""A write is seen a moment after the instant it carries, so each look goes back a little."""
SETTLED_SECONDS = 3.0
"""When nothing newer was seen for so long, a look need not go back any more."""
FRESH_SECONDS = 0.05
"""Looks that come together share one read."""
WHOLE_SECONDS = 300.0
"""After so long everything is read anew: a write that a frozen database finished later than OVERLAP is seen then."""
BACK_DAYS = 2
SHOWN = dict.fromkeys(
    ("guichet_id", "desk", "start", "end", "busy_from", "busy_until", "frees_at", "changed_at", "occupies"), 1
)

SETTLE_SECONDS = 2.0
"""How long a claim waits for what becomes of another."""

Key = tuple[str, str, int]


class Claim(NamedTuple):
    """Cells of a desk that are being claimed, half open."""

    guichet_id: str
    desk: str
    first: int
    end: int

    def meets(self, guichet_id: str, desks: Sequence[str], first: int, width: int) -> bool:
        """Whether it overlaps so many cells from ``first`` at one of the desks."""
        return self.guichet_id == guichet_id and self.desk in desks and self.first < first + width and first < self.end


class MongoOccupancy:
    """Bits by desk and UTC day. It serves what is shown only: a claim is decided by the database's index, so an old
    picture can cost a visitor a second try, never a place given twice."""

    def __init__(self, db: Database[Document], clock: Clock) -> None:
        self._rows = db[APPOINTMENTS]
        self._clock = clock
        self._lock = threading.Lock()
        self._spans: defaultdict[Key, dict[str, tuple[int, int]]] = defaultdict(dict)
        self._bits: dict[Key, int] = {}
        self._keys: dict[str, list[Key]] = {}
        self._fading: dict[str, datetime] = {}
        self._seen = datetime(2000, 1, 1, tzinfo=UTC)
        self._whole_at = float("-inf")
        self._newer_at = float("-inf")
        self._looked_at = float("-inf")
        self._taken_in: dict[str, datetime | None] = {}
        self._changes: Counter[str] = Counter()
        self._changes_of_day: Counter[tuple[str, int]] = Counter()
        self._claims: dict[Claim, threading.Event] = {}

    def refresh(self, age: float = FRESH_SECONDS) -> None:
        """Take in what changed since the last look; one small read, by index."""
        begun = time.monotonic()
        with self._lock:
            if self._looked_at < begun - age:
                self._look(begun)
            now = self._clock.now()
            for one in [one for one, frees_at in self._fading.items() if frees_at <= now]:
                self._forget(one)

    def taken(self, guichet_id: str, desk: str, first: int, width: int) -> int:
        """Bits of the occupied cells from ``first``, at most ``width`` of them."""
        day, offset = divmod(first, CELLS_OF_DAY)
        bits, shift = 0, -offset
        while shift < width:
            part = self._bits.get((guichet_id, desk, day), 0)
            if part:
                bits |= part << shift if shift >= 0 else part >> -shift
            day, shift = day + 1, shift + CELLS_OF_DAY
        return bits & ((1 << width) - 1)

    def changes(self, guichet_id: str, first: int | None = None, last: int | None = None) -> int:
        """Counted whenever a bit may have changed."""
        if first is None or last is None:
            return self._changes[guichet_id]
        return sum(self._changes_of_day[guichet_id, day] for day in range(first, last + 1))

    @contextmanager
    def claiming(self, appointment: Appointment) -> Iterator[None]:
        """While this process tries to take the appointment's place: others of it try another first, or wait."""
        first, last = cell_of(appointment.busy_from), -(-int(appointment.busy_until.timestamp()) // 300)
        mine, settled = Claim(appointment.guichet_id, appointment.desk, first, last), threading.Event()
        if appointment.session_id is not None or mine in self._claims:
            yield
            return
        self._claims[mine] = settled
        try:
            yield
        finally:
            del self._claims[mine]
            settled.set()

    def is_claimed(self, guichet_id: str, desk: str, first: int, width: int) -> bool:
        """Looks through the few claims under way."""
        return any(one.meets(guichet_id, (desk,), first, width) for one in tuple(self._claims))

    def settle(self, guichet_id: str, desks: Sequence[str], first: int, width: int) -> bool:
        """Waits for one of them."""
        for one, settled in tuple(self._claims.items()):
            if one.meets(guichet_id, desks, first, width):
                return settled.wait(SETTLE_SECONDS)
        return False

    def note(self, appointment: Appointment) -> None:
        """A change of this process, shown at once."""
        with self._lock:
            self._forget(appointment.id)
            self._taken_in.pop(appointment.id, None)
            if appointment.has_place and appointment.session_id is None:
                first, last = cell_of(appointment.busy_from), -(-int(appointment.busy_until.timestamp()) // 300)
                self._put(appointment.id, appointment.guichet_id, appointment.desk, first, last)
                if appointment.frees_at is not None:
                    self._fading[appointment.id] = appointment.frees_at

    def _look(self, now: float) -> None:
        if now - self._whole_at > WHOLE_SECONDS:
            self._read_whole()
        else:
            is_settled = now - self._newer_at > SETTLED_SECONDS
            since = self._seen if is_settled else self._seen - OVERLAP
            for row in self._rows.find({"changed_at": {"$gt": since}}, SHOWN):
                self._take_in(row)
        self._looked_at = now

    def _read_whole(self) -> None:
        since = (self._clock.now() - timedelta(days=BACK_DAYS)).date().isoformat()
        for key in self._bits:
            self._count(key)
        self._spans.clear()
        self._bits.clear()
        self._keys.clear()
        self._fading.clear()
        self._taken_in.clear()
        for row in self._rows.find({"day": {"$gte": since}}, SHOWN):
            self._take_in(row)
        self._whole_at = time.monotonic()

    def _take_in(self, row: Document) -> None:
        changed_at = row.get("changed_at")
        if changed_at is not None and self._taken_in.get(row["_id"]) == changed_at:
            return
        if changed_at is not None and changed_at > self._seen:
            self._seen, self._newer_at = changed_at, time.monotonic()
        self._forget(row["_id"])
        self._taken_in[row["_id"]] = changed_at
        if not row.get("occupies"):
            return
        busy_from, busy_until = row.get("busy_from") or row["start"], row.get("busy_until") or row["end"]
        last = -(-int(busy_until.timestamp()) // 300)
        self._put(row["_id"], row["guichet_id"], row["desk"], cell_of(busy_from), last)
        if row.get("frees_at") is not None:
            self._fading[row["_id"]] = row["frees_at"]

    def _put(self, one: str, guichet_id: str, desk: str, first: int, last: int) -> None:
        keys = self._keys[one] = []
        for day in range(first // CELLS_OF_DAY, (last - 1) // CELLS_OF_DAY + 1):
            key = (guichet_id, desk, day)
            begin = max(0, first - day * CELLS_OF_DAY)
            end = min(CELLS_OF_DAY, last - day * CELLS_OF_DAY)
            self._spans[key][one] = (begin, end)
            self._bits[key] = self._bits.get(key, 0) | ((1 << (end - begin)) - 1) << begin
            self._count(key)
            keys.append(key)

    def _forget(self, one: str) -> None:
        self._fading.pop(one, None)
        for key in self._keys.pop(one, ()):
            spans = self._spans[key]
            spans.pop(one, None)
            bits = 0
            for begin, end in spans.values():
                bits |= ((1 << (end - begin)) - 1) << begin
            self._bits[key] = bits
            self._count(key)

    def _count(self, key: Key) -> None:
        self._changes[key[0]] += 1
        self._changes_of_day[key[0], key[2]] += 1
