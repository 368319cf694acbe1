"""Training pathways on a real database: planned in numbers, evaluated without anybody being found in the results."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from imigr_events import handlers
from imigr_events.domain import Event
from imigr_events.domain.pathways import Pathway
from imigr_events.domain.small_counts import FEWEST, shown
from imigr_events.errors import (
    InvalidInput,
    KeyReused,
    NotOpen,
    StaleVersion,
    UnknownCoaching,
    UnknownEvent,
    UnknownPathway,
)
from imigr_events.handlers import Desk
from imigr_events.handlers import pathways as use
from imigr_events.handlers.door import Door
from imigr_events.handlers.pathways import School
from imigr_events.ports import Command
from imigr_events.schemas.pathways import CREATE_PATHWAY, pathway_of, pathway_out, pathway_values
from imigr_events.signing import KeyRing
from imigr_events.storage import PATHWAY_INDEXES, MongoAttendance, MongoPathways
from imigr_kit.access import NotAllowed
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

from .conftest import KEY, MANAGER, manage_hash, wanted
from .test_door import START, go_to

Publish = Callable[..., Event]
STRANGER = {"id": "x", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
BODY: dict[str, Any] = {
    "title": {"fr": "Points focaux de La Marsa", "ar": "نقاط الاتصال بالمرسى"},
    "event_ids": ["event-1"],
    "places": 25,
    "trainers": {"trainer": 2, "psychologist": 1},
    "focal_points": [{"role": "intercultural_mediator", "planned": 20}],
    "coaching": [{"id": "c1", "day": "2027-01-10", "minutes": 360, "topic": "mediation"}],
    "questions": [
        {
            "code": "useful",
            "text": {"fr": "Utile ?"},
            "options": {"yes": {"fr": "Oui"}, "partly": {"fr": "En partie"}, "no": {"fr": "Non"}},
            "required": True,
        },
        {
            "code": "more",
            "text": {"fr": "Encore ?"},
            "options": {"law": {"fr": "Droit"}, "health": {"fr": "Santé"}},
            "several": True,
        },
    ],
}


def loaded(**changes: Any) -> dict[str, Any]:
    """The body as it comes off the wire."""
    payload = {"actor": MANAGER, "municipality": "la-marsa", "pathway": BODY | changes, "idempotency_key": "k"}
    found: dict[str, Any] = CREATE_PATHWAY.load(payload)["pathway"]
    return found


@pytest.fixture
def school(desk: Desk, mongo_db: Any, clock: FrozenClock, publish: Publish) -> School:
    """A course of La Marsa."""
    ensure_indexes(mongo_db, PATHWAY_INDEXES)
    stamp = Stamp("events", "test", clock, new_id)
    publish()
    door = Door(desk, MongoAttendance(mongo_db, stamp), KeyRing(KEY))
    return School(door, MongoPathways(mongo_db, stamp))


@pytest.fixture
def planned(school: School) -> Pathway:
    """A pathway of it."""
    return create(school)


def create(school: School, key: str = "k", body: str = "b", **changes: Any) -> Pathway:
    """Plan a pathway."""
    pathway = pathway_of(loaded(**changes), "la-marsa", new_id)
    return use.create_pathway(school, MANAGER, pathway, Command(key, body))


def test_a_pathway_is_kept_as_it_was_planned(school: School, planned: Pathway) -> None:
    """With its courses, functions, roles and days."""
    found, events = use.get_pathway(school, MANAGER, "la-marsa", planned.id)
    assert found == planned
    assert [one.id for one in events] == ["event-1"]
    told = pathway_out(found)
    assert told["focal_points"] == [{"role": "intercultural_mediator", "planned": 20, "produced": 0}]
    assert told["coaching"][0]["state"] == "planned"


def test_the_same_command_makes_one_pathway(school: School) -> None:
    """Also five at once; another body is refused."""
    with ThreadPoolExecutor(5) as pool:
        made = list(pool.map(lambda _: create(school), range(5)))
    assert len({one.id for one in made}) == 1
    with pytest.raises(KeyReused):
        create(school, body="other")


def test_it_is_changed_on_the_version_that_was_seen(school: School, planned: Pathway, mongo_db: Any) -> None:
    """A stale one is refused; a repeated command answers as before; each change is told in order."""
    values = pathway_values(loaded(focal_points=[{"role": "teacher", "planned": 4, "produced": 3}]), new_id)
    changed = use.change_pathway(school, MANAGER, planned.id, values, 1, Command("c", "c"))
    assert (changed.version, changed.focal_points[0].produced) == (2, 3)
    assert use.change_pathway(school, MANAGER, planned.id, values, 1, Command("c", "c")) == changed
    with pytest.raises(StaleVersion):
        use.change_pathway(school, MANAGER, planned.id, values, 1, Command("d", "d"))
    outbox = mongo_db["pathways"].find_one()["outbox"]
    assert [(one["sequence"], one["data"]["focal_points_produced"]) for one in outbox] == [(1, 0), (2, 3)]


def test_a_coaching_day_that_took_place_stays(school: School, planned: Pathway) -> None:
    """Also when the plan no longer names it."""
    done = use.note_coaching(school, MANAGER, planned.id, "c1", date(2027, 1, 11), 1, Command("n", "n"))
    assert done.coaching[0].done_on == date(2027, 1, 11)
    values = pathway_values(loaded(coaching=[{"day": "2027-02-01", "minutes": 60, "topic": "rights"}]), new_id)
    changed = use.change_pathway(school, MANAGER, planned.id, values, 2, Command("c", "c"))
    assert [one.done_on for one in changed.coaching] == [date(2027, 1, 11), None]
    with pytest.raises(UnknownCoaching):
        use.note_coaching(school, MANAGER, planned.id, "none", date(2027, 1, 11), 3, Command("m", "m"))


def test_pathways_may_be_planned_before_their_courses(school: School) -> None:
    """Two without any course do not stand in each other's way; a course that both want goes to one."""
    made = [create(school, key, event_ids=[]) for key in ("a", "b")]
    values = pathway_values(loaded(), new_id)

    def take(pathway: Pathway) -> bool:
        try:
            use.change_pathway(school, MANAGER, pathway.id, values, 1, Command(f"take-{pathway.id}", "x"))
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, made)) == [False, True]


