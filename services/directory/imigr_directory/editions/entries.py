"""Records of a town read in one language: the plain input of packs and brochures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imigr_kit.texts import FALLBACK, pick

Texts = Mapping[str, str]
Hours = Callable[[Mapping[str, Any], str], Sequence[str]]
"""Opening hours of a content as lines in a language."""


@dataclass(frozen=True)
class Published:
    """A published record as it is kept: texts by language inside ``content`` (see domain.content)."""

    id: str
    kind: str
    content: Mapping[str, Any]
    version: int = 1
    verified_on: str | None = None


@dataclass(frozen=True)
class Town:
    """A municipality with what its readers are given: its own records, and those common to all."""

    slug: str
    name: Texts
    timezone: str
    languages: tuple[str, ...]
    records: tuple[Published, ...]
    themes: tuple[Theme, ...]
    as_of: int = 0
    """Version of the directory at which it was read."""


@dataclass(frozen=True)
class Theme:
    """A theme; ``words`` are further names by which people look for it."""

    code: str
    parent: str | None
    name: Texts
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class Reader:
    """Reads texts in one language, or in the next one that there is, and remembers which."""

    language: str
    strangers: dict[str, str] = field(default_factory=dict)
    """Language of each text that is not in the reader's, by name."""

    def text(self, name: str, texts: Texts | None) -> str:
        """One text; empty when there is none in any language."""
        words, language = pick(texts or {}, (self.language, *FALLBACK))
        if language != self.language:
            self.strangers[name] = language
        return words


def in_language(texts: Texts | None, language: str) -> str:
    """One text, whatever its language."""
    return Reader(language).text("", texts)


def by_kind(records: Iterable[Published], kind: str) -> list[Published]:
    """Those of a kind, in the order of their ids, so that the same records always make the same edition."""
    return sorted((one for one in records if one.kind == kind), key=lambda one: one.id)
