"""Any order of commands, repetitions and mistakes, against the rules said plainly in a few lines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pymongo.database import Database

from imigr_events import handlers
from imigr_events.domain import Group, Seats, SessionState
from imigr_events.errors import (
    HoldExpired,
    InvalidInput,
    KeyReused,
    NoPlaces,
    NotOpen,
    RegistrationNotChangeable,
    UnknownRegistration,
)
from imigr_events.handlers import Desk, HoldWanted
from imigr_events.ports import Command
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

from . import conftest
from .conftest import MANAGER, NOW, manage_hash, wanted
from .test_programmes import session

EXAMPLES = int(os.environ.get("IMIGR_MODEL_EXAMPLES", "15"))
"""250 for a long run: ``IMIGR_MODEL_EXAMPLES=250 make test ARGS=services/events/tests/test_model.py``."""
pytestmark = pytest.mark.timeout(60 + 6 * EXAMPLES)
HELD: list[Database[dict[str, Any]]] = []
PEOPLE = "abcdefgh"
REFUSALS = (HoldExpired, InvalidInput, KeyReused, NoPlaces, NotOpen, RegistrationNotChangeable, UnknownRegistration)
RELEASE = NOW + timedelta(hours=30)
SITTINGS = {"s1": 3, "s2": None}


@dataclass
class Row:
    """What a clerk would keep on paper about one registration."""

    places: int
    women: int
    sitting: str
    state: str
    until: datetime | None = None
    contact: str = ""


def outcome(said: Any) -> Any:
    """What a command was answered about its registration; the event in it is told as it stands."""
    return {name: value for name, value in said.items() if name != "event"} if isinstance(said, dict) else said


@pytest.fixture(scope="module", autouse=True)
def one_database() -> Iterator[None]:
    """One for all examples: making indexes anew for each would take longer than the example."""
    with fresh_database() as db:
        HELD.append(db)  # hypothesis looks at a machine's attributes, and every attribute of a database is a collection
        yield
        HELD.clear()


class Registrations(RuleBasedStateMachine):
    """``rows`` is the list in order of arrival; a capacity, three places kept for women until an hour, one sitting
    with a capacity of its own, holds of ten minutes, offers of some hours or none."""

    def __init__(self) -> None:
        super().__init__()
        self.db = HELD[0]
        self.db["events"].delete_many({})
        self.clock = FrozenClock(NOW)
        self.desk: Desk = conftest.desk.__wrapped__(self.db, self.clock)  # type: ignore[attr-defined]
        self.rows: dict[str, Row] = {}
        self.holds: dict[str, tuple[Row, datetime]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.links: dict[str, str] = {}
        self.capacity, self.version, self.steps, self.is_off = 5, 2, 0, False
        self.hours: int | None = None

    @initialize(hours=st.sampled_from([None, 5]))
    def publish(self, hours: int | None) -> None:
        self.hours = hours
        sittings = tuple(session(name, capacity=most) for name, most in SITTINGS.items())
        kept = (Group("women", places=3, released_at=RELEASE),)
        draft = conftest.make_event(
            self.capacity, offer_hours=hours, groups=kept, sessions=sittings, choose_sessions=True
        )
        handlers.create_event(self.desk, MANAGER, draft, Command("add", "x"))
        handlers.publish_event(self.desk, MANAGER, "event-1", 1, Command("publish", "x"))

    # The rules on paper.

    def occupying(self) -> list[Row]:
        """Rows that hold places, and live holds."""
        held = [row for row in self.rows.values() if row.state in ("confirmed", "offered")]
        return held + [row for row, until in self.holds.values() if until > self.clock.now()]

    def fits(self, row: Row) -> bool:
        """Whether these places are free together."""
        held = [*self.occupying(), row]
        women, kept = sum(one.women for one in held), 0 if self.clock.now() >= RELEASE else 3
        limit = SITTINGS[row.sitting]
        in_sitting = sum(one.places for one in held if one.sitting == row.sitting)
        whole = sum(one.places - one.women for one in held) + max(women, kept)
        return whole <= self.capacity and (limit is None or in_sitting <= limit)

    def line(self) -> list[str]:
        """Who waits, in order of arrival."""
        return [who for who, row in self.rows.items() if row.state == "waiting"]

    def settle(self) -> None:
        """What the time has done, then free places down the line."""
        now = self.clock.now()
        self.holds = {name: (row, until) for name, (row, until) in self.holds.items() if until > now}
        for row in self.rows.values():
            if row.state == "offered" and row.until is not None and row.until <= now:
                row.state = "expired"
        for who in self.line():
            row = self.rows[who]
            if not self.is_off and self.fits(row):
                row.state = "confirmed" if self.hours is None else "offered"
                row.until = None if self.hours is None else now + timedelta(hours=self.hours)

    def attempt(self, use_case: Any, *arguments: Any) -> Any:
        """The answer, or the class of the refusal."""
        try:
            return use_case(self.desk, *arguments)
        except REFUSALS as error:
            return type(error)

    # What people and staff do.

    @rule(
        who=st.sampled_from(PEOPLE), places=st.integers(1, 3), women=st.integers(0, 2),
        sitting=st.sampled_from(sorted(SITTINGS)), contact=st.sampled_from(["", "", "1" * 64]), use=st.booleans(),
    )  # fmt: skip
    def register(self, who: str, places: int, women: int, sitting: str, contact: str, use: bool) -> None:
        women = min(women, places)
        hold = next((name for name in self.holds if name == who), None) if use else None
        if hold is not None:
            held = self.holds[hold][0]
            places, women, sitting = held.places, held.women, held.sitting
        request, _ = wanted(
            who, places, {"women": women} if women else {}, (sitting,),
            contact_key=contact or None, hold_id=self.answers[f"hold-{hold}"]["hold_id"] if hold else None,
        )  # fmt: skip
        body = f"{places}-{women}-{sitting}-{contact}-{hold}"
        said = self.attempt(handlers.register, request, Command(f"key-{who}", body))
        alive = hold is None or self.holds[hold][1] > self.clock.now()
        self.settle()
        if who in self.links:
            is_same = self.answers[f"body-{who}"]["body"] == body
            assert outcome(said) == (outcome(self.answers[who]) if is_same else KeyReused)
            return
        living = ("confirmed", "offered", "waiting")
        known = (one for one, row in self.rows.items() if contact and row.contact == contact and row.state in living)
        same = next(known, None)
        if same is not None:
            self.links[who] = same
            assert said["id"] == handlers.get_registration(self.desk, "la-marsa", manage_hash(same))["id"]
        elif self.is_off:
            assert said is NotOpen
            return
        elif not alive:
            assert said is HoldExpired
            return
        else:
            if hold is not None:
                del self.holds[hold]
            row = Row(places, women, sitting, "waiting", contact=contact)
            row.state = "confirmed" if hold is not None or self.fits(row) else "waiting"
            self.rows[who] = row
            self.links[who] = who
            position = self.line().index(who) + 1 if row.state == "waiting" else None
            assert (said["state"], said["waiting_position"], said["places"]) == (row.state, position, places)
        self.answers[who] = said
        self.answers[f"body-{who}"] = {"body": body}

    @rule(
        name=st.sampled_from(PEOPLE), places=st.integers(1, 3), women=st.integers(0, 1),
        sitting=st.sampled_from(sorted(SITTINGS)),
    )  # fmt: skip
    def hold(self, name: str, places: int, women: int, sitting: str) -> None:
        if f"hold-{name}" in self.answers:
            return
        seats = Seats(places, {"women": women} if women else {}, (sitting,))
        asked = HoldWanted("la-marsa", "event-1", seats)
        said = self.attempt(handlers.hold_places, asked, Command(f"hold-{name}", "x"))
        self.settle()
        row = Row(places, women, sitting, "held")
        if self.is_off:
            assert said is NotOpen
        elif not self.fits(row):
            assert said is NoPlaces
        else:
            self.holds[name] = (row, self.clock.now() + timedelta(minutes=10))
            self.answers[f"hold-{name}"] = said

    @rule(who=st.sampled_from(PEOPLE), what=st.sampled_from(["cancel", "accept", "decline"]), key=st.integers(1, 2))
    def change(self, who: str, what: str, key: int) -> None:
        use_case, states, state = {
            "cancel": (handlers.cancel_registration, ("confirmed", "waiting", "offered"), "cancelled"),
            "accept": (handlers.accept_offer, ("offered",), "confirmed"),
            "decline": (handlers.decline_offer, ("offered",), "declined"),
        }[what]
        name = f"{what}-{who}-{key}"
        said = self.attempt(use_case, "la-marsa", manage_hash(who), Command(name, "x"))
        self.settle()
        row = self.rows[self.links[who]] if who in self.links else None
        if row is None:
            assert said is UnknownRegistration
        elif name in self.answers:
            assert outcome(said) == outcome(self.answers[name])
        elif self.is_off or row.state not in states:
            assert said is RegistrationNotChangeable
        else:
            row.state = state
            assert said["state"] == state
            self.answers[name] = said
            self.settle()

    @rule(capacity=st.integers(2, 8))
    def edit(self, capacity: int) -> None:
        """Raised or lowered; nobody is dropped."""
        if self.is_off:
            return
        self.settle()
        self.steps += 1
        event = handlers.edit_event(
            self.desk, MANAGER, "event-1", self.version, {"capacity": capacity}, Command(f"s{self.steps}", "x")
        )
        self.version, self.capacity = event.version, capacity
        self.settle()

    @rule(days=st.integers(1, 5))
    def move(self, days: int) -> None:
        """To a later day: everyone keeps a place and is told once."""
        if self.is_off:
            return
        self.settle()
        self.steps += 1
        dates = (conftest.make_event().starts_at + timedelta(days=days), NOW + timedelta(days=60))
        event = handlers.postpone_event(
            self.desk, MANAGER, "event-1", self.version, dates, Command(f"s{self.steps}", "x")
        )
        self.version = event.version

    @rule(first=st.sampled_from(PEOPLE), second=st.sampled_from(PEOPLE))
    def merge(self, first: str, second: str) -> None:
        """The second ends; its links lead to the first."""
        one, other = self.links.get(first), self.links.get(second)
        if one is None or other is None or one == other:
            return
        self.steps += 1
        ids = [str(handlers.get_registration(self.desk, "la-marsa", manage_hash(who))["id"]) for who in (one, other)]
        command = Command(f"s{self.steps}", "x")
        said = self.attempt(handlers.merge, MANAGER, "la-marsa", ("event-1", ids[0]), ids[1], command)
        self.settle()
        living = ("confirmed", "waiting", "offered")
        if self.rows[one].state not in living or self.rows[other].state not in living:
            assert said is RegistrationNotChangeable
            return
        self.rows[other].state = "cancelled"
        self.links = {who: one if to == other else to for who, to in self.links.items()}
        self.settle()

    @rule(minutes=st.sampled_from([1, 9, 10, 60, 300, 900]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)
        handlers.keep_time(self.desk)
        self.settle()

    @rule(chance=st.integers(1, 30))
    def call_off(self, chance: int) -> None:
        if chance == 1 and not self.is_off:
            self.settle()
            handlers.cancel_event(self.desk, MANAGER, "event-1", self.version, Command("off", "x"))
            self.is_off = True
            for row in self.rows.values():
                row.state = "cancelled" if row.state in ("confirmed", "waiting", "offered") else row.state

    @invariant()
    def every_link_shows_what_the_list_says(self) -> None:
        handlers.keep_time(self.desk)
        self.settle()
        for who, to in self.links.items():
            row = self.rows[to]
            kept = handlers.get_registration(self.desk, "la-marsa", manage_hash(who))
            position = self.line().index(to) + 1 if row.state == "waiting" else None
            assert (kept["places"], kept["state"], kept["waiting_position"]) == (row.places, row.state, position)

    @invariant()
    def counts_agree_and_events_count_without_gaps(self) -> None:
        event = self.db["events"].find_one()
        if event is None:
            return
        assert event["taken"] == sum(row.places for row in self.occupying())
        assert event["kinds_taken"].get("women", 0) == sum(row.women for row in self.occupying())
        assert event["sessions"][0]["state"] == SessionState.PLANNED
        sequences: dict[str, list[int]] = {}
        for one in event["outbox"]:
            sequences.setdefault(one["subject"], []).append(one["sequence"])
        assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())
        versions = {one["id"]: one["version"] for one in event["registrations"]}
        assert versions == {one: found[-1] for one, found in sequences.items() if one != "event-1"}


TestRegistrations = Registrations.TestCase
TestRegistrations.settings = settings(max_examples=EXAMPLES, stateful_step_count=30, deadline=None)
