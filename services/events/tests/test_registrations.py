"""Registrations on a real database: the capacity holds, the waiting list keeps its order."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from imigr_events import handlers
from imigr_events.domain import Event
from imigr_events.errors import (
    KeyReused,
    NotOpen,
    RegistrationNotChangeable,
    StaleVersion,
    UnknownEvent,
    UnknownRegistration,
    WrongState,
)
from imigr_events.handlers import Desk
from imigr_events.ports import Command
from imigr_kit.access import NotAllowed
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

from . import conftest
from .conftest import MANAGER, manage_hash, wanted

Publish = Callable[..., Event]


def confirmed_places(db: Any) -> int:
    """Places of confirmed registrations, and that the counter says the same."""
    event = db["events"].find_one({"_id": "event-1"})
    held = sum(one["places"] for one in event["registrations"] if one["state"] == "confirmed")
    assert held == event["taken"]
    return int(held)


def test_sixty_registrations_for_thirty_seats_at_once(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Case 38: exactly thirty registered, thirty on the list."""
    publish(30)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: handlers.register(desk, *wanted(f"p{n}")), range(60)))
    states = [answer["state"] for answer in answers]
    assert (states.count("confirmed"), states.count("waiting")) == (30, 30)
    assert confirmed_places(mongo_db) == 30


