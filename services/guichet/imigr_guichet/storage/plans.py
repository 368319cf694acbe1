"""Guichets in MongoDB, read through a short cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.ports.plans import Saved
from imigr_guichet.storage.collections import CALENDARS, GUICHETS
from imigr_guichet.written import Document, guichet_of, guichet_row, regime_of
from imigr_kit.clock import Clock
from imigr_kit.commands import Command
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import not_after
from imigr_kit.outbox import new_document_fields, with_events

Stamp = Callable[[Iterable[Fact]], list[Document]]
PLAN_SECONDS = 2.0
REVIEW = timedelta(seconds=30)
"""How long after a change bookings by the old plan may still come in: the cache, a call's deadline, and some."""
COMMANDS = 20
YEARS = 3
"""Holidays are worked out for last year, this one, and the next."""


class MongoPlans:
    """Guichets, read through a cache of two seconds: every booking needs the plan, and plans change rarely.

    Holidays and regimes of the municipality's calendar are merged in; a year that the calendar does not have is worked
    out by the ``holidays`` library.
    """

    def __init__(self, db: Database[Document], stamp: Stamp, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._stamp = stamp
        self._cache: dict[str, Guichet] = {}
        self._read: dict[str, tuple[Document, Document | None, int]] = {}
        self._raw: list[bytes] = []
        self._lock = threading.Lock()
        self._read_at = self._changed_at = float("-inf")

    def get(self, guichet_id: str) -> Guichet | None:
        """One guichet, at most two seconds old."""
        return self._fresh().get(guichet_id)

    def read(self, guichet_id: str) -> Guichet | None:
        """One guichet as it is stored now."""
        self._changed_at = time.monotonic()
        return self.get(guichet_id)

    def all(self, municipality: str | None) -> Sequence[Guichet]:
        """All guichets, or those of one municipality, by id."""
        found = [one for one in self._fresh().values() if municipality in (None, one.municipality)]
        return sorted(found, key=lambda one: one.id)

    def put(self, guichet: Guichet, facts: Sequence[Fact]) -> bool:
        """Store a new guichet with its facts; false when it is there already."""
        body = guichet_row(guichet) | new_document_fields(self._stamp(facts))
        try:
            self._db[GUICHETS].insert_one({"_id": guichet.id, **body})
        except DuplicateKeyError:
            return False
        self._changed_at = time.monotonic()
        return True

    def change(self, guichet: Guichet, facts: Sequence[Fact], command: Command, now: datetime) -> Saved:
        """One conditional write; see ports.plans."""
        body = guichet_row(guichet) | {"review_until": now + REVIEW}
        kept = {"$each": [{"key": command.key, "body": command.body_hash}], "$slice": -COMMANDS}
        update = with_events({"$set": body, "$push": {"commands": kept}}, self._stamp(facts))
        query = {"_id": guichet.id, "version": guichet.version - 1, "commands.key": {"$ne": command.key}}
        written = self._db[GUICHETS].update_one(not_after(query, current().deadline), update)
        self._changed_at = time.monotonic()
        if written.modified_count:
            return "done"
        row = self._db[GUICHETS].find_one({"_id": guichet.id, "commands.key": command.key}, {"commands": 1})
        if row is None:
            return "stale"
        same = any(one["key"] == command.key and one["body"] == command.body_hash for one in row["commands"])
        return "repeated" if same else "reused"

    def to_review(self, now: datetime) -> Sequence[Guichet]:
        """By the mark that change has left; a mark whose time is over is taken away and reviewed a last time."""
        rows = list(self._db[GUICHETS].find({"review_until": {"$exists": True}}, {"review_until": 1}))
        for row in rows:
            if row["review_until"] <= now:
                mark = {"_id": row["_id"], "review_until": row["review_until"]}
                self._db[GUICHETS].update_one(mark, {"$unset": {"review_until": ""}})
        found = [self.read(row["_id"]) for row in rows]
        return [one for one in found if one is not None]

    def _fresh(self) -> dict[str, Guichet]:
        """Read anew after two seconds, or when the last reading began before a change of this process."""
        if not self._is_fresh():
            with self._lock:
                if not self._is_fresh():
                    self._read_all()
        return self._cache

    def _is_fresh(self) -> bool:
        return self._read_at > max(self._changed_at, time.monotonic() - PLAN_SECONDS)

    def _read_all(self) -> None:
        begun = time.monotonic()
        year = self._clock.now().year
        unread = {"outbox": 0, "unsent": 0, "commands": 0}
        # Compared as bytes first: nearly always nothing has changed, and decoding costs more than all the rest.
        raw = [*self._db[CALENDARS].find_raw_batches({}), *self._db[GUICHETS].find_raw_batches({}, unread)]
        raw.append(str(year).encode())
        if raw != self._raw:
            calendars = {row["_id"]: row for row in self._db[CALENDARS].find({})}
            rows = self._db[GUICHETS].find({}, unread)
            self._cache = {row["_id"]: self._kept(row, calendars.get(row["municipality"]), year) for row in rows}
            self._raw = raw
        self._read_at = begun

    def _kept(self, row: Document, calendar: Document | None, year: int) -> Guichet:
        """The guichet in a row; the object of the last reading when nothing has changed, so that what was worked out
        from it stays good."""
        read = (row, calendar, year)
        before = self._cache.get(row["_id"])
        if before is not None and self._read.get(row["_id"]) == read:
            return before
        self._read[row["_id"]] = read
        return with_calendar(guichet_of(row), calendar, read[2])


def with_calendar(guichet: Guichet, calendar: Document | None, this_year: int) -> Guichet:
    """The guichet with the holidays and regimes of its municipality."""
    regimes = tuple(regime_of(one) for one in (calendar or {}).get("regimes", ()))
    days = {date.fromisoformat(day) for day in (calendar or {}).get("closed", ())}
    if guichet.holidays is None:
        return replace(guichet, closed=frozenset(days), town_regimes=regimes)
    known: Mapping[str, list[str]] = (calendar or {}).get("years", {})
    days |= {date.fromisoformat(day) for year in known.values() for day in year}
    for year in range(this_year - 1, this_year - 1 + YEARS):
        if str(year) not in known:
            days |= computed(guichet.holidays, year)
    return replace(guichet, closed=frozenset(days), town_regimes=regimes)


@lru_cache(maxsize=64)
def computed(country: str, year: int) -> frozenset[date]:
    """Public holidays as the library works them out; those of the lunar calendar are estimates. In Tunisia the Day of
    the Revolution is 17 December since 2021 (presidential decree 2021-223), which the library does not know."""
    days = set(holidays.country_holidays(country, years=year))
    if country == "TN" and year >= 2021:
        days = days - {date(year, 1, 14)} | {date(year, 12, 17)}
    return frozenset(days)
