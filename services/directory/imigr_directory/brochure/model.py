"""What stands in a brochure, in the order in which it is read; no edition, no date: the same content is the same."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from babel import Locale, UnknownLocaleError

from imigr_directory.editions.entries import Hours, Published, Reader, Theme, Town, by_kind, in_language
from imigr_directory.folding import words as folded

MAP = "https://www.openstreetmap.org/?mlat={lat:.5f}&mlon={lon:.5f}#map=18/{lat:.5f}/{lon:.5f}"
OTHER = ""
"""The chapter of what has no theme that is known."""


@dataclass(frozen=True)
class Article:
    """An article on a right. ``sections``: heading, body, steps. ``see``: names of services."""

    id: str
    title: str
    summary: str
    sections: tuple[tuple[str, str, tuple[str, ...]], ...]
    see: tuple[str, ...]
    language: str
    """In which its title is written, when there is none in the brochure's language."""


@dataclass(frozen=True)
class Entry:
    """A service. ``facts`` are label and text, ready to be printed; ``map`` the address of its place on a map."""

    id: str
    name: str
    organization: str
    text: str
    facts: tuple[tuple[str, str], ...]
    map: str | None
    checked: str | None
    language: str


@dataclass(frozen=True)
class Chapter:
    """Services of a theme; ``also`` counts places of which only the kind and the place are known."""

    code: str
    title: str
    entries: tuple[Entry, ...]
    also: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Content:
    """A whole brochure."""

    municipality: str
    language: str
    town: str
    articles: tuple[Article, ...]
    chapters: tuple[Chapter, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of all of it."""
        return _digest(asdict(self))

    def digests(self) -> dict[str, tuple[str, str]]:
        """Name and hash of each record, by id: what editions are compared by."""
        records: Sequence[Article | Entry] = [*self.articles, *(one for each in self.chapters for one in each.entries)]
        return {
            one.id: (one.title if isinstance(one, Article) else one.name, _digest(asdict(one))[:16]) for one in records
        }


def words_of(language: str) -> Mapping[str, str]:
    """The brochure's own words; French where a language has none yet."""
    return _words().get(language) or _words()["fr"]


def content_of(town: Town, language: str, hours: Hours) -> Content:
    """The brochure of a town in a language."""
    services = by_kind(town.records, "service")
    names = {one.id: in_language(one.content.get("name"), language) for one in services}
    articles = [_article(one, language, names) for one in by_kind(town.records, "article")]
    order = {one.id: one.content.get("order") or 0 for one in town.records}
    articles.sort(key=lambda one: (order[one.id], folded(one.title), one.id))
    chapters = _chapters(services, town, language, hours)
    return Content(town.slug, language, in_language(town.name, language), tuple(articles), chapters)


def _chapters(services: Sequence[Published], town: Town, language: str, hours: Hours) -> tuple[Chapter, ...]:
    themes = {one.code: one for one in town.themes}
    by_theme: dict[str, list[Published]] = {}
    for one in services:
        by_theme.setdefault(_root(one, themes), []).append(one)
    made = []
    for code, found in by_theme.items():
        title = in_language(themes[code].name, language) if code in themes else words_of(language)["other"]
        bare = [one for one in found if _is_bare(one)]
        entries = [_entry(one, language, hours) for one in found if not _is_bare(one)]
        entries.sort(key=lambda one: (folded(one.name), one.id))
        kinds = Counter(in_language(one.content["name"], language) for one in bare)
        made.append(Chapter(code, title, tuple(entries), tuple(sorted(kinds.items()))))
    return tuple(sorted(made, key=lambda one: (one.code == OTHER, folded(one.title), one.code)))


def _root(service: Published, themes: Mapping[str, Theme]) -> str:
    code = next((one for one in service.content.get("taxonomy") or () if one in themes), OTHER)
    seen: set[str] = set()
    while code not in seen and code in themes and themes[code].parent in themes:
        seen.add(code)
        code = themes[code].parent or code
    return code


def _is_bare(service: Published) -> bool:
    """A place without a name of its own, of which nothing more is known than where it is."""
    told = ("description", "address", "phones", "schedules", "website", "organization")
    return bool(service.content.get("name_is_generic")) and not any(service.content.get(name) for name in told)


def _article(one: Published, language: str, names: Mapping[str, str]) -> Article:
    reader, content = Reader(language), one.content
    sections = tuple(
        (
            reader.text("heading", section.get("heading")),
            reader.text("body", section.get("body")),
            tuple(reader.text("step", step.get("text")) for step in section.get("steps") or ()),
        )
        for section in content.get("sections") or ()
    )
    title, summary = reader.text("title", content.get("title")), reader.text("summary", content.get("summary"))
    see = tuple(names[service] for service in content.get("services") or () if service in names)
    return Article(one.id, title, summary, sections, see, reader.strangers.get("title", language))


def _entry(one: Published, language: str, hours: Hours) -> Entry:
    reader, content, words = Reader(language), one.content, words_of(language)
    name = reader.text("name", content["name"])
    comma = "، " if language == "ar" else ", "
    facts = [
        ("", reader.text("address", content.get("address"))),
        (words["phone"], comma.join(f"\u2066{phone}\u2069" for phone in content.get("phones") or ())),
        *((words["hours"] if at == 0 else "", line) for at, line in enumerate(hours(content, language))),
        (words["who"], reader.text("who", (content.get("eligibility") or {}).get("text"))),
        (words["bring"], comma.join(reader.text("bring", row.get("name")) for row in content.get("documents") or ())),
        (words["costs"], comma.join(reader.text("costs", row.get("option")) for row in content.get("costs") or ())),
        (words["apply"], reader.text("apply", content.get("application"))),
        (words["languages"], comma.join(_language_name(code, language) for code in content.get("languages") or ())),
        ("", comma.join(_signs(content, words))),
        ("", f"\u2066{content['website']}\u2069" if content.get("website") else ""),
    ]
    place = content.get("location")
    return Entry(
        one.id,
        name,
        reader.text("organization", content.get("organization")),
        reader.text("description", content.get("description")),
        tuple((label, text) for label, text in facts if text),
        MAP.format(**place) if place else None,
        one.verified_on,
        reader.strangers.get("name", language),
    )


def _signs(content: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    codes = [content.get("fees"), *(content.get("accessibility") or ())]
    return [words[code] for code in codes if code in words]


def _language_name(code: str, language: str) -> str:
    try:
        return str(Locale.parse(language).languages.get(code) or code)
    except (UnknownLocaleError, ValueError):
        return code


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@cache
def _words() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(
        (files("imigr_directory") / "brochure" / "words.json").read_text("utf-8")
    )
    return found