def test_groups_are_never_split_and_no_place_is_oversold(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Case 31: 300 people in groups of one to three for 50 places; what stays free fits nobody who waits."""
    publish(50)
    sizes = [random.Random(7).randint(1, 3) for _ in range(150)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: handlers.register(desk, *wanted(f"g{n}", sizes[n])), range(150)))
    held = confirmed_places(mongo_db)
    waiting = [one["places"] for one in mongo_db["events"].find_one()["registrations"] if one["state"] == "waiting"]
    assert held <= 50
    assert all(size > 50 - held for size in waiting)


def test_a_freed_place_goes_to_the_first_who_fits(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """In order of arrival; a group that does not fit keeps its turn without holding others up."""
    publish(2)
    for who, places in (("a", 1), ("b", 1), ("group", 2), ("single", 1)):
        handlers.register(desk, *wanted(who, places))
    assert handlers.get_registration(desk, "la-marsa", manage_hash("group"))["waiting_position"] == 1
    handlers.cancel_registration(desk, "la-marsa", manage_hash("a"), Command("c", "c"))
    assert handlers.get_registration(desk, "la-marsa", manage_hash("single"))["state"] == "confirmed"
    assert handlers.get_registration(desk, "la-marsa", manage_hash("group"))["state"] == "waiting"
    assert confirmed_places(mongo_db) == 2


def test_the_one_who_is_served_is_told_by_an_event(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Cancelled and confirmed are written together, each with the next number of its registration."""
    publish(1)
    first = handlers.register(desk, *wanted("a"))
    second = handlers.register(desk, *wanted("b"))
    handlers.cancel_registration(desk, "la-marsa", manage_hash("a"), Command("c", "c"))
    outbox = mongo_db["events"].find_one()["outbox"]
    told = [
        (one["type"].split(".")[4], one["subject"], one["sequence"]) for one in outbox if "registration" in one["type"]
    ]
    assert told == [
        ("confirmed", first["id"], 1),
        ("waitlisted", second["id"], 1),
        ("cancelled", first["id"], 2),
        ("confirmed", second["id"], 2),
    ]


def test_the_same_command_gives_the_same_answer(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Also five at once, also when the event is over capacity meanwhile; another body is refused."""
    publish(1)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: handlers.register(desk, *wanted("a")), range(5)))
    assert all(answer == answers[0] for answer in answers)
    handlers.register(desk, *wanted("b"))
    assert handlers.register(desk, *wanted("a")) == answers[0]
    request, _ = wanted("a")
    with pytest.raises(KeyReused):
        handlers.register(desk, request, Command("key-a", "another body"))
    assert confirmed_places(mongo_db) == 1


def test_links_of_others_lead_nowhere(desk: Desk, publish: Publish) -> None:
    """Unknown and foreign are alike."""
    publish()
    handlers.register(desk, *wanted("a"))
    for municipality, who in (("la-marsa", "nobody"), ("raoued", "a")):
        with pytest.raises(UnknownRegistration):
            handlers.get_registration(desk, municipality, manage_hash(who))


def test_what_is_not_open_takes_nobody(desk: Desk, publish: Publish, clock: FrozenClock) -> None:
    """Begun, without registration, a draft, another town's."""
    publish(id="event-1")
    publish(id="event-2", registration="none")
    with pytest.raises(NotOpen):
        handlers.register(desk, *wanted("a", event_id="event-2"))
    with pytest.raises(UnknownEvent):
        handlers.register(desk, *wanted("a", municipality="raoued"))
    clock.advance(days=30)
    with pytest.raises(NotOpen):
        handlers.register(desk, *wanted("a"))


def test_a_cancelled_registration_stays_cancelled(desk: Desk, publish: Publish) -> None:
    """A second cancellation is refused, a repeated one says the same."""
    publish()
    handlers.register(desk, *wanted("a"))
    said = [handlers.cancel_registration(desk, "la-marsa", manage_hash("a"), Command("c", "c")) for _ in "ab"]
    assert said[0] == said[1]
    with pytest.raises(RegistrationNotChangeable):
        handlers.cancel_registration(desk, "la-marsa", manage_hash("a"), Command("d", "d"))


def test_staff_steps_check_role_version_and_state(desk: Desk) -> None:
    """A manager publishes once, on the version that was read; an editor may only write."""
    draft = conftest.make_event()
    editor = {"id": "e", "roles": [{"municipality": "la-marsa", "role": "editor"}]}
    handlers.create_event(desk, editor, draft, Command("k", "b"))
    with pytest.raises(NotAllowed):
        handlers.publish_event(desk, editor, draft.id, 1, Command("p1", "b"))
    with pytest.raises(StaleVersion):
        handlers.publish_event(desk, MANAGER, draft.id, 7, Command("p2", "b"))
    assert handlers.publish_event(desk, MANAGER, draft.id, 1, Command("p3", "b")).state == "published"
    with pytest.raises(StaleVersion):
        handlers.publish_event(desk, MANAGER, draft.id, 1, Command("p4", "b"))
    with pytest.raises(WrongState):
        handlers.publish_event(desk, MANAGER, draft.id, 2, Command("p5", "b"))
    assert handlers.cancel_event(desk, MANAGER, draft.id, 2, Command("c", "b")).state == "cancelled"


def test_the_agenda_shows_what_is_to_come_in_order(desk: Desk, publish: Publish, clock: FrozenClock) -> None:
    """By start, in pages, without what is over."""
    for number in (3, 1, 2):
        start = conftest.make_event().starts_at + timedelta(days=number)
        publish(id=f"e{number}", starts_at=start, ends_at=start + timedelta(hours=1))
    found, total = handlers.list_events(desk, "la-marsa", None, 1, 2)
    assert ([one.id for one in found], total) == (["e1", "e2"], 3)
    assert handlers.list_events(desk, "raoued", None, 1, 2) == ([], 0)


class Lists(RuleBasedStateMachine):
    """Any order of registering, repeating and cancelling keeps the capacity and the order."""

    def __init__(self) -> None:
        super().__init__()
        self._held = fresh_database()
        self.db = self._held.__enter__()
        self.desk: Desk = conftest.desk.__wrapped__(self.db, FrozenClock(conftest.NOW))  # type: ignore[attr-defined]
        draft = conftest.make_event(5)
        self.desk.events.add(draft, Command("add", "x"))
        handlers.publish_event(self.desk, MANAGER, draft.id, 1, Command("publish", "x"))
        self.gone: set[str] = set()

    @rule(who=st.sampled_from("abcdefgh"), places=st.integers(1, 3), twice=st.booleans())
    def register(self, who: str, places: int, twice: bool) -> None:
        for _ in range(1 + twice):
            try:
                handlers.register(self.desk, *wanted(who, places))
            except KeyReused:
                pass

    @rule(who=st.sampled_from("abcdefgh"), twice=st.booleans())
    def cancel(self, who: str, twice: bool) -> None:
        for _ in range(1 + twice):
            try:
                handlers.cancel_registration(self.desk, "la-marsa", manage_hash(who), Command(f"c-{who}", "c"))
                self.gone.add(who)
            except (UnknownRegistration, RegistrationNotChangeable):
                pass

    @invariant()
    def the_capacity_holds_and_nobody_who_fits_waits(self) -> None:
        event = self.db["events"].find_one() or {}
        rows = event["registrations"]
        held = sum(one["places"] for one in rows if one["state"] == "confirmed")
        assert held == event["taken"] <= 5
        assert all(one["places"] > 5 - held for one in rows if one["state"] == "waiting")
        assert sum(one["state"] == "cancelled" for one in rows) == len(self.gone)

    def teardown(self) -> None:
        self._held.__exit__(None, None, None)


TestLists = Lists.TestCase
TestLists.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
