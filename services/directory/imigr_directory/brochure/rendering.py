"""A brochure as a page and as plain text. The page is also what is printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import segno
from babel.dates import format_date
from jinja2 import Environment, PackageLoader, select_autoescape

from imigr_directory.brochure.domain import Edition
from imigr_directory.brochure.model import Content, words_of
from imigr_directory.domain.hours.words import REGION

RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
MOST_NAMES = 25
"""So many are named of what has changed; the rest is counted."""
FONT = '"DejaVu Sans", "Amiri", sans-serif'
"""For all scripts. Amiri sets Arabic more beautifully, but its letters overlap, and a reader that takes the text out of
the PDF (to search it, to read it aloud) puts blanks into the middle of words there."""


def page(content: Content, edition: Edition) -> str:
    """HTML that needs nothing from anywhere: to be printed by a browser, or by us."""
    return _templates().get_template("brochure.html").render(_frame(content, edition) | {"qr": _picture})


def text(content: Content, edition: Edition) -> str:
    """Plain text, in logical order."""
    frame, words = _frame(content, edition), words_of(content.language)
    colon = frame["colon"]
    lines = [words["title"], content.town, words["subtitle"], f"{frame['edition']} · {frame['issued']}", ""]
    lines += [words["notice"], ""]
    if frame["changes"]:
        lines += _headed(frame["changes_title"], "=")
        for label, names, more in frame["changes"]:
            lines.append(f"{label}{colon} {(frame['semicolon'] + ' ').join(names)} {more}".rstrip())
        lines.append("")
    if content.articles:
        lines += _headed(words["rights"], "=")
        for article in content.articles:
            lines += [*_headed(article.title, "-"), article.summary, *_sections(article.sections), ""]
            if article.see:
                lines[-1:] = [words["see"].format(list=(frame["semicolon"] + " ").join(article.see)), ""]
    for chapter in content.chapters:
        lines += _headed(chapter.title, "=")
        for entry in chapter.entries:
            told = [f"{label}{colon} {words_}" if label else words_ for label, words_ in entry.facts]
            checked = words["checked"].format(day=written_day(entry.checked, content.language)) if entry.checked else ""
            rows = (f"* {entry.name}", entry.organization, entry.text, *told, entry.map, checked)
            lines += [one if at == 0 else f"  {one}" for at, one in enumerate(rows) if one]
            lines.append("")
        if chapter.also:
            lines += [frame["also"](chapter.also), ""]
    return "\n".join([*lines, words["source"], ""])


def written_day(day: str | date, language: str) -> str:
    """A date as people write it."""
    moment = date.fromisoformat(day) if isinstance(day, str) else day
    return format_date(moment, "long", locale=REGION.get(language, language))


def _frame(content: Content, edition: Edition) -> dict[str, Any]:
    language, words = content.language, words_of(content.language)
    is_rtl = language in RIGHT_TO_LEFT
    changes = edition.changes
    named = ((words[name], getattr(changes, name)) for name in ("added", "changed", "removed"))
    before = edition.number - 1
    return {
        "words": words,
        "content": content,
        "language": language,
        "rtl": is_rtl,
        "font": FONT,
        "edition": words["edition"].format(number=edition.number),
        "issued": written_day(edition.issued_on, language),
        "changes_title": words["changes"].format(number=before),
        "changes": [_shortened(label, names, words) for label, names in named if names] if before else [],
        "colon": " :" if language == "fr" else ":",
        "semicolon": "؛" if language == "ar" else " ;" if language == "fr" else ";",
        "day": lambda day: written_day(day, language),
        "also": lambda kinds: words["also"].format(list=_counted(kinds, language)),
    }


def _shortened(label: str, names: Sequence[str], words: Any) -> tuple[str, Sequence[str], str]:
    rest = len(names) - MOST_NAMES
    return label, names[:MOST_NAMES], words["more"].format(count=rest) if rest > 0 else ""


def _counted(kinds: Iterable[tuple[str, int]], language: str) -> str:
    comma = "، " if language == "ar" else ", "
    return comma.join(name if count == 1 else f"{name} ({count})" for name, count in kinds)


def _headed(title: str, line: str) -> list[str]:
    return [title, line * min(len(title), 60)]


def _sections(sections: Iterable[tuple[str, str, Sequence[str]]]) -> Iterable[str]:
    for heading, body, steps in sections:
        yield from (one for one in ("", heading, body) if one or one == "")
        yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))


@lru_cache(maxsize=20_000)
def _picture(address: str) -> str:
    """A QR code that stands damage and photocopies (level M)."""
    code = segno.make(address, error="m", micro=False)
    made: str = code.svg_data_uri(border=2, dark="#000", light="#fff", omitsize=True)
    return made


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("imigr_directory.brochure"),
        autoescape=select_autoescape(("html",), default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
