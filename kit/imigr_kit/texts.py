"""Texts in several languages, picked for a reader; an answer says which language each text is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FALLBACK = ("fr", "en", "ar")
"""Languages that a reader falls back to, unless a record says otherwise."""
TEXT_FIELDS = frozenset(
    {
        "name",
        "address",
        "description",
        "title",
        "summary",
        "place",
        "guichet_name",
        "organization",
        "governorate",
        "room",
        "alternate_name",
        "accessibility_details",
        "application",
        "body",
        "function",
        "heading",
        "interpretation",
        "label",
        "option",
        "text",
        "transport",
    }
)


def pick(text: Mapping[str, str], languages: tuple[str, ...]) -> tuple[str, str]:
    """The text and its language; any language is better than none."""
    for language in languages:
        if text.get(language):
            return text[language], language
    for language, words in text.items():
        if words:
            return words, language
    return "", languages[0]


def localised(value: Any, languages: tuple[str, ...]) -> Any:
    """A copy in which every text in several languages is one string, and ``text_languages`` says which."""
    if isinstance(value, list):
        return [localised(one, languages) if isinstance(one, dict | list) else one for one in value] if value else value
    if not isinstance(value, dict):
        return value
    copy: dict[str, Any] = dict(value)
    used: dict[str, str] = {}
    for name, inner in value.items():
        if not isinstance(inner, dict | list):
            continue  # most of what is answered; a call for each would be half of the cost
        if isinstance(inner, dict) and name in TEXT_FIELDS:
            copy[name], used[name] = pick(inner, languages)
        else:
            copy[name] = localised(inner, languages)
    if used:
        copy["text_languages"] = used
    return copy
