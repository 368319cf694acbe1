"""Texts of a record in several languages, and the state of each translation.

A text stands at a path: names of parts and ids of list parts, joined by dots (``name``, ``sections.s1.body``). The text
in the record's ``source_language`` is the source; every other one is a translation with a state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from imigr_directory.domain.content import BLANK, SOURCE_LANGUAGE
from imigr_directory.errors import UnknownText
from imigr_kit.errors import FieldError

TranslationStates = Mapping[str, Mapping[str, str]]
"""By path of the text, then by language."""
DRAFT, IN_REVIEW, PUBLISHED, OUTDATED, MACHINE = "draft", "in_review", "published", "outdated", "machine"
STATES: Final = (DRAFT, IN_REVIEW, PUBLISHED, OUTDATED, MACHINE)
"""``machine``: made by a machine and not yet reviewed. ``outdated``: its source changed after it."""

_TEXTS: Final = {
    "contacts": ("function",),
    "eligibility": ("text",),
    "costs": ("option",),
    "documents": ("name",),
    "capacity": (),
    "sections": ("heading", "body"),
    "steps": ("text",),
    "links": ("label",),
}
"""Names of the texts inside parts that are objects or lists of objects."""


def texts(kind: str, content: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """Every text of a record by its path, in the order of its parts."""
    names = [name for name, blank in BLANK[kind].items() if blank == {}]
    return dict(_texts(content, names, ""))


def _texts(part: Mapping[str, Any], names: list[str] | tuple[str, ...], at: str) -> Iterator[tuple[str, Any]]:
    for name, value in part.items():
        path = f"{at}{name}"
        if name in names and isinstance(value, Mapping):
            if value:
                yield path, value
        elif name in _TEXTS and isinstance(value, Mapping):
            yield from _texts(value, _TEXTS[name], f"{path}.")
        elif name in _TEXTS and isinstance(value, list):
            for one in value:
                yield from _texts(one, _TEXTS[name], f"{path}.{one['id']}.")


def states_after(
    kind: str, old: Mapping[str, Any] | None, new: Mapping[str, Any], states: TranslationStates
) -> dict[str, dict[str, str]]:
    """States when ``new`` takes the place of ``old``: a translation that was written or changed is published; one that
    stayed while its source changed is outdated; any other keeps its state."""
    before = {} if old is None else texts(kind, old)
    source = new.get("source_language", SOURCE_LANGUAGE)
    found: dict[str, dict[str, str]] = {}
    for path, text in texts(kind, new).items():
        was = before.get(path, {})
        source_changed = bool(was) and was.get(source) != text.get(source)
        kept = states.get(path, {})
        by_language = {
            language: _state(words, was.get(language), kept.get(language, PUBLISHED), source_changed=source_changed)
            for language, words in text.items()
            if language != source
        }
        if by_language:
            found[path] = by_language
    return found


def _state(words: str, was: str | None, state: str, *, source_changed: bool) -> str:
    if words != was:
        return PUBLISHED
    return OUTDATED if source_changed and state != DRAFT else state


@dataclass(frozen=True)
class Line:
    """One text of a record for translators; ``states`` of the translations there are."""

    kind: str
    record_id: str
    version: int
    path: str
    source_language: str
    source: str
    texts: Mapping[str, str]
    states: Mapping[str, str]


def lines(
    kind: str, record_id: str, version: int, content: Mapping[str, Any], states: TranslationStates
) -> Iterator[Line]:
    """Every text of a record that is there in the source language."""
    source = content.get("source_language", SOURCE_LANGUAGE)
    for path, text in texts(kind, content).items():
        if text.get(source):
            known = states.get(path, {})
            told = {language: known.get(language, PUBLISHED) for language in text if language != source}
            yield Line(kind, record_id, version, path, source, text[source], dict(text), told)


def with_texts(kind: str, content: Mapping[str, Any], language: str, words: Mapping[str, str]) -> dict[str, Any]:
    """A copy with these translations, by path. Raises UnknownText for a path that the record does not have, and for
    the source language, which is not a translation."""
    copy = deepcopy(dict(content))
    known: dict[str, Any] = texts(kind, copy)
    source = content.get("source_language", SOURCE_LANGUAGE)
    wrong = [path for path in words if path not in known or language == source]
    if wrong:
        raise UnknownText(fields=[FieldError(f"texts.{path[:100]}", UnknownText.code) for path in wrong])
    for path, text in words.items():
        known[path][language] = text
    return copy


def marked(states: TranslationStates, marks: TranslationStates, there: Collection[str]) -> TranslationStates:
    """States with those that somebody has set by hand, where the text is still there."""
    return {path: {**states.get(path, {}), **marks.get(path, {})} for path in {*states, *marks} if path in there}
