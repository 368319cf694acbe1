"""Questions to the index: words, filters, facets, order, pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from imigr_directory.domain import Municipality, Service, Term
from imigr_directory.errors import PageTooDeep
from imigr_directory.search.columns import (
    Floats,
    Mask,
    Slots,
    chord,
    kilometres,
    packed,
    slots_of,
    together,
)
from imigr_directory.search.entry import GROUPS
from imigr_directory.search.index import Index
from imigr_directory.search.query import DEEPEST, DISTANCE, NAME, Facets, Found, Hit, Query
from imigr_directory.search.scoring import Scored, scored

STALE, GENERIC, LONG = 0.12, 0.05, 0.01
"""What a stale entry, a name that is only a kind of place, and each word of a long name take from the score."""
FINE, COARSE = 100, 10
"""Steps of the score that count as different; coarser when the nearer of two equally good ones shall be first."""
FAR = 5.0
SMALL = 1024


class Searcher:
    """Answers questions; follows changes of entries."""

    def __init__(
        self, services: Iterable[Service], terms: Mapping[str, Term], towns: Iterable[Municipality] = ()
    ) -> None:
        self._index = Index(services, terms, towns)

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
        chords = None if query.near is None else columns.chords(query.near)
        base = words.mask
        if chords is not None and query.radius_km is not None:
            base = base & packed(chords <= chord(query.radius_km))
        if query.open_at is not None:
            base = base & columns.with_hours(self._index.hours.open_at(query.open_at, query.calendars))
        filters = _filters(query)
        hits = together((self._mask(group, filters[group]) for group in filters), base)
        facets = self._facets(base, filters, hits) if query.facets else {}
        slots = slots_of(hits, columns.used)
        page = self._page(query, slots, words, chords)
        return Found([self._hit(slot, chords) for slot in page.tolist()], len(slots), facets)

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

    def _page(self, query: Query, slots: Slots, words: Scored, chords: Floats | None) -> Slots:
        first, last = (query.page - 1) * query.per_page, query.page * query.per_page
        ranks = self._index.order(query.languages[0] if query.languages else "fr").ranks(slots)
        return slots[best(self._primary(query, slots, words, chords), ranks, last)[first:last]]

    def _primary(self, query: Query, slots: Slots, words: Scored, chords: Floats | None) -> Floats:
        """What is sorted by before the name, the least first."""
        away = np.full(len(slots), FAR) if chords is None else np.nan_to_num(chords[slots], nan=FAR)
        if query.order == DISTANCE:
            return away
        if query.order == NAME:
            return np.zeros(len(slots)) if query.sort else self._index.columns.generic(slots).astype(np.float64)
        score = self._relevance(query, slots, words)
        step = FINE if chords is None else COARSE
        return away - np.round(score * step) * 2 * FAR

    def _relevance(self, query: Query, slots: Slots, words: Scored) -> Floats:
        columns = self._index.columns
        score = words.scores[slots].astype(np.float64)
        score *= 1 - STALE * self._staleness(query, slots)
        score *= 1 - GENERIC * columns.generic(slots)
        if query.near is None:
            score *= 1 - LONG * columns.name_words(slots)
        return score

    def _staleness(self, query: Query, slots: Slots) -> Floats:
        today = 0 if query.today is None else query.today.toordinal()
        return self._index.columns.stale(slots, today).astype(np.float64)

    def _hit(self, slot: int, chords: Floats | None) -> Hit:
        service = self._index.at(slot)
        if chords is None or service.location is None:
            return Hit(service, None)
        return Hit(service, round(float(kilometres(chords[slot])), 2))


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
