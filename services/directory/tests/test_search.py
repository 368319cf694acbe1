"""Search over the real places: what is found however it is typed, filtered, counted and put in order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import directory_recall
from imigr_directory.domain import Service, distance_km
from imigr_directory.domain.calendar import Calendar
from imigr_directory.errors import PageTooDeep
from imigr_directory.folding import sounds, words
from imigr_directory.search import Query, Searcher
from imigr_directory.seeding import Seed, read

DATA = Path(__file__).resolve().parents[3] / "data"
LA_MARSA = {"lat": 36.8792852, "lon": 10.3295168}


@cache
def seed() -> Seed:
    """The seed as it is shipped."""
    return read(DATA)


@cache
def searcher() -> Searcher:
    """The search over it."""
    return searcher_over(*seed().services)


def searcher_over(*services: Service) -> Searcher:
    """A search over these entries, with the themes and towns of the seed."""
    return Searcher(services, {term.code: term for term in seed().terms}, seed().municipalities)


def entry(identity: str, name: str, language: str = "fr", **more: object) -> Service:
    """A small entry."""
    kept: dict[str, object] = {"municipality": "raoued", "taxonomy": ("health",)}
    return Service(id=identity, name={language: name}, **(kept | more))  # type: ignore[arg-type]  # fields by name


def ids(some: Searcher, **asked: object) -> list[str]:
    """Ids of the first page."""
    return [hit.service.id for hit in some.find(Query(**asked)).hits]  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("what", directory_recall.CHANGES)
def test_names_are_found_however_they_are_typed(what: str) -> None:
    """The recall bars of the directory, over a third of the names (all: ``python -m bench.directory_recall``)."""
    change, least = directory_recall.CHANGES[what]
    found = directory_recall.recall(change, every=3)
    assert found.share >= least, found.missed


def test_arabic_names_are_found_by_their_latin_spellings() -> None:
    """Of the usual spellings at least nine of ten, with nothing but the Arabic name in the index."""
    found = directory_recall.latin_recall()
    assert found.share >= directory_recall.LATIN_AIM, found.missed


@pytest.mark.parametrize(("typed", "meant"), [("marsa", "المرسى"), ("المرسى", "Marsa"), ("raoued", "رواد")])
def test_a_name_is_found_across_scripts(typed: str, meant: str) -> None:
    """Latin finds Arabic and the reverse."""
    found = searcher().find(Query(q=typed, per_page=50))
    assert any(meant in name for hit in found.hits for name in hit.service.name.values())


def test_a_theme_finds_places_without_a_name() -> None:
    """صحة near La Marsa finds health services only, nearest first among equals, all within the radius."""
    found = searcher().find(Query(q="صحة", near=LA_MARSA, radius_km=5, per_page=100))
    assert found.total == len(found.hits) > 10
    assert all(any(code.startswith("health") for code in hit.service.taxonomy) for hit in found.hits)
    assert all(hit.distance_km is not None and hit.distance_km <= 5 for hit in found.hits)


def test_the_name_of_a_town_narrows_what_is_found() -> None:
    """``pharmacie la marsa`` means pharmacies there, though no pharmacy says so in its name."""
    found = searcher().find(Query(q="pharmacie la marsa", per_page=20))
    assert found.total > 0
    assert {hit.service.municipality for hit in found.hits} == {"la-marsa"}


def test_filters_combine_as_and() -> None:
    """Theme with its descendants, town, languages spoken, accessibility, cost."""
    some = searcher_over(
        entry("a", "Un", languages=("fr", "ar"), accessibility=("wheelchair",), fees="free"),
        entry("b", "Deux", languages=("fr",), accessibility=("wheelchair",), fees="free", taxonomy=("health.clinic",)),
        entry("c", "Trois", languages=("fr", "ar"), fees="paid", municipality="la-marsa"),
    )
    assert ids(some, spoken=("fr", "ar")) == ["c", "a"]
    assert ids(some, spoken=("fr",), accessibility=("wheelchair",), free=True) == ["b", "a"]
    assert ids(some, taxonomy="health.clinic", municipality="raoued") == ["b"]
    assert ids(some, taxonomy="health", municipality="la-marsa", free=True) == []


def test_facets_count_what_each_choice_would_find() -> None:
    """Themes count with their descendants; a chosen town does not hide how many the others have."""
    found = searcher().find(Query(q="pharmacie", municipality="la-marsa", facets=True))
    for group, value, query in (
        ("municipality", "raoued", Query(q="pharmacie", municipality="raoued")),
        ("municipality", "la-marsa", Query(q="pharmacie", municipality="la-marsa")),
        ("taxonomy", "health", Query(q="pharmacie", municipality="la-marsa", taxonomy="health")),
        ("taxonomy", "health.pharmacy", Query(q="pharmacie", municipality="la-marsa", taxonomy="health.pharmacy")),
    ):
        assert found.facets[group][value] == searcher().find(query).total > 0


def test_names_are_in_the_order_of_the_readers_language() -> None:
    """Accents and articles written together do not scatter names; the reader's script comes first; 2 before 10."""
    french = [entry(name, name) for name in ("Zéphyr", "École", "ecole 10", "Ecole 2", "Étoile", "Eau")]
    arabic = [entry(name, name, "ar") for name in ("بنك", "أمل", "إبن", "آدم")]
    some = searcher_over(*french, *arabic)
    latin = ["Eau", "École", "Ecole 2", "ecole 10", "Étoile", "Zéphyr"]
    assert ids(some, sort="name", languages=("fr",)) == [*latin, "إبن", "آدم", "أمل", "بنك"]
    assert ids(some, sort="name", languages=("ar",)) == ["إبن", "آدم", "أمل", "بنك", *latin]


