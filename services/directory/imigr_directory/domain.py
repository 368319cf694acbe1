"""Municipalities, themes and local services: values and the facts of their changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from imigr_directory.errors import StaleVersion
from imigr_kit.facts import Fact

Text = Mapping[str, str]
"""A text in several languages, by BCP 47 tag."""
EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Municipality:
    """A municipality that takes part. ``reach`` is a written approximation of its area (a circle), used to
    assign places of a source that does not say."""

    slug: str
    name: Text
    governorate: Text
    location: Mapping[str, float]
    reach_km: float
    timezone: str
    languages: tuple[str, ...]
    version: int = 1

    def added(self) -> list[Fact]:
        """The first fact."""
        data = {
            "slug": self.slug,
            "name": dict(self.name),
            "timezone": self.timezone,
            "languages": list(self.languages),
        }
        return [Fact("municipality.added", self.slug, self.slug, 1, data)]


@dataclass(frozen=True)
class Term:
    """A theme; ``words`` are further names by which people look for it."""

    code: str
    parent: str | None
    name: Text
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """One entry of the directory. What its source does not say is empty, never guessed."""

    id: str
    municipality: str
    name: Text
    taxonomy: tuple[str, ...]
    description: Text = field(default_factory=dict)
    organization: Text = field(default_factory=dict)
    location: Mapping[str, float] | None = None
    address: Text = field(default_factory=dict)
    phones: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    fees: str | None = None
    website: str | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    verified_on: str | None = None
    name_is_generic: bool = False
    demonstration: bool = False
    state: str = "published"
    version: int = 1

    def published(self) -> tuple[Service, list[Fact]]:
        """The first fact."""
        return self, [self._fact("service.published")]

    def updated(self, changed: Service, version: int) -> tuple[Service, list[Fact]]:
        """Other content on the version that was read. Raises StaleVersion."""
        self._must_be(version)
        new = replace(changed, id=self.id, municipality=self.municipality, version=self.version + 1, state="published")
        return new, [new._fact("service.updated")]

    def withdrawn(self, version: int) -> tuple[Service, list[Fact]]:
        """No longer in the directory. Raises StaleVersion."""
        self._must_be(version)
        new = replace(self, state="withdrawn", version=self.version + 1)
        return new, [new._fact("service.withdrawn")]

    def _must_be(self, version: int) -> None:
        if self.version != version:
            raise StaleVersion(params={"version": self.version})

    def _fact(self, kind: str) -> Fact:
        data: dict[str, Any] = {
            "service_id": self.id,
            "version": self.version,
            "name": dict(self.name),
            "taxonomy": list(self.taxonomy),
            "location": dict(self.location) if self.location else None,
            "state": self.state,
        }
        return Fact(kind, self.id, self.municipality, self.version, data)


def distance_km(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Great-circle distance (haversine)."""
    lat_a, lat_b = math.radians(a["lat"]), math.radians(b["lat"])
    d_lat, d_lon = lat_b - lat_a, math.radians(b["lon"] - a["lon"])
    h = math.sin(d_lat / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(h))


def with_descendants(code: str, terms: Mapping[str, Term]) -> set[str]:
    """A theme and all below it."""
    found = {code}
    while True:
        more = {term.code for term in terms.values() if term.parent in found} - found
        if not more:
            return found
        found |= more