def test_a_course_belongs_to_one_pathway_of_its_town(school: School, planned: Pathway) -> None:
    """An unknown course, one that has a pathway, one of another town."""
    with pytest.raises(InvalidInput):
        create(school, "second")
    with pytest.raises(UnknownEvent):
        create(school, "third", event_ids=["none"])
    with pytest.raises(NotAllowed):
        use.create_pathway(school, STRANGER, planned, Command("fourth", "x"))
    with pytest.raises(UnknownPathway):
        use.get_pathway(school, STRANGER, "raoued", planned.id)


@pytest.mark.parametrize(
    "changes",
    [
        {"places": 0},
        {"trainers": {"Mr Ben Ali": 1}},
        {"focal_points": [{"role": "somebody", "planned": 1}]},
        {"focal_points": [{"role": "teacher", "planned": 1}, {"role": "teacher", "planned": 2}]},
        {"coaching": [{"day": "tomorrow", "minutes": 60, "topic": "rights"}]},
        {"coaching": [{"day": "2027-01-01", "minutes": 60, "topic": "a talk with Amina"}]},
        {"questions": [{"code": "q", "text": {"fr": "?"}, "options": {"a": {"fr": "A"}}}]},
        {"questions": [{"code": "q.x", "text": {"fr": "?"}, "options": {"a": {"fr": "A"}, "b": {"fr": "B"}}}]},
        {"title": {}},
        {"note": "free text"},
    ],
)
def test_nothing_but_closed_words_and_numbers_is_taken(changes: dict[str, Any]) -> None:
    """A name has no field to stand in."""
    with pytest.raises(ValidationError):
        loaded(**changes)


