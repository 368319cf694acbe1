"""Questions to the index: words, filters, facets, order, pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from imigr_directory.domain import Municipality, Service, Term
from imigr_directory.errors import PageTooDeep
from imigr_directory.search.columns import (
    Floats,
    Mask,
    Slots,
    Worth,
    kilometres,
    slots_of,
    together,
)
from imigr_directory.search.entry import GROUPS
from imigr_directory.search.helping import help_for
from imigr_directory.search.index import Building, Index
from imigr_directory.search.query import DEEPEST, DISTANCE, NAME, Facets, Found, Help, Hit, Query
from imigr_directory.search.scoring import Scored, scored

STALE, GENERIC, LONG = 0.12, 0.05, 0.01
"""What a stale entry, a name that is only a kind of place, and each word of a long name take from the score."""
FINE, COARSE = 100, 10
"""Steps of the score that count as different; coarser when the nearer of two equally good ones shall be first."""
FAR = 5.0
"""More than the square of any chord."""
Steps = npt.NDArray[np.uint8]
SMALL = 1024


class Searcher:
    """Answers questions; follows changes of entries."""

    def __init__(
        self,
        services: Iterable[Service],
        terms: Mapping[str, Term],
        towns: Iterable[Municipality] = (),
        building: Building = lambda done, of: None,
    ) -> None:
        self._index = Index(services, terms, towns, building)

    def __len__(self) -> int:
        return len(self._index)

    def get(self, service_id: str) -> Service | None:
        """One public entry."""
        return self._index.get(service_id)

    def services(self) -> Iterable[Service]:
        """All public entries."""
        return self._index.services()

    def apply(self, changed: Iterable[Service]) -> None:
        """Entries as they are now, withdrawn ones too."""
        self._index.apply(changed)

    def find(self, query: Query) -> Found:
        """A page. Raises PageTooDeep."""
        last = query.page * query.per_page
        if last > DEEPEST and query.page > 1:
            raise PageTooDeep(params={"deepest": DEEPEST})
        columns = self._index.columns
        words = self._words(query)
        base = words.mask
        if query.near is not None and query.radius_km is not None:
            base = columns.near(query.near, query.radius_km, base)
        if query.open_at is not None:
            base = base & columns.with_hours(self._index.hours.open_at(query.open_at, query.calendars))
        filters = _filters(query)
        hits = together((self._mask(group, filters[group]) for group in filters), base)
        facets = self._facets(base, filters, hits) if query.facets else {}
        slots = slots_of(hits, columns.used)
        page = self._page(query, slots, words)
        return Found(self._hits(page, query.near), len(slots), facets)

    def help(self, query: Query) -> Help:
        """What may help who found nothing."""
        return help_for(query, self.find, self._index.postings)

    def _words(self, query: Query) -> Scored:
        columns = self._index.columns
        alive = columns.alive()
        if not query.q.strip():
            return Scored(alive, np.zeros(columns.used, np.float32))
        return scored(query.q, self._index.postings, columns.used, alive)

    def _mask(self, group: str, wanted: Iterable[str]) -> Mask:
        columns = self._index.columns
        every: Iterator[Mask] = (columns.with_value(group, value) for value in wanted)
        return together(every, columns.alive())

    def _facets(self, base: Mask, filters: Mapping[str, tuple[str, ...]], hits: Mask) -> Facets:
        """A group that takes one value only is counted as if nothing of it had been chosen."""
        found: dict[str, Mapping[str, int]] = {}
        for group in GROUPS:
            bits = self._index.columns.groups.get(group)
            among = hits
            if group in filters and group in ("municipality", "taxonomy", "fees"):
                others = (self._mask(other, filters[other]) for other in filters if other != group)
                among = together(others, base)
            found[group] = {} if bits is None else bits.counts(among)
        return found

    def _page(self, query: Query, slots: Slots, words: Scored) -> Slots:
        """The slots of a page in order. First by how good they are, in steps, so that only those of the step at which
        the page ends, and better ones, are looked at further: by distance and by name."""
        first, last = (query.page - 1) * query.per_page, query.page * query.per_page
        steps = self._steps(query, slots, words)
        if steps is not None:
            kept = at_least(steps, last)
            slots, steps = slots[kept], steps[kept]
        away = self._away(query, slots)
        primary = away if steps is None else away - steps * (2 * FAR)
        ranks = self._index.order(query.languages[0] if query.languages else "fr").ranks(slots)
        return slots[best(primary, ranks, last)[first:last]]

    def _away(self, query: Query, slots: Slots) -> Floats:
        if query.near is None or query.order == NAME:
            return np.zeros(len(slots))
        found = self._index.columns.chords(query.near, slots)
        found[np.isnan(found)] = FAR
        return found

    def _steps(self, query: Query, slots: Slots, words: Scored) -> Steps | None:
        """How good each slot is, in whole steps; None when the order does not ask for it."""
        columns = self._index.columns
        if query.order == DISTANCE or (query.order == NAME and query.sort):
            return None
        if query.order == NAME:
            return np.asarray(1 - columns.generic(slots)).astype(np.uint8)
        day = 0 if query.today is None else query.today.toordinal()
        row, step = (0, FINE) if query.near is None else (1, COARSE)
        score = words.scores[slots] * columns.worth(day, worth)[row, slots]
        steps: Steps = np.rint(score * step).astype(np.uint8)
        return steps

    def _hits(self, slots: Slots, near: Mapping[str, float] | None) -> list[Hit]:
        if near is None:
            return [Hit(self._index.at(slot), None) for slot in slots.tolist()]
        away = kilometres(self._index.columns.chords(near, slots)).tolist()
        return [
            Hit(self._index.at(slot), None if distance != distance else round(distance, 2))  # nan: it has no place
            for slot, distance in zip(slots.tolist(), away, strict=True)
        ]


def worth(stale: npt.NDArray[np.bool_], generic: npt.NDArray[np.uint8], words: npt.NDArray[np.uint8]) -> Worth:
    """By what scores are multiplied, by slot: with the length of the name and, where distance decides, without."""
    found = ((1 - STALE * stale) * (1 - GENERIC * generic)).astype(np.float32)
    return np.stack([found * (1 - LONG * words).astype(np.float32), found])


def at_least(steps: Steps, wanted: int) -> Slots:
    """Positions of the best steps that hold as many as are wanted, and no step more."""
    if len(steps) <= wanted:
        return np.arange(len(steps))
    many = np.cumsum(np.bincount(steps, minlength=256)[::-1])
    least = 255 - int(np.searchsorted(many, wanted))
    return np.flatnonzero(steps >= least)


def best(primary: Floats, ranks: Floats, wanted: int) -> Slots:
    """Positions of the ``wanted`` least by primary and rank, in order, without sorting all the others. The same
    question asked for another page cuts the same order."""
    if len(primary) <= max(SMALL, wanted):
        return np.lexsort((ranks, primary))
    edge = np.partition(primary, wanted - 1)[wanted - 1]
    sure, equal = np.flatnonzero(primary < edge), np.flatnonzero(primary == edge)
    missing = wanted - len(sure)
    if missing < len(equal):
        nearest = np.argpartition(ranks[equal], missing - 1)[:missing]
        equal = equal[nearest]
    some = np.concatenate([sure, equal])
    return np.asarray(some[np.lexsort((ranks[some], primary[some]))])


def _filters(query: Query) -> dict[str, tuple[str, ...]]:
    given = {
        "municipality": (query.municipality,) if query.municipality else (),
        "taxonomy": (query.taxonomy,) if query.taxonomy else (),
        "languages": query.spoken,
        "accessibility": query.accessibility,
        "fees": ("free",) if query.free else (),
    }
    return {group: wanted for group, wanted in given.items() if wanted}
