"""One copy of all published records in memory, with the search over the services, kept up to date record by record.

Every process of the directory has its own. It follows by the server's time at which the public side of a record last
changed: it asks for what was touched since some seconds before the last time it has seen, because writes become visible
out of that order within moments, and leaves out what it has already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bson import Timestamp

from imigr_directory.domain import KINDS, Municipality, Record, Service, Term, service_of
from imigr_directory.domain.calendar import Calendar
from imigr_directory.reading.shared import code_of
from imigr_directory.reading.sharing import Sharing
from imigr_directory.search import Searcher
from imigr_kit.logs import get_logger

log = get_logger(__name__)

OVERLAP_SECONDS = 20
"""Longer than any write waits for its acknowledgement."""
TOLD_EVERY = 4096
AT_ONCE = 256
"""Changed records that are taken in before others are answered again; an import brings thousands."""
SWEEP_SECONDS = 15.0
"""After this long the snapshot looks also when no change was announced: who wrote may have died before announcing."""


@dataclass(frozen=True)
class State:
    """``version`` grows with every change, ``rebuilding`` with every wish that all is made anew."""

    version: int
    rebuilding: int


class Source(Protocol):
    """Where the records come from."""

    def state(self) -> State:
        """What was announced last."""
        ...

    def municipalities(self) -> Sequence[Municipality]:
        """All that take part, by slug."""
        ...

    def terms(self) -> Mapping[str, Term]:
        """All themes by code."""
        ...

    def all_calendars(self) -> Mapping[str, Calendar]:
        """Calendars of all towns, by slug."""
        ...

    def touched_since(self, kind: str, since: Timestamp | None) -> Iterator[tuple[Record, Timestamp]]:
        """Records in whatever state, in the order of their last public change."""
        ...


class Snapshot:
    """What readers see now. ``records`` holds the public ones by kind and id; ``services`` is the search. A version
    that grew means that anything may be another; what is read within one call without waiting is of one moment."""

    def __init__(self, source: Source, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sharing = Sharing()
        self._load()

    @property
    def version(self) -> int:
        """The announced version that is contained."""
        return self._state.version

    def refresh(self) -> None:
        """Take in what has changed; one database call when nothing has."""
        with self._lock:
            state = self._source.state()
            if state.rebuilding != self._state.rebuilding:
                self._load()
            elif state.version != self._state.version or self._monotonic() > self._sweep_at:
                self._follow(state)

    def shared(self, code: str) -> Service | None:
        """The public service with this code in its links."""
        return self.services.get(self._codes.get(code, ""))

    def _load(self) -> None:
        state = self._source.state()
        towns, terms = self._source.municipalities(), self._source.terms()
        self._seen: dict[str, Timestamp | None] = dict.fromkeys(KINDS)
        records: dict[str, dict[str, Record]] = {
            kind: {one.id: self._sharing.record(one) for one in self._touched(kind) if one.is_public} for kind in KINDS
        }
        services = Searcher([service_of(one) for one in records["service"].values()], terms, towns, _building)
        calendars = self._source.all_calendars()
        self.towns, self.terms, self.calendars, self.records, self.services = towns, terms, calendars, records, services
        self._codes = {code_of(one): one for one in records["service"]}
        self._settle(state)

    def _follow(self, state: State) -> None:
        towns, terms = self._source.municipalities(), self._source.terms()
        if list(towns) != list(self.towns) or terms != self.terms:
            self._load()
            return
        self.calendars = self._source.all_calendars()
        for kind in KINDS:
            changed = [self._sharing.record(one) for one in self._touched(kind) if self._is_news(one)]
            for first in range(0, len(changed), AT_ONCE):
                self._take(kind, changed[first : first + AT_ONCE])
                time.sleep(0)  # others are answered meanwhile
        self._settle(state)

    def _touched(self, kind: str) -> Iterator[Record]:
        """Read one by one, so that what the database said is never held beside what is kept."""
        seen = self._seen[kind]
        since = None if seen is None else Timestamp(max(0, seen.time - OVERLAP_SECONDS), 0)
        for record, touched in self._source.touched_since(kind, since):
            self._seen[kind] = touched
            yield record

    def _is_news(self, record: Record) -> bool:
        known = self.records[record.kind].get(record.id)
        return record.is_public if known is None else record.revision > known.revision

    def _take(self, kind: str, changed: Iterable[Record]) -> None:
        kept = self.records[kind]
        news = list(changed)
        for record in news:
            if record.is_public:
                kept[record.id] = record
            else:
                kept.pop(record.id, None)
        if kind == "service" and news:
            self.services.apply([service_of(record) for record in news])
            self._codes |= {code_of(record.id): record.id for record in news}

    def _settle(self, state: State) -> None:
        self._state = state
        self._sweep_at = self._monotonic() + SWEEP_SECONDS


def _building(done: int, of: int) -> None:
    """Let others be answered meanwhile, from the copy that is being replaced, and say how far it is."""
    if done == of or done % TOLD_EVERY == 0:
        log.info("search.building", done=done, of=of)
    time.sleep(0)
