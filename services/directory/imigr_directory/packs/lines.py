"""A pack as text: one JSON document, one record a line, so that a change of a record is a change of its line.

Nothing in it says when it was made: the same content is the same text, and has the same name (see codec).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from imigr_directory.editions.entries import Hours, Published, Reader, Theme, Town
from imigr_directory.folding import sounds, words

FORMAT = 1
SHORTEST_SOUND = 3
DEGREES = 5
"""Decimals of coordinates: about a metre."""
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_PLAIN = ("phones", "languages", "accessibility", "fees", "website")
_RECORDS = ("service", "article", "alert")


@dataclass(frozen=True)
class Lines:
    """The head and the records of a pack, each as one line of JSON; records by id."""

    head: str
    records: Mapping[str, str]

    def text(self) -> str:
        """The whole document. ``head`` lacks its closing brace; records stand in the order of their ids."""
        body = ",\n".join(self.records[one] for one in sorted(self.records))
        return f'{self.head},"records":[\n{body}\n]}}\n'


def parsed(text: str) -> Lines:
    """The lines of a pack's text. Raises ValueError for what ``text()`` did not write."""
    head, _, body = text.partition(',"records":[\n')
    if not body.endswith("\n]}\n"):
        raise ValueError("not a pack")
    rows = [line.removesuffix(",") for line in body.removesuffix("\n]}\n").split("\n") if line]
    return Lines(head, {json.loads(row)["id"]: row for row in rows})


def lines_of(town: Town, language: str, hours: Hours, kept: dict[Any, str] | None = None) -> Lines:
    """A town in a language. ``kept`` holds lines by record, version and language from one time to the next."""
    memory = {} if kept is None else kept
    records = {}
    for one in town.records:
        if one.kind in _RECORDS:
            key = (one.id, one.version, one.verified_on, language)
            if key not in memory:
                memory[key] = _dumped(_record(one, language, hours))
            records[one.id] = memory[key]
    reader = Reader(language)
    head = {
        "format": FORMAT,
        "municipality": town.slug,
        "language": language,
        "name": reader.text("name", town.name),
        "timezone": town.timezone,
        "themes": [_theme(one, language) for one in sorted(town.themes, key=lambda one: one.code)],
    }
    return Lines(_dumped(head)[:-1], records)


def _theme(theme: Theme, language: str) -> dict[str, Any]:
    spoken = [*theme.name.values(), *(word for more in theme.words.values() for word in more)]
    told = {"code": theme.code, "name": Reader(language).text("name", theme.name), "find": _tokens(spoken)}
    return told if theme.parent is None else told | {"parent": theme.parent}


def _record(one: Published, language: str, hours: Hours) -> dict[str, Any]:
    reader = Reader(language)
    told = {"service": _service, "article": _article, "alert": _alert}[one.kind](one.content, reader)
    told |= {
        "id": one.id,
        "kind": one.kind,
        "checked": one.verified_on,
        "themes": list(one.content.get("taxonomy", ())),
    }
    if one.kind == "service":
        told["hours"] = list(hours(one.content, language))
    if reader.strangers:
        told["in"] = reader.strangers
    return {name: value for name, value in told.items() if value not in (None, "", [], {}, ())}


def _service(content: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    names = [*content["name"].values(), *content.get("organization", {}).values()]
    place = content.get("location")
    named = {name: reader.text(name, content.get(name)) for name in ("name", "organization", "description", "address")}
    named["apply"] = reader.text("apply", content.get("application"))
    return named | {
        "at": [round(place["lat"], DEGREES), round(place["lon"], DEGREES)] if place else None,
        **{name: content.get(name) for name in ("fees", "website")},
        **{name: list(content.get(name) or ()) for name in _PLAIN[:3]},
        "who": reader.text("who", (content.get("eligibility") or {}).get("text")),
        "bring": _listed(reader, "bring", content.get("documents"), "name"),
        "costs": _listed(reader, "costs", content.get("costs"), "option"),
        "find": _tokens(names, beside=[named["name"], named["organization"]]),
        "heard": _sounds(names),
    }


def _article(content: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    sections = [
        {
            "heading": reader.text("sections", one.get("heading")),
            "body": reader.text("sections", one.get("body")),
            "steps": _listed(reader, "sections", one.get("steps"), "text"),
        }
        for one in content.get("sections") or ()
    ]
    return {
        "name": reader.text("name", content.get("title")),
        "description": reader.text("description", content.get("summary")),
        "sections": [{name: value for name, value in one.items() if value} for one in sections],
        "services": list(content.get("services") or ()),
        "links": [
            {"label": reader.text("links", one.get("label")), "website": one.get("website")}
            for one in content.get("links") or ()
        ],
        "find": _tokens(content.get("title", {}).values(), beside=[reader.text("name", content.get("title"))]),
    }


def _alert(content: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    return {
        "name": reader.text("name", content.get("title")),
        "description": reader.text("description", content.get("text")),
        **{name: content.get(name) for name in ("severity", "valid_from", "valid_until", "services", "website")},
    }


def _listed(reader: Reader, name: str, parts: Iterable[Mapping[str, Any]] | None, text: str) -> list[str]:
    return [words for one in parts or () if (words := reader.text(name, one.get(text)))]


def _tokens(texts: Iterable[str], beside: Iterable[str] = ()) -> str:
    """Folded words, each once, in the order of their first coming; without those of texts that are shown anyway."""
    shown = {word for text in beside for word in words(text)}
    return " ".join(word for word in dict.fromkeys(word for text in texts for word in words(text)) if word not in shown)


def _sounds(texts: Iterable[str]) -> str:
    """How the words sound, for what is written in one script only: typed in the other one it is found by this."""
    tokens = [word for text in texts for word in words(text)]
    if len({bool(_ARABIC.search(word)) for word in tokens}) != 1:
        return ""
    keys = (key for word in tokens for key in sounds(word))
    return " ".join(dict.fromkeys(key for key in keys if len(key) >= SHORTEST_SOUND))


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