def test_the_nearest_come_first_when_asked() -> None:
    """By distance, whatever the words are worth; who has no place comes last."""
    found = searcher().find(Query(near=LA_MARSA, sort="distance", per_page=100))
    distances = [hit.distance_km for hit in found.hits]
    assert all(one is not None for one in distances)
    assert distances == sorted(distances, key=float)  # type: ignore[arg-type]  # none is None
    nearest = found.hits[0].service.location
    assert nearest is not None
    assert distances[0] == pytest.approx(distance_km(LA_MARSA, nearest), abs=0.01)


def test_only_what_is_open_then_is_found() -> None:
    """By the schedules of the entry and the calendar of its town; who does not say is not found."""
    weekdays = {"rules": [{"rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "spans": [["08:30", "12:30"]]}]}
    some = searcher_over(
        entry("a", "Un", details={"schedules": [weekdays]}),
        entry("b", "Deux", details={"at": [{"id": "x", "schedules": [weekdays]}]}, municipality="la-marsa"),
        entry("c", "Trois"),
    )
    calendars = {town: Calendar(town, "Africa/Tunis") for town in ("raoued", "la-marsa")}
    tuesday = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert ids(some, open_at=tuesday, calendars=calendars, sort="name") == ["b", "a"]
    assert ids(some, open_at=tuesday, calendars=calendars, municipality="raoued") == ["a"]
    assert ids(some, open_at=tuesday + timedelta(hours=5), calendars=calendars) == []
    feast = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
    assert ids(some, open_at=feast, calendars=calendars) == []


def test_stale_entries_stand_behind_equally_good_ones() -> None:
    """What nobody has verified for half a year ranks lower, as does what was never verified."""
    some = searcher_over(
        entry("old", "Clinique Amal", verified_on="2025-01-01"),
        entry("never", "Clinique Amal"),
        entry("fresh", "Clinique Amal", verified_on="2026-11-01"),
    )
    assert ids(some, q="clinique amal", today=date(2026, 11, 24))[0] == "fresh"


def test_when_no_entry_has_all_words_those_with_most_stand_in() -> None:
    """A word too many does not hide what was meant; words that mean nothing at all find nothing."""
    some = searcher_over(entry("a", "Maison des jeunes"), entry("b", "Maison de la culture"))
    assert ids(some, q="maison jeunes xylophone") == ["a"]
    assert searcher().find(Query(q="؟!")).total == 0
    assert searcher().find(Query(q="zzzzqqqq")).total == 0


def test_pages_cover_everything_once() -> None:
    """No entry twice, none missing, in each order."""
    for sort in (None, "name", "distance"):
        asked = Query(near=LA_MARSA, sort=sort, per_page=50)
        pages = [searcher().find(Query(**{**vars(asked), "page": page})).hits for page in range(1, 6)]
        found = [hit.service.id for page in pages for hit in page]
        assert len(found) == len(set(found)) == len(searcher())


def test_a_page_too_deep_is_refused() -> None:
    """Pages end at ten thousand hits."""
    with pytest.raises(PageTooDeep):
        searcher().find(Query(page=101, per_page=100))


def test_a_change_of_an_entry_is_found_without_building_anew() -> None:
    """New words, old words gone, withdrawn entries gone, older versions ignored; all others untouched."""
    some = searcher_over(entry("a", "Clinique Amal", fees="free"), entry("b", "École Nour"))
    built = some._index.columns
    some.apply([entry("a", "Hôpital Chifa", version=2), entry("c", "Crèche Yasmine")])
    some.apply([entry("a", "Clinique Amal", version=1)])
    assert ids(some, q="amal") == []
    assert ids(some, q="chifa") == ["a"]
    assert ids(some, q="creche") == ["c"]
    assert ids(some, free=True) == []
    assert ids(some, sort="name") == ["c", "b", "a"]
    some.apply([entry("b", "École Nour", version=2, state="withdrawn")])
    assert some.get("b") is None
    assert ids(some, q="nour") == []
    assert some._index.columns is built


def test_dead_slots_are_left_behind_without_building_anew() -> None:
    """After very many changes the answers are those of a new index, and room is given back."""
    some = searcher_over(*[entry(str(number), f"Clinique Amal {number}", fees="free") for number in range(40)])
    built = some._index.postings
    for version in range(2, 40):
        some.apply([entry(str(n), f"Clinique Nour {n}", version=version, fees="paid") for n in range(10)])
    anew = searcher_over(
        *[entry(str(n), f"Clinique Nour {n}", version=39, fees="paid") for n in range(10)],
        *[entry(str(n), f"Clinique Amal {n}", fees="free") for n in range(10, 40)],
    )
    assert some._index.postings is built
    assert some._index.columns.used < 40 + 38 * 10
    for asked in ({"sort": "name"}, {"q": "amal"}, {"q": "nour 7"}, {"free": True, "sort": "name"}):
        assert ids(some, **asked) == ids(anew, **asked)
        both = [one.find(Query(facets=True, **asked)) for one in (some, anew)]
        assert both[0].facets == both[1].facets


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["Amal", "Nour", "Chifa", ""])), max_size=60))
def test_following_changes_equals_building_anew(changes: list[tuple[int, str]]) -> None:
    """Whatever is published, changed and withdrawn: the index that followed answers as a new one."""
    followed, now = searcher_over(), dict[str, Service]()
    for version, (number, name) in enumerate(changes, start=1):
        one = entry(str(number), name or "x", version=version, state="published" if name else "withdrawn")
        followed.apply([one])
        now[one.id] = one
    anew = searcher_over(*now.values())
    for asked in ({"sort": "name"}, {"q": "amal"}, {"q": "nur"}, {"q": "chif"}):
        assert ids(followed, **asked) == ids(anew, **asked)


