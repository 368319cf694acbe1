"""Municipalities that take part, and the themes by which services are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imigr_kit.facts import Fact

Text = Mapping[str, str]
"""A text in several languages, by BCP 47 tag."""


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


def with_descendants(code: str, terms: Mapping[str, Term]) -> set[str]:
    """A theme and all below it."""
    found = {code}
    while True:
        more = {term.code for term in terms.values() if term.parent in found} - found
        if not more:
            return found
        found |= more
