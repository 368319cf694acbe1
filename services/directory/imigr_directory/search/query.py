"""What is asked of the search, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from imigr_directory.domain import Service
from imigr_directory.search.hours import Calendars

RELEVANCE, DISTANCE, NAME = "relevance", "distance", "name"
SORTS = (RELEVANCE, DISTANCE, NAME)
DEEPEST = 10_000
"""Hits that can be reached by pages; who wants all of a directory takes its export or its feed of changes."""


@dataclass(frozen=True)
class Query:
    """What is looked for; everything given must hold. ``languages`` are the reader's, for the order of names;
    ``calendars`` are those of the towns, for what is open;
    ``spoken`` and ``accessibility`` must all be offered; ``today`` tells which
    entries are stale; without it none is."""

    q: str = ""
    languages: tuple[str, ...] = ()
    municipality: str | None = None
    taxonomy: str | None = None
    spoken: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    free: bool = False
    open_now: bool = False
    open_at: datetime | None = None
    near: Mapping[str, float] | None = None
    radius_km: float | None = None
    sort: str | None = None
    facets: bool = False
    page: int = 1
    per_page: int = 20
    today: date | None = None
    calendars: Calendars = field(default_factory=dict)

    @property
    def order(self) -> str:
        """The order asked for, or the natural one: by relevance to words, else by distance, else by name."""
        if self.sort is not None:
            return self.sort
        if self.q.strip():
            return RELEVANCE
        return NAME if self.near is None else DISTANCE


@dataclass(frozen=True)
class Hit:
    """An entry that was found, and how far it is from the point asked about."""

    service: Service
    distance_km: float | None


Facets = Mapping[str, Mapping[str, int]]
"""Group, value, how many entries one would find with that value (and the other filters as they are)."""


@dataclass(frozen=True)
class Help:
    """For a reader who found nothing. ``did_you_mean``: the words as they may have been meant. ``without``: how many
    one would find with one filter less, by its name. ``nearest_km``: how far the nearest beyond the radius is."""

    did_you_mean: str | None
    without: Mapping[str, int]
    nearest_km: float | None


@dataclass(frozen=True)
class Found:
    """A page of hits, how many there are in all, and the facets when asked for."""

    hits: list[Hit]
    total: int
    facets: Facets = field(default_factory=dict)
