"""What an import and an export work with in this service: its checks, its reader of hours, names of languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from babel import Locale
from marshmallow import ValidationError

from imigr_directory.domain import Municipality, Term
from imigr_directory.domain.hours.free_text import Understood, understand
from imigr_directory.domain.hours.written import schedule_row
from imigr_directory.exchange.importing import Around
from imigr_directory.schemas.content import CONTENT


def around(towns: Sequence[Municipality], terms: Mapping[str, Term]) -> Around:
    """What imports read against."""
    return Around(towns, terms, hours_in_words, faults, language_names())


def faults(kind: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Parts that the directory refuses in a content, with why: the rules are those that staff meet."""
    try:
        CONTENT[kind]().load(dict(content))
    except ValidationError as error:
        return dict(error.messages_dict)
    return {}


def hours_in_words(text: str) -> Mapping[str, Any] | None:
    """The schedule that hours in words say; None: not understood."""
    found = understand(text)
    return schedule_row(found.schedule) if isinstance(found, Understood) else None


@cache
def language_names() -> dict[str, str]:
    """Tags of languages by their names in English, French, Arabic and their own words (CLDR), in small letters."""
    found: dict[str, str] = {}
    for tag in ("en", "fr", "ar"):
        for code, name in Locale(tag).languages.items():
            if len(code) <= 3:
                found.setdefault(name.casefold(), code)
    return found
