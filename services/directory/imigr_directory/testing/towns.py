"""A made-up town of any size: varied texts in three languages that repeat as little as real ones do.

Words are drawn one by one from lists of a few hundred, so that no sentence comes twice; about every seventh word of a
name or an address is invented. Compression finds no more in it than in texts that people wrote.
"""

from __future__ import annotations

import json
import random
import uuid
from pathlib import Path
from typing import Any

from imigr_directory.editions.entries import Published, Theme, Town

KINDS = {
    "fr": [
        "Centre",
        "Association",
        "Bureau",
        "Dispensaire",
        "École",
        "Pharmacie",
        "Maison",
        "Clinique",
        "Foyer",
        "Espace",
        "Cabinet",
        "Atelier",
    ],
    "en": [
        "Centre",
        "Association",
        "Office",
        "Dispensary",
        "School",
        "Pharmacy",
        "House",
        "Clinic",
        "Hostel",
        "Space",
        "Practice",
        "Workshop",
    ],
    "ar": ["مركز", "جمعية", "مكتب", "مستوصف", "مدرسة", "صيدلية", "دار", "مصحة", "مبيت", "فضاء", "عيادة", "ورشة"],
}
STREETS = {
    "fr": ["rue", "avenue", "impasse", "place"],
    "en": ["street", "avenue", "lane", "square"],
    "ar": ["نهج", "شارع", "زنقة", "ساحة"],
}
SYLLABLES = {
    "fr": [
        "ba",
        "ben",
        "bou",
        "cha",
        "dra",
        "el",
        "fa",
        "gha",
        "ha",
        "ja",
        "ka",
        "kha",
        "la",
        "ma",
        "mo",
        "na",
        "ou",
        "ra",
        "sa",
        "si",
        "ta",
        "ti",
        "wa",
        "za",
        "zi",
    ],
    "ar": [
        "با",
        "بن",
        "بو",
        "شا",
        "درا",
        "فا",
        "غا",
        "ها",
        "جا",
        "كا",
        "خا",
        "لا",
        "ما",
        "مو",
        "نا",
        "را",
        "سا",
        "سي",
        "تا",
        "تي",
        "وا",
        "زا",
        "زي",
    ],
}
LANGUAGES = ("fr", "ar", "en")
THEMES = [
    "health",
    "legal",
    "education",
    "employment",
    "housing",
    "social",
    "women",
    "children",
    "language",
    "documents",
    "sport",
    "culture",
]


def town_of(services: int, seed: int = 1, *, articles: int = 8, slug: str = "essai") -> Town:
    """A town with so many services, always the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311  # texts, not secrets
    themes = tuple(Theme(code, None, _texts(draw, 2), {"fr": _words(draw, "fr", 2).split()}) for code in THEMES)
    made = [service_of(draw) for _ in range(services)]
    written = [article_of(draw, [one.id for one in made[:3]]) for _ in range(articles)]
    name = {"fr": "Ville d'essai", "ar": "مدينة التجربة", "en": "Town of trials"}
    return Town(slug, name, "Africa/Tunis", LANGUAGES, (*made, *written), themes)


def service_of(draw: random.Random) -> Published:
    """One service: two sentences, an address, a telephone, a place."""
    kind, number = draw.randrange(len(KINDS["fr"])), draw.randrange(1, 200)
    proper = {language: _invented(draw, language) for language in LANGUAGES}
    road = {language: _invented(draw, language) for language in LANGUAGES}
    content: dict[str, Any] = {
        "name": {one: f"{KINDS[one][kind]} {_words(draw, one, 1)} {proper[one]}" for one in LANGUAGES},
        "description": {one: _sentences(draw, one, 2) for one in LANGUAGES},
        "organization": {one: f"{_words(draw, one, 1)} {_words(draw, one, 1)}" for one in LANGUAGES},
        "address": {one: f"{number} {draw.choice(STREETS[one])} {road[one]}" for one in LANGUAGES},
        "taxonomy": draw.sample(THEMES, draw.choice((1, 1, 2))),
        "location": {"lat": round(36.85 + draw.random() / 10, 7), "lon": round(10.15 + draw.random() / 5, 7)},
        "phones": [f"+216 {draw.choice('27')}{draw.randrange(10)} {draw.randrange(1000):03} {draw.randrange(1000):03}"],
        "languages": draw.sample(["ar", "fr", "en", "it", "bm", "wo"], draw.randrange(1, 4)),
        "accessibility": draw.choice(([], [], ["step_free"])),
        "fees": draw.choice(("free", "paid", None)),
        "website": None,
        "schedules": [_hours(draw)],
    }
    day = f"2026-{draw.randrange(1, 12):02}-{draw.randrange(1, 29):02}"
    return Published(str(uuid.UUID(int=draw.getrandbits(128), version=4)), "service", content, 1, day)


def article_of(draw: random.Random, services: list[str]) -> Published:
    """One article on a right: three sections with steps."""
    sections = [
        {
            "id": f"s{number}",
            "heading": _texts(draw, 4),
            "body": {one: _sentences(draw, one, 3) for one in LANGUAGES},
            "steps": [
                {"id": f"p{step}", "text": {one: _sentences(draw, one, 1) for one in LANGUAGES}} for step in range(3)
            ],
        }
        for number in range(3)
    ]
    content = {
        "title": _texts(draw, 4),
        "summary": {one: _sentences(draw, one, 1) for one in LANGUAGES},
        "taxonomy": [draw.choice(THEMES)],
        "order": 0,
        "sections": sections,
        "services": services,
        "links": [],
    }
    return Published(str(uuid.UUID(int=draw.getrandbits(128), version=4)), "article", content, 1, "2026-11-01")


def hours_of(content: Any, language: str) -> list[str]:
    """The made-up hours as lines, the same in all languages."""
    return list(content.get("schedules") or ())


def _hours(draw: random.Random) -> str:
    start, end = draw.randrange(7, 10), draw.randrange(12, 18)
    return f"{start:02}:{draw.choice(('00', '30', '15'))}-{end:02}:{draw.choice(('00', '30', '45'))}"


def _texts(draw: random.Random, count: int) -> dict[str, str]:
    return {one: _words(draw, one, count).capitalize() for one in LANGUAGES}


def _words(draw: random.Random, language: str, count: int) -> str:
    known = _LISTS[language]
    return " ".join(draw.choice(known) for _ in range(count))


def _sentences(draw: random.Random, language: str, count: int) -> str:
    made = (_words(draw, language, draw.randrange(8, 16)).capitalize() for _ in range(count))
    return " ".join(f"{one}." for one in made)


def _invented(draw: random.Random, language: str) -> str:
    parts = SYLLABLES["ar" if language == "ar" else "fr"]
    return "".join(draw.choice(parts) for _ in range(draw.randrange(2, 5))).capitalize()


_LISTS: dict[str, list[str]] = {
    language: " ".join(lines).split()
    for language, lines in json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8")).items()
}
