"""Texts of a record in several languages, and the state of each translation.

A text stands at a path: names of parts and ids of list parts, joined by dots (``name``, ``sections.s1.body``). The text
in the record's ``source_language`` is the source; every other one is a translation with a state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from imigr_directory.domain.content import BLANK, SOURCE_LANGUAGE

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
