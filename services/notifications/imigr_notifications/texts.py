"""Message texts from templates that are data: one JSON file per language, none of them says what for."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from imigr_notifications.sms_text import tidy, transliterated

LANGUAGES = ("fr", "ar", "en")
KNOWN = frozenset({"date", "time", "place", "title", "link"})
FALLBACK = ("fr", "en", "ar")
_LOCALES = {"ar": "ar_TN", "fr": "fr_TN", "en": "en_GB"}
_DATES = {"fr": "EEEE d/MM", "en": "EEEE d MMMM", "ar": "EEEE d MMMM"}
_LATIN = frozenset({"fr", "en"})


@dataclass(frozen=True)
class Text:
    """A rendered message: the subject is for email only."""

    subject: str
    body: str


def render(source: str, kind: str, language: str, values: Mapping[str, Any], link: str) -> Text:
    """The text of one message in ``language`` (or the first language of the fallback that there is).

    ``values`` hold ``start`` (aware), ``timezone`` (IANA) and ``texts`` (place and title by language).
    """
    chosen = language if language in LANGUAGES else FALLBACK[0]
    template = templates(chosen)[source][kind]
    local = values["start"].astimezone(ZoneInfo(values["timezone"]))
    filled = {
        "date": _date(local, chosen),
        "time": format_time(local, "HH:mm", locale=_LOCALES[chosen]),
        "place": pick(values["texts"].get("place", {}), chosen),
        "title": pick(values["texts"].get("title", {}), chosen),
        "link": link,
    }
    body = tidy(template["text"].format_map(filled))
    return Text(template["subject"], transliterated(body) if chosen in _LATIN else body)


@cache
def templates(language: str) -> dict[str, dict[str, dict[str, str]]]:
    """All templates of a language: source, kind, then ``subject`` and ``text``."""
    path = files("imigr_notifications") / "templates" / f"{language}.json"
    content: dict[str, dict[str, dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    return content


def placeholders(text: str) -> set[str]:
    """The names a template asks for."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def pick(text: Mapping[str, str], language: str) -> str:
    """The text in the language, or along the fallback fr, en, ar, or empty."""
    for one in (language, *FALLBACK):
        if text.get(one):
            return text[one]
    return next(iter(text.values()), "")


def _date(local: datetime, language: str) -> str:
    """The day in words the reader knows; numbers for the French month, since "août" would double the price."""
    return format_date(local.date(), _DATES[language], locale=_LOCALES[language])
