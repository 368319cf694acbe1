"""A search with filters equals going through all entries one by one, in what is found, counted and in which order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from imigr_directory.domain import Service, Term, distance_km
from imigr_directory.domain.calendar import Calendar
from imigr_directory.search import Query, Searcher

TERMS = {
    code: Term(code, parent, {"fr": code})
    for code, parent in (("a", None), ("a.b", "a"), ("a.b.c", "a.b"), ("d", None))
}
TOWNS = ("raoued", "la-marsa")
WORDS = ("amal", "nour", "chifa")
CALENDARS = {town: Calendar(town, "Africa/Tunis") for town in TOWNS}
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
OPEN = [{"rules": [{"rrule": "FREQ=DAILY", "spans": [["08:30", "12:30"]]}]}]
SHUT = [{"rules": [{"rrule": "FREQ=DAILY", "spans": [["14:30", "17:30"]]}]}]
TODAY = date(2026, 11, 24)

places = st.fixed_dictionaries({"lat": st.floats(36.7, 37.0), "lon": st.floats(10.0, 10.4)})
entries: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    name=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(" ".join),
    municipality=st.sampled_from(TOWNS),
    taxonomy=st.lists(st.sampled_from(sorted(TERMS)), min_size=1, max_size=2, unique=True).map(tuple),
    languages=st.lists(st.sampled_from(("fr", "ar", "en")), max_size=3, unique=True).map(tuple),
    accessibility=st.lists(st.sampled_from(("wheelchair", "hearing")), max_size=2, unique=True).map(tuple),
    fees=st.sampled_from((None, "free", "paid")),
    location=st.none() | places,
    hours=st.sampled_from((None, OPEN, SHUT)),
    hours_of_place=st.sampled_from((None, OPEN, SHUT)),
)
asking = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from(WORDS),
        "municipality": st.sampled_from(TOWNS),
        "taxonomy": st.sampled_from([*sorted(TERMS), "unknown"]),
        "spoken": st.lists(st.sampled_from(("fr", "ar", "en")), max_size=2, unique=True).map(tuple),
        "accessibility": st.lists(st.sampled_from(("wheelchair", "hearing")), max_size=2, unique=True).map(tuple),
        "free": st.booleans(),
        "open_at": st.just(MORNING),
        "within": st.tuples(places, st.sampled_from((None, 1.0, 5.0, 20.0))),
        "sort": st.sampled_from(("name", "relevance")),
    },
)


def entry(number: int, made: dict[str, Any]) -> Service:
    """An entry whose description is only noise to the words that are asked for."""
    rest = {name: value for name, value in made.items() if name not in ("name", "hours", "hours_of_place")}
    details = {"schedules": made["hours"]} if made["hours"] else {}
    if made["hours_of_place"]:
        details["at"] = [{"schedules": made["hours_of_place"]}]
    return Service(id=f"{number:03d}", name={"fr": made["name"]}, details=details, **rest)


def holds(one: Service, asked: dict[str, Any]) -> bool:
    """Whether the entry is to be found, said as plainly as possible."""
    near, radius = asked.get("within", (None, None))
    wanted = asked.get("taxonomy")
    return all(
        (
            asked.get("q", "") in " ".join(one.name.values()).split() or not asked.get("q"),
            asked.get("municipality") in (None, one.municipality),
            wanted is None or any(code == wanted or code.startswith(f"{wanted}.") for code in one.taxonomy),
            set(asked.get("spoken", ())) <= set(one.languages),
            set(asked.get("accessibility", ())) <= set(one.accessibility),
            not asked.get("free") or one.fees == "free",
            "open_at" not in asked or (one.details.get("schedules") or at_place(one)) == OPEN,
            radius is None or (one.location is not None and distance_km(near, one.location) <= radius),
        )
    )


def at_place(one: Service) -> Any:
    """The hours of the place where it is given, which count when it says none of its own."""
    return next((place["schedules"] for place in one.details.get("at", ())), None)


def query(asked: dict[str, Any], **more: Any) -> Query:
    """The same as a question."""
    near, radius = asked.get("within", (None, None))
    rest = {name: value for name, value in asked.items() if name != "within"}
    return Query(near=near, radius_km=radius, today=TODAY, calendars=CALENDARS, **(rest | more))


PLAIN: dict[str, Any] = {
    "name": "amal", "municipality": "raoued", "taxonomy": ("a",), "languages": (), "accessibility": (),
    "fees": None, "location": None, "hours": SHUT, "hours_of_place": OPEN,
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(entries, max_size=24), asking)
@example([PLAIN], {"open_at": MORNING})
def test_filters_find_what_going_through_all_entries_finds(made: list[dict[str, Any]], asked: dict[str, Any]) -> None:
    """The same entries, the same total, every page of them once; and each count of a facet is what one would find."""
    services = [entry(number, one) for number, one in enumerate(made)]
    searcher = Searcher(services, TERMS)
    meant = {one.id for one in services if holds(one, asked)}
    pages = [searcher.find(query(asked, page=page, per_page=5)) for page in range(1, 7)]
    found = [hit.service.id for page in pages for hit in page.hits]
    assert (sorted(found), pages[0].total) == (sorted(meant), len(meant))
    facets = searcher.find(query(asked, facets=True)).facets
    for group, value in (("municipality", "raoued"), ("taxonomy", "a"), ("taxonomy", "a.b")):
        counted = sum(holds(one, asked | {group: value}) for one in services)
        assert facets[group].get(value, 0) == counted


@settings(max_examples=30, deadline=None)
@given(st.lists(entries, max_size=24), places)
def test_the_order_by_distance_is_that_of_the_distances(made: list[dict[str, Any]], here: dict[str, float]) -> None:
    """The nearest first, who has no place last, and each hit says how far it is."""
    services = [entry(number, one) for number, one in enumerate(made)]
    hits = Searcher(services, TERMS).find(Query(near=here, sort="distance", per_page=100)).hits
    away = [None if one.location is None else distance_km(here, one.location) for one in services]
    assert [hit.distance_km is None for hit in hits] == sorted(one is None for one in away)
    for said, meant in zip(hits, sorted(one for one in away if one is not None), strict=False):
        assert said.distance_km is not None
        assert abs(said.distance_km - meant) < 0.02
