"""What is said of hours and calendars, in every language that has a file in ``imigr_directory/words/``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date

from imigr_directory.domain.hours.openings import Closed

REASONS = (
    "works",
    "strike",
    "training",
    "leave",
    "event",
    "weather",
    "technical",
    "moving",
    "stocktaking",
    "other",
)
"""Why something is closed, as staff may say it: a closed list, so that nobody writes about persons."""
REGION = {"ar": "ar_TN"}
"""Arabic as written in Tunisia: its month names and digits."""


def why(closed: Closed) -> dict[str, str]:
    """Why something is closed, as a text by language: ``Jour férié : Aïd el-Fitr``."""
    return {language: _why(closed, language, words) for language, words in languages().items()}


def holiday_name(code: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """A holiday's name by language; those that were added bring their own."""
    return dict(own or {}) or _named("holidays", code)


def period_name(code: str) -> dict[str, str]:
    """A regime's name by language."""
    return _named("periods", code)


def reason_name(code: str) -> dict[str, str]:
    """A reason by language."""
    return _named("reasons", code)


@cache
def languages() -> dict[str, Any]:
    """The words of each language."""
    folder = files("imigr_directory") / "words"
    found = sorted(one.name for one in folder.iterdir() if one.name.endswith(".json"))
    return {name.removesuffix(".json"): json.loads((folder / name).read_text(encoding="utf-8")) for name in found}


def _named(group: str, code: str) -> dict[str, str]:
    return {language: words[group].get(code, code) for language, words in languages().items()}


def _why(closed: Closed, language: str, words: Mapping[str, Any]) -> str:
    text: str = words["why"][closed.code]
    group = "holidays" if closed.code == "holiday" else "reasons"
    if closed.detail is not None and closed.detail not in ("other", "public_holiday"):
        text = words["with_detail"].format(why=text, detail=words[group].get(closed.detail, closed.detail))
    if closed.until is not None and closed.code != "holiday":
        until = words["until"].format(date=_date(closed.until, language, words["date"]))
        text = words["with_until"].format(why=text, until=until)
    return text


def _date(day: date, language: str, pattern: str) -> str:
    return format_date(day, pattern, locale=REGION.get(language, language))
