"""Hits as text: the same that the dictionaries say, kept within bounds, written anew after a change."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from imigr_directory.domain import Service
from imigr_directory.reading.written import WrittenEntries
from imigr_directory.schemas.services import hit_end, listed_out, timeless_out
from imigr_kit.texts import localised

ENTRY = Service(
    id="a",
    municipality="raoued",
    name={"fr": 'Le "Phare" \\ <b>', "ar": "المنارة\u2028"},
    taxonomy=("health",),
    location={"lat": 36.8, "lon": 10.1},
    details={"schedules": [], "costs": [{"id": "1", "option": {"ar": "مجاني"}}]},
)


def read(some: WrittenEntries, service: Service, languages: tuple[str, ...], end: bytes) -> dict[str, Any]:
    """The hit as a client reads it."""
    found: dict[str, Any] = json.loads(some.open_text(service, languages) + end)
    return found


def test_a_written_hit_says_what_the_dictionary_says() -> None:
    """In each language, with quotes, markup and line separators in its texts, with and without a distance."""
    some = WrittenEntries(timeless_out)
    for languages in (("fr", "en", "ar"), ("ar", "fr", "en")):
        for distance, is_open in ((1.25, True), (None, None), (0.0, False)):
            told = localised(listed_out(ENTRY, distance) | {"open_now": is_open}, languages)
            assert read(some, ENTRY, languages, hit_end(distance, is_open)) == told


def test_an_entry_that_changed_is_written_anew() -> None:
    """What was written of the old one is told to nobody."""
    some = WrittenEntries(timeless_out)
    some.open_text(ENTRY, ("fr",))
    changed = replace(ENTRY, name={"fr": "Autre"}, version=2)
    assert read(some, changed, ("fr",), hit_end(None, None))["name"] == "Autre"


def test_what_is_kept_is_bounded() -> None:
    """The longest unused go first."""
    some = WrittenEntries(timeless_out, most=3_000)
    for number in range(50):
        some.open_text(replace(ENTRY, id=str(number)), ("fr",))
    assert some.octets <= 3_000