def test_places_outside_both_towns_are_left_out_and_counted() -> None:
    """Nothing is dropped silently: what came in and what was left out add up."""
    places = [one for one in seed().services if not one.demonstration]
    rows = (DATA / "osm" / "places.csv").read_text(encoding="utf-8").count("\n") - 1
    assert len(places) + sum(seed().left_out.values()) in (rows, rows + 1, rows - 1)
    assert all(one.source["licence"] == "ODbL-1.0" for one in places)
    assert not any(one.phones for one in places)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_no_text_makes_the_search_fail(text: str) -> None:
    """Folded words have neither case nor marks, and whatever is typed gets an answer."""
    for word in words(text):
        assert word == word.casefold()
        assert isinstance(sounds(word), tuple)
    assert searcher().find(Query(q=text)).total >= 0


def test_who_finds_nothing_is_helped() -> None:
    """Another spelling, the filters that stand in the way, the nearest; and nothing that would find nothing either."""
    some = searcher_over(
        entry("a", "Dispensaire Blomdryk", location={"lat": 36.9, "lon": 10.33}),
        entry("b", "Clinique Amal", municipality="la-marsa", fees="paid", location=LA_MARSA),
    )
    helped = some.help(Query(q="blomtrik"))
    assert (helped.did_you_mean, helped.without) == ("blomdryk", {})
    assert some.help(Query(q="blomtrik", municipality="la-marsa")).did_you_mean is None
    helped = some.help(Query(q="amal", municipality="raoued", free=True))
    assert (helped.did_you_mean, helped.without) == (None, {})
    helped = some.help(Query(q="amal", free=True))
    assert helped.without == {"free": 1}
    helped = some.help(Query(q="blomdryk", near=LA_MARSA, radius_km=1))
    assert helped.without == {"radius_km": 1}
    assert helped.nearest_km == pytest.approx(2.31, abs=0.05)
    assert some.help(Query(q="qqqqqqqqqqqq")).did_you_mean is None
