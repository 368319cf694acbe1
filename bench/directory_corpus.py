"""A directory of any size for measurements: names, texts and places made from the seed, the same for the same size.

Names and texts are made of syllables, so that the vocabulary grows with the directory as real ones do, and a theme
holds about one entry in forty.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path

from imigr_directory.domain import Service
from imigr_directory.seeding import read

DATA = Path(__file__).resolve().parent.parent / "data"
_SPACE = uuid.UUID("019348a0-0000-7000-8000-00000000be0c")
_SYLLABLES = {
    "fr": ("ra", "mi", "lou", "ben", "sou", "kha", "dé", "tri", "mon", "fa", "zi", "cha", "el", "nou", "ga"),
    "ar": ("را", "مي", "لو", "بن", "سو", "خا", "دي", "تر", "مون", "فا", "زي", "شا", "ال", "نو", "قا"),
}


def services(size: int, first: int = 0) -> Iterator[Service]:
    """Entries ``first`` to ``size`` in three languages, in the two towns of the seed."""
    seed = read(DATA)
    codes = [term.code for term in seed.terms]
    kinds = {term.code: term for term in seed.terms}
    for number in range(first, size):
        chance = random.Random(number)
        code = codes[number % len(codes)]
        names = {language: f"{kinds[code].name[language]} {_name(chance, language)}" for language in ("fr", "ar")}
        names["en"] = f"{kinds[code].name['en']} {names['fr'].rpartition(' ')[2]}"
        described = {language: _text(chance, language) for language in ("fr", "ar")}
        yield Service(
            id=str(uuid.uuid5(_SPACE, str(number))),
            municipality=("raoued", "la-marsa")[number % 2],
            name=names,
            description=described | {"en": _text(chance, "fr")},
            taxonomy=(code,),
            location={"lat": 36.80 + chance.random() * 0.15, "lon": 10.10 + chance.random() * 0.25},
            languages=tuple(chance.sample(("fr", "ar", "en", "it"), 2)),
            accessibility=("wheelchair",) if chance.random() < 0.2 else (),
            fees=chance.choice((None, "free", "paid")),
            verified_on=f"2026-{chance.randint(1, 11):02d}-15",
        )


def words(count: int) -> list[str]:
    """Questions as people type them: a theme, a name, a name and a theme, a beginning, a mistake, across scripts."""
    found: list[str] = []
    for number, service in enumerate(services(count)):
        french, arabic = service.name["fr"], service.name["ar"]
        own = french.rpartition(" ")[2]
        found.append([french, arabic, own, own[:4], own[:3] + own[4:], arabic.rpartition(" ")[2]][number % 6])
    return found


def _name(chance: random.Random, language: str) -> str:
    return "".join(chance.choices(_SYLLABLES[language], k=chance.randint(3, 4)))


def _text(chance: random.Random, language: str) -> str:
    return " ".join("".join(chance.choices(_SYLLABLES[language], k=2)) for _ in range(12))
