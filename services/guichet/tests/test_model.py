"""Any order of commands, with repetitions, keeps the promises: nobody sits on a place of another, nobody is stranded
silently, and every answer is what is stored."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from imigr_guichet.domain.guichet import Absence, DayException
from imigr_guichet.domain.states import OCCUPYING, OPEN, STEPS
from imigr_guichet.domain.text import overlaps
from imigr_guichet.handlers import agenda, planning, waiting_list
from imigr_guichet.handlers.booking import Booking, book_appointment, hold_place
from imigr_guichet.handlers.changing import Reachable, cancel_appointment, move_appointment, take_up_hold
from imigr_guichet.handlers.fading import expire_holds
from imigr_guichet.handlers.offering import Queue, sweep
from imigr_guichet.ports.appointments import Command
from imigr_guichet.storage.documents import appointment_of
from imigr_guichet.storage.waiting_list import INDEXES, MongoEntries
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

from . import conftest
from .conftest import STAFF, THURSDAY, manage_hash
from .test_day import MANAGER

WHO = st.sampled_from("abcdef")
SLOT = st.integers(0, 3)
TWICE = st.integers(1, 2)


class Desk(RuleBasedStateMachine):
    """Book, hold, take up, move, cancel, check in and on, absence, plan change, expiry, waiting list and offers; each
    perhaps twice."""

    def __init__(self) -> None:
        super().__init__()
        self._held = fresh_database()
        self.db = self._held.__enter__()
        self.clock = FrozenClock(conftest.NOW)
        self.guichet = conftest.la_marsa.__wrapped__()  # type: ignore[attr-defined]
        self.office = conftest.bookings_on(self.db, self.clock, self.guichet).office
        ensure_indexes(self.db, INDEXES)
        stamp = Stamp("guichet", "test", self.clock, new_id)
        self.queue = Queue(self.office, MongoEntries(self.db, stamp, self.office.plans))
        self.counter = 0
        self.waiting: dict[str, str] = {}
        self.tokens: dict[str, str] = {}

    def _again(self, times: int, run: Any) -> dict[str, Any] | None:
        """Run a command that often; it says the same each time, whether it is an answer or a refusal."""
        self.counter += 1
        command = Command(f"k{self.counter}", "b")
        told: list[Any] = []
        for _ in range(times):
            try:
                told.append(run(command))
            except ImigrError as error:
                told.append(error.code)
        if isinstance(told[0], dict):
            assert all(one == told[0] for one in told)
            said: dict[str, Any] = told[0]
            return said
        return None

    def _booking(self, who: str, slot: int, language: str) -> Booking:
        token = self.tokens[who] = f"{who}{self.counter}"
        start = THURSDAY + timedelta(minutes=20 * slot)
        hashed = manage_hash(token)
        return Booking("la-marsa", self.guichet.id, start, "information", language, hashed, None, None, "fr")

    def _hash(self, who: str) -> str:
        return manage_hash(self.tokens.get(who, who))

    @rule(who=WHO, slot=SLOT, language=st.sampled_from(["fr", "ti"]), times=TWICE, hold=st.booleans())
    def take_a_place(self, who: str, slot: int, language: str, times: int, hold: bool) -> None:
        wanted = self._booking(who, slot, language)
        run = hold_place if hold else book_appointment
        self._again(times, lambda command: run(self.office, wanted, command))

    @rule(who=WHO, times=TWICE)
    def take_up(self, who: str, times: int) -> None:
        reach = Reachable(None, None, "fr")
        self._again(times, lambda command: take_up_hold(self.office, "la-marsa", self._hash(who), reach, command))

    @rule(who=WHO, slot=SLOT, times=TWICE)
    def move(self, who: str, slot: int, times: int) -> None:
        start = THURSDAY + timedelta(minutes=20 * slot)
        self._again(times, lambda command: move_appointment(self.office, "la-marsa", self._hash(who), start, command))

    @rule(who=WHO, times=TWICE)
    def cancel(self, who: str, times: int) -> None:
        self._again(times, lambda command: cancel_appointment(self.office, "la-marsa", self._hash(who), command))

    @rule(number=st.integers(0, 5), name=st.sampled_from(sorted(STEPS)), times=TWICE)
    def step(self, number: int, name: str, times: int) -> None:
        ids = [row["_id"] for row in self.db["appointments"].find({}, {"_id": 1}).sort("_id", 1)]
        if ids:
            one = ids[number % len(ids)]
            self._again(times, lambda command: agenda.take_step(self.office, STAFF, "la-marsa", one, name, command))

    @rule(mediator=st.sampled_from(["m1", "m2", "m3"]), slot=SLOT, times=TWICE)
    def be_away(self, mediator: str, slot: int, times: int) -> None:
        start = THURSDAY + timedelta(minutes=20 * slot)
        absence = Absence(f"{mediator}{slot}", mediator, start, start + timedelta(minutes=40))

        def run(command: Command) -> dict[str, Any]:
            done = planning.register_absence(
                self.office, STAFF, "la-marsa", self.guichet.id, absence, command, dry=False
            )
            return {"version": done[0].version}

        self._again(times, run)

    @rule(who=WHO, times=TWICE)
    def wait(self, who: str, times: int) -> None:
        token = self.waiting[who] = manage_hash(f"w-{who}{self.counter}")
        wish = waiting_list.Wish(
            "la-marsa", self.guichet.id, "information", "ti", token, manage_hash(token), f"c-{who}", "sms", "fr"
        )
        self._again(times, lambda command: waiting_list.join_list(self.queue, wish, command))

    @rule(who=WHO, times=TWICE, accept=st.booleans())
    def answer_an_offer(self, who: str, times: int, accept: bool) -> None:
        run = waiting_list.accept_offer if accept else waiting_list.decline_offer
        token = self.waiting.get(who, manage_hash(who))
        self._again(times, lambda command: run(self.queue, "la-marsa", token, command))

    @rule()
    def offer_what_is_free(self) -> None:
        sweep(self.queue)

    @rule(closed=st.booleans(), times=TWICE)
    def change_the_plan(self, closed: bool, times: int) -> None:
        current = planning.plan_of(self.office, self.guichet.id, "la-marsa")
        changed = replace(current, exceptions=(DayException(THURSDAY.date()),) if closed else ())

        def run(command: Command) -> dict[str, Any]:
            return {"v": planning.change_plan(self.office, MANAGER, "la-marsa", changed, command)[0].version}

        self._again(times, run)

    @rule(minutes=st.sampled_from([5, 11, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)
        expire_holds(self.office)

    @invariant()
    def nobody_sits_on_a_place_of_another(self) -> None:
        desks: dict[str, list[Any]] = {}
        for row in self.db["appointments"].find({"state": {"$in": list(OCCUPYING)}}):
            one = appointment_of(row)
            has_cells = any(claim.startswith("place:") for claim in row["claims"])
            assert has_cells == one.has_place
            if one.has_place:
                desks.setdefault(one.desk, []).append((one.busy_from, one.busy_until))
        for taken in desks.values():
            for number, span in enumerate(taken):
                assert not any(overlaps(span, other) for other in taken[:number])

    @invariant()
    def nobody_is_stranded_silently(self) -> None:
        planning.review_plans(self.office)
        guichet = planning.plan_of(self.office, self.guichet.id, "la-marsa")
        for row in self.db["appointments"].find({"state": {"$in": [str(state) for state in OPEN]}}):
            one = appointment_of(row)
            if one.start > self.clock.now() and planning.why_stranded(guichet, one) is not None:
                assert one.stranded is not None

    @invariant()
    def an_offer_has_a_place_of_its_own(self) -> None:
        offered = [kept.entity.hold_id for kept in self.queue.entries.offered(100)]
        assert None not in offered
        assert len(offered) == len(set(offered)) == self.db["appointments"].count_documents({"_id": {"$in": offered}})

    @invariant()
    def events_count_without_gaps(self) -> None:
        for row in self.db["appointments"].find():
            assert [event["sequence"] for event in row["outbox"]] == list(range(1, row["version"] + 1))
            assert [line["version"] for line in row["commands"]] == list(range(1, row["version"] + 1))

    def teardown(self) -> None:
        self._held.__exit__(None, None, None)


TestDesk = Desk.TestCase
TestDesk.settings = settings(
    max_examples=int(os.environ.get("IMIGR_MODEL_EXAMPLES", "6")), stateful_step_count=25, deadline=None
)
