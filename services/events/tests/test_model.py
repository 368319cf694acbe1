"""Any order of commands, repetitions and mistakes, against the rules said plainly in a few lines."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from imigr_events import handlers
from imigr_events.errors import KeyReused, NotOpen, RegistrationNotChangeable, UnknownRegistration
from imigr_events.handlers import Desk
from imigr_events.ports import Command
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

from . import conftest
from .conftest import MANAGER, manage_hash, wanted

CAPACITY = 5
PEOPLE = "abcdefgh"


class Registrations(RuleBasedStateMachine):
    """``rows`` is the list as a clerk would keep it on paper: who, how many, in which state, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._held = fresh_database()
        self.db = self._held.__enter__()
        self.desk: Desk = conftest.desk.__wrapped__(self.db, FrozenClock(conftest.NOW))  # type: ignore[attr-defined]
        handlers.create_event(self.desk, MANAGER, conftest.make_event(CAPACITY), Command("add", "x"))
        handlers.publish_event(self.desk, MANAGER, "event-1", 1, Command("publish", "x"))
        self.rows: dict[str, tuple[int, str]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.is_off = False

    def free(self) -> int:
        """Places nobody holds."""
        return CAPACITY - sum(places for places, state in self.rows.values() if state == "confirmed")

    def line(self) -> list[str]:
        """Who waits, in order of arrival."""
        return [who for who, (_, state) in self.rows.items() if state == "waiting"]

    def attempt(self, use_case: Any, *arguments: Any) -> Any:
        """The answer, or the class of the refusal."""
        try:
            return use_case(self.desk, *arguments)
        except (KeyReused, NotOpen, RegistrationNotChangeable, UnknownRegistration) as error:
            return type(error)

    @rule(who=st.sampled_from(PEOPLE), places=st.integers(1, 4))
    def register(self, who: str, places: int) -> None:
        said = self.attempt(handlers.register, *wanted(who, places))
        if who in self.rows:
            assert said == (self.answers[who] if self.rows[who][0] == places else KeyReused)
        elif self.is_off:
            assert said is NotOpen
        else:
            state = "confirmed" if places <= self.free() else "waiting"
            self.rows[who] = (places, state)
            position = self.line().index(who) + 1 if state == "waiting" else None
            assert (said["state"], said["waiting_position"], said["places"]) == (state, position, places)
            self.answers[who] = said

    @rule(who=st.sampled_from(PEOPLE), key=st.integers(1, 2))
    def cancel(self, who: str, key: int) -> None:
        name = f"cancel-{who}-{key}"
        said = self.attempt(handlers.cancel_registration, "la-marsa", manage_hash(who), Command(name, "x"))
        if who not in self.rows:
            assert said is UnknownRegistration
        elif name in self.answers:
            assert said == self.answers[name]
        elif self.is_off or self.rows[who][1] == "cancelled":
            assert said is RegistrationNotChangeable
        else:
            self.rows[who] = (self.rows[who][0], "cancelled")
            for other in self.line():
                if self.rows[other][0] <= self.free():
                    self.rows[other] = (self.rows[other][0], "confirmed")
            self.answers[name] = said

    @rule(chance=st.integers(1, 12))
    def call_off(self, chance: int) -> None:
        if chance == 1 or self.is_off:
            handlers.cancel_event(self.desk, MANAGER, "event-1", 2, Command("off", "x"))
            self.rows = {who: (places, "cancelled") for who, (places, _) in self.rows.items()}
            self.is_off = True

    @invariant()
    def every_link_shows_what_the_list_says(self) -> None:
        for who, (places, state) in self.rows.items():
            kept = handlers.get_registration(self.desk, "la-marsa", manage_hash(who))
            position = self.line().index(who) + 1 if state == "waiting" else None
            assert (kept["places"], kept["state"], kept["waiting_position"]) == (places, state, position)

    @invariant()
    def the_capacity_holds_and_events_count_without_gaps(self) -> None:
        event = self.db["events"].find_one() or {}
        assert 0 <= event["taken"] == CAPACITY - self.free() <= CAPACITY
        sequences: dict[str, list[int]] = {}
        for one in event["outbox"]:
            sequences.setdefault(one["subject"], []).append(one["sequence"])
        assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())
        versions = {one["id"]: one["version"] for one in event["registrations"]}
        assert versions == {one: found[-1] for one, found in sequences.items() if one != "event-1"}

    def teardown(self) -> None:
        self._held.__exit__(None, None, None)


TestRegistrations = Registrations.TestCase
TestRegistrations.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