def answer(school: School, who: str, useful: str = "yes", more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Somebody's sheet."""
    return use.answer_evaluation(school, "la-marsa", manage_hash(who), {"useful": [useful], "more": list(more)})


@pytest.fixture
def attended(school: School, planned: Pathway, clock: FrozenClock) -> School:
    """Thirty registrations, and the course has begun."""
    for number in range(30):
        handlers.register(school.door.desk, *wanted(f"p{number}"))
    go_to(clock, START + timedelta(hours=1))
    return school


def results(school: School, pathway: Pathway) -> dict[str, Any]:
    """What staff see."""
    told = use.evaluation_results(school, MANAGER, "la-marsa", pathway.id)
    return {one["code"]: one["counts"] for one in told["questions"]} | {"sheets": told["sheets"]}


def test_answers_are_counted_once_for_each_registration(attended: School, planned: Pathway, mongo_db: Any) -> None:
    """At once and repeated; whatever a second sheet says."""
    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(lambda n: answer(attended, f"p{n % 20}"), range(40)))
    assert sum(one["is_first"] for one in firsts) == 20
    assert answer(attended, "p3", "no") == {"counted": True, "is_first": False}
    kept = mongo_db["evaluations"].find_one()
    assert (kept["sheets"], kept["counts"]["useful"]) == (20, {"yes": 20})


def test_nothing_ties_an_answer_to_a_registration(attended: School, mongo_db: Any) -> None:
    """That one has answered is known by a keyed hash; what, only in the sums."""
    answer(attended, "p1", "no", ("law",))
    kept = mongo_db["evaluations"].find_one()
    assert set(kept) == {"_id", "sheets", "answered", "counts", "shown", "shown_sheets"}
    registrations = [one["id"] for one in mongo_db["events"].find_one()["registrations"]]
    assert not any(one in str(kept) for one in registrations)


def test_small_counts_are_hidden_and_so_is_what_gives_them_away(attended: School, planned: Pathway) -> None:
    """Two of twenty said no: that is not shown, nor the count from which it follows."""
    for number in range(20):
        answer(attended, f"p{number}", "no" if number < 2 else "partly" if number < 8 else "yes", ("law",))
    told = results(attended, planned)
    assert told["sheets"] == 20
    assert told["useful"] == {"yes": 12, "partly": None, "no": None}
    assert told["more"] == {"law": None, "health": None}


def test_two_looks_never_differ_by_one_person(attended: School, planned: Pathway) -> None:
    """Results go forward in steps of five sheets; below five there are none."""
    seen = []
    for number in range(12):
        answer(attended, f"p{number}")
        seen.append(results(attended, planned)["sheets"])
    assert seen == [None] * 4 + [5] * 5 + [10] * 3


@pytest.mark.parametrize(
    "answers", [{}, {"useful": ["maybe"]}, {"useful": ["yes", "no"]}, {"useful": ["yes"], "x": ["y"]}]
)
def test_a_wrong_sheet_is_told_field_by_field(attended: School, answers: dict[str, list[str]], mongo_db: Any) -> None:
    """And counts nothing."""
    with pytest.raises(InvalidInput) as refused:
        use.answer_evaluation(attended, "la-marsa", manage_hash("p1"), answers)
    assert refused.value.fields[0].path.startswith("answers.")
    assert mongo_db["evaluations"].find_one() is None


def test_before_the_course_begins_nothing_is_counted(school: School, planned: Pathway) -> None:
    """There is nothing to evaluate yet; an event without a pathway has no questionnaire."""
    handlers.register(school.door.desk, *wanted("early"))
    with pytest.raises(NotOpen):
        answer(school, "early")
    assert use.get_evaluation(school, "la-marsa", manage_hash("early")).id == planned.id


def test_an_event_without_a_pathway_has_no_questionnaire(school: School) -> None:
    """Nothing is asked."""
    handlers.register(school.door.desk, *wanted("a"))
    with pytest.raises(UnknownPathway):
        use.get_evaluation(school, "la-marsa", manage_hash("a"))


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40), min_size=1))
def test_no_hidden_count_follows_from_the_others(counts: dict[str, int]) -> None:
    """Whoever knows the sum learns of what is hidden only that it is of several answers and five people at least,
    or that everything is hidden."""
    told = shown(counts)
    hidden = [name for name, number in told.items() if number is None]
    assert all(number >= FEWEST for number in told.values() if number is not None)
    if hidden and len(hidden) < len(counts):
        assert len(hidden) > 1
        assert sum(counts[name] for name in hidden) >= FEWEST
    if not hidden:
        assert told == counts
