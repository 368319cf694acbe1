"""What an import knows while it reads: language, municipality, themes, and where its remarks go."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imigr_directory.domain import Municipality, Term
from imigr_directory.exchange.report import Report
from imigr_kit.texts import FALLBACK

Nested = Mapping[str, Any]
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_LATIN = re.compile(r"[A-Za-zÀ-ÿ]")
_TAG = re.compile(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")


@dataclass(frozen=True)
class Where:
    """The row a remark is about."""

    table: str
    row: int | None


@dataclass(frozen=True)
class Reading:
    """``municipality`` None: each service goes to the town whose area holds its place. ``themes`` says which theme of
    ours a term of theirs is (by its code, name or id); ``theme`` is taken where none is. ``hours`` reads opening hours
    in words, giving a schedule as kept, or None. ``faults`` says which parts of a content the directory refuses.
    ``names``: tags of languages by their names in small letters. ``origin``: the source that new records name."""

    source: str
    language: str
    municipality: str | None
    towns: Sequence[Municipality]
    terms: Mapping[str, Term]
    report: Report
    hours: Callable[[str], Mapping[str, Any] | None]
    faults: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    themes: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)

    def note(self, what: Any, reason: str, where: Where, name: str | None = None, sample: object = None) -> None:
        """A remark about a row."""
        self.report.note(what, reason, where.table, where.row, name, sample)

    def text(self, row: Nested, name: str) -> dict[str, str]:
        """A text in all its languages: those that the profile's translations say, and the field itself."""
        said = row.get("translations", {}).get(name, {})
        found = {tag: str(text) for tag, text in said.items() if _TAG.match(tag) and text}
        plain = row.get(name)
        if plain not in (None, "") and plain not in found.values():
            found[self.language_of(str(plain))] = str(plain)
        return found

    def language_of(self, text: str) -> str:
        """Arabic when most letters are; else the language of the import."""
        arabic, latin = len(_ARABIC.findall(text)), len(_LATIN.findall(text))
        if arabic > latin:
            return self.language if self.language.startswith(("ar", "fa", "ur")) else "ar"
        return self.language


def plain(text: Mapping[str, str], first: str) -> str:
    """One text of several: in its first language, else along fr, en, ar."""
    return next((text[tag] for tag in (first, *FALLBACK) if tag in text), next(iter(text.values()), ""))


def slug(text: str) -> str:
    """A code made of a name; empty when nothing of it is in Latin letters."""
    found = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return re.sub(r"^[0-9_]+", "", found)[:60]
