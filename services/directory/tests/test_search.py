"""Search over the real places: what is found however it is typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imigr_directory.domain import Service
from imigr_directory.folding import sound, words
from imigr_directory.search import Query, Searcher
from imigr_directory.seeding import Seed, read

DATA = Path(__file__).resolve().parents[3] / "data"
LA_MARSA = {"lat": 36.8792852, "lon": 10.3295168}
_ARABIC = re.compile(r"[\u0600-\u06ff]")


@cache
def seed() -> Seed:
    """The seed as it is shipped."""
    return read(DATA)


@cache
def searcher() -> Searcher:
    """The search over it."""
    return Searcher(seed().services, {term.code: term for term in seed().terms})


def named() -> list[tuple[Service, str]]:
    """Entries with a name of their own, and each of their names."""
    return [(one, name) for one in seed().services if not one.name_is_generic for name in one.name.values()]


def found(text: str, service: Service) -> bool:
    """Among the first ten, or beside an entry of the very same name."""
    hits, _ = searcher().find(Query(q=text, per_page=10))
    same = {tuple(sorted(hit.service.name.items())) for hit in hits}
    return service.id in {hit.service.id for hit in hits} or tuple(sorted(service.name.items())) in same


def recall(change: Callable[[str], str | None]) -> float:
    """Share of names that are found when typed with the change; names it does not touch are left out."""
    tried = [(service, typed) for service, name in named() if (typed := change(name)) and typed != name]
    hit = sum(found(typed, service) for service, typed in tried)
    assert len(tried) >= 5
    return hit / len(tried)


def one_letter_less(name: str) -> str | None:
    """The longest word without its middle letter."""
    longest = max(name.split(), key=len)
    if len(longest) < 5:
        return None
    at = len(longest) // 2
    return name.replace(longest, longest[:at] + longest[at + 1 :], 1)


def vocalised(name: str) -> str | None:
    """A fatha after every Arabic letter."""
    return re.sub(r"([\u0621-\u064a])", "\\1\u064e", name) if _ARABIC.search(name) else None


CHANGES: list[tuple[str, Callable[[str], str | None], float]] = [
    ("hamza and madda dropped", lambda name: name.translate(str.maketrans("أإآ", "ااا")), 0.99),
    ("taa marbuta typed as haa", lambda name: name.replace("ة", "ه"), 0.99),
    ("article dropped", lambda name: re.sub(r"\bال", "", name), 0.99),
    ("fully vocalised", vocalised, 0.99),
    ("French accents dropped", lambda name: name.translate(str.maketrans("éèêàâîïôûùçÉ", "eeeaaiioouucE"[:12])), 0.99),
    ("one letter deleted", one_letter_less, 0.95),
]


def test_exact_names_are_found() -> None:
    """All of them."""
    assert all(found(name, service) for service, name in named())


@pytest.mark.parametrize(("what", "change", "least"), CHANGES, ids=[row[0] for row in CHANGES])
def test_names_are_found_however_they_are_typed(what: str, change: Callable[[str], str | None], least: float) -> None:
    """The recall bars of the directory."""
    assert recall(change) >= least


@pytest.mark.parametrize(("typed", "meant"), [("marsa", "المرسى"), ("المرسى", "Marsa"), ("raoued", "رواد")])
def test_a_name_is_found_across_scripts(typed: str, meant: str) -> None:
    """Latin finds Arabic and the reverse."""
    hits, total = searcher().find(Query(q=typed, per_page=50))
    assert total > 0
    assert any(meant in name for hit in hits for name in hit.service.name.values())


def test_a_theme_finds_places_without_a_name() -> None:
    """صحة near La Marsa finds health services only, nearest first among equals, all within the radius."""
    hits, total = searcher().find(Query(q="صحة", near=LA_MARSA, radius_km=5, per_page=100))
    assert total == len(hits) > 10
    assert all(any(code.startswith("health") for code in hit.service.taxonomy) for hit in hits)
    assert all(hit.distance_km is not None and hit.distance_km <= 5 for hit in hits)


def test_filters_combine_as_and() -> None:
    """Theme with its descendants, town, words."""
    query = Query(q="pharmacie", municipality="la-marsa", taxonomy="health", per_page=100)
    hits, total = searcher().find(query)
    assert total > 0
    assert {hit.service.municipality for hit in hits} == {"la-marsa"}
    assert searcher().find(Query(q="pharmacie", taxonomy="education"))[1] == 0


def test_pages_cover_everything_once() -> None:
    """No entry twice, none missing."""
    pages = [searcher().find(Query(page=page, per_page=50))[0] for page in range(1, 6)]
    ids = [hit.service.id for page in pages for hit in page]
    assert len(ids) == len(set(ids)) == len(searcher())


def test_words_that_mean_nothing_find_nothing() -> None:
    """Punctuation is no wish for everything."""
    assert searcher().find(Query(q="؟!"))[1] == 0
    assert searcher().find(Query(q="zzzzqqqq"))[1] == 0


def test_places_outside_both_towns_are_left_out_and_counted() -> None:
    """Nothing is dropped silently: what came in and what was left out add up."""
    places = [one for one in seed().services if not one.demonstration]
    rows = (DATA / "osm" / "places.csv").read_text(encoding="utf-8").count("\n") - 1
    assert len(places) + sum(seed().left_out.values()) in (rows, rows + 1, rows - 1)
    assert all(one.source["licence"] == "ODbL-1.0" for one in places)
    assert not any(one.phones for one in places)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once_for_plain_words(text: str) -> None:
    """Folded words have neither case nor marks; nothing in them makes the search fail."""
    for word in words(text):
        assert word == word.casefold()
        assert isinstance(sound(word), str)
