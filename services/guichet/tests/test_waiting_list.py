"""The waiting list on a real database: an offer always holds a place, one person at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.text import wire_time
from imigr_guichet.domain.waiting_list import offer_until
from imigr_guichet.errors import (
    LanguageNotOffered,
    NotWaiting,
    OfferExpired,
    PlacesAreFree,
    SlotFull,
    UnknownEntry,
    UnknownGuichet,
)
from imigr_guichet.handlers import waiting_list as work
from imigr_guichet.handlers.booking import Booking, book_appointment, hold_place
from imigr_guichet.handlers.changing import cancel_appointment, get_appointment
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.slots import Ask
from imigr_guichet.handlers.waiting_list import Queue, Wish
from imigr_guichet.ports.appointments import Command
from imigr_guichet.storage.waiting_list import INDEXES, MongoEntries
from imigr_kit.access import NotAllowed
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

from . import conftest
from .conftest import OFTEN, STAFF, THURSDAY, manage_hash

TOWN = "la-marsa"
Maker = Callable[..., tuple[Booking, Command]]


def small(guichet: Guichet, *, slots: int = 1) -> Guichet:
    """La Marsa's guichet with so many places in Tigrinya on one Thursday and no other day."""
    span = replace(guichet.rules[0].spans[0], end=(THURSDAY + timedelta(hours=1, minutes=20 * slots)).time())
    rule = replace(guichet.rules[0], spans=(span,), valid_until=THURSDAY.date())
    return replace(guichet, rules=(rule,))


class List:
    """The waiting list for Tigrinya, each command under a key of its own unless one is named."""

    def __init__(self, office: Office, db: Any, guichet: Guichet) -> None:
        ensure_indexes(db, INDEXES)
        self.db = db
        self.guichet = guichet
        self.office = office
        self.queue = Queue(office, MongoEntries(db, Stamp("guichet", "test", office.clock, new_id), office.plans))
        self.count = 0

    def command(self, key: str = "") -> Command:
        """A command that was never given before, or the one of that key."""
        self.count += 1
        return Command(key or f"w{self.count}-{id(self)}", f"body-{key}")

    def book(self, who: str, start: datetime = THURSDAY) -> dict[str, Any]:
        """An appointment by somebody who does not wait."""
        wanted = Booking(TOWN, self.guichet.id, start, "information", "ti", manage_hash(who), None, None, "fr")
        return book_appointment(self.office, wanted, self.command())

    def cancel(self, who: str) -> None:
        """Give it back."""
        cancel_appointment(self.office, TOWN, manage_hash(who), self.command())

    def join(self, who: str, key: str = "", **changes: Any) -> dict[str, Any]:
        """Wait."""
        wanted: dict[str, Any] = {
            "municipality": TOWN,
            "guichet_id": self.guichet.id,
            "topic": "information",
            "language": "ti",
            "token_hash": manage_hash(f"w-{who}"),
            "place_hash": manage_hash(f"place-{who}"),
            "contact_id": f"contact-{who}",
            "channel": "sms",
            "message_language": "ar",
        }
        return work.join_list(self.queue, Wish(**(wanted | changes)), self.command(key))

    def see(self, who: str) -> dict[str, Any]:
        """The own entry."""
        return work.get_entry(self.queue, TOWN, manage_hash(f"w-{who}"))

    def state(self, who: str) -> str:
        """Its state."""
        return str(self.see(who)["state"])

    def accept(self, who: str, key: str = "") -> dict[str, Any]:
        """Take the offer."""
        return work.accept_offer(self.queue, TOWN, manage_hash(f"w-{who}"), self.command(key))

    def decline(self, who: str) -> dict[str, Any]:
        """Do not."""
        return work.decline_offer(self.queue, TOWN, manage_hash(f"w-{who}"), self.command())

    def occupying(self) -> int:
        """How many appointments occupy a place."""
        states = ["held", "to_confirm", "confirmed"]
        return int(self.db["appointments"].count_documents({"state": {"$in": states}}))


@pytest.fixture
def waiting(mongo_db: Any, clock: FrozenClock, la_marsa: Guichet) -> List:
    """One place in Tigrinya in all, taken by somebody; three persons wait."""
    guichet = small(la_marsa)
    made = List(conftest.bookings_on(mongo_db, clock, guichet).office, mongo_db, guichet)
    made.book("first")
    for who in "abc":
        made.join(who)
        clock.advance(seconds=1)
    return made


def test_a_freed_place_is_held_for_the_first_and_then_for_the_next(waiting: List, clock: FrozenClock) -> None:
    """Cases 30 and 30a: A does not answer, B gets it, A answers late and is told kindly, B keeps it."""
    assert work.sweep(waiting.queue) == 0
    waiting.cancel("first")
    assert work.sweep(waiting.queue) == 1
    assert [waiting.state(who) for who in "abc"] == ["offered", "waiting", "waiting"]
    with pytest.raises(SlotFull):
        waiting.book("somebody else")
    clock.advance(hours=12, seconds=1)
    assert work.sweep(waiting.queue) == 1
    assert [waiting.state(who) for who in "abc"] == ["expired", "offered", "waiting"]
    with pytest.raises(OfferExpired) as caught:
        waiting.accept("a")
    assert caught.value.params["topic"] == "information"
    assert waiting.accept("b")["state"] == "accepted"
    kept = get_appointment(waiting.office, TOWN, manage_hash("place-b"))
    assert (kept["state"], kept["contact_id"]) == ("confirmed", "contact-b")
    assert [waiting.state(who) for who in "abc"] == ["expired", "accepted", "waiting"]


def test_an_offer_says_in_whose_language_and_until_when(waiting: List, mongo_db: Any) -> None:
    """What notifications need, in the event; the offer's end is in the database's hold as well."""
    waiting.cancel("first")
    work.sweep(waiting.queue)
    row = mongo_db["waiting_list"].find_one({"contact_id": "contact-a"})
    told = row["outbox"][-1]
    assert told["type"] == "tn.imigr.guichet.waiting.offered.v1"
    assert (told["data"]["message_language"], told["data"]["contact_id"]) == ("ar", "contact-a")
    hold = mongo_db["appointments"].find_one({"_id": row["hold_id"]})
    assert hold["frees_at"] == row["offer_until"]


def test_a_refusal_frees_the_place_at_once(waiting: List) -> None:
    """The next is offered it with the next look, seconds later."""
    waiting.cancel("first")
    work.sweep(waiting.queue)
    assert waiting.decline("a")["state"] == "declined"
    assert work.sweep(waiting.queue) == 1
    assert waiting.state("b") == "offered"


def test_an_accepted_offer_that_is_cancelled_goes_to_the_next(waiting: List) -> None:
    """Case 30a."""
    waiting.cancel("first")
    work.sweep(waiting.queue)
    waiting.accept("a")
    waiting.cancel("place-a")
    work.sweep(waiting.queue)
    assert [waiting.state(who) for who in "abc"] == ["accepted", "offered", "waiting"]


def test_the_list_comes_before_the_random_return_of_a_place(waiting: List) -> None:
    """A cancelled place that would return to the public after some seconds is offered before."""
    slow = replace(waiting.office, chance=lambda: 1.0)
    cancel_appointment(slow, TOWN, manage_hash("first"), waiting.command())
    assert work.sweep(waiting.queue) == 1


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        (timedelta(days=10), timedelta(hours=12)),
        (timedelta(hours=24), timedelta(hours=4)),
        (timedelta(hours=6), timedelta(hours=1)),
        (timedelta(minutes=40), timedelta(minutes=15)),
        (timedelta(minutes=29), None),
        (timedelta(0), None),
        (timedelta(hours=-1), None),
    ],
)
def test_the_time_shrinks_near_the_date(left: timedelta, kept: timedelta | None) -> None:
    """And what has begun or begins too soon is not offered."""
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    until = offer_until(now + left, now)
    assert (until - now if until else None) == kept
    assert until is None or until < now + left


def test_what_has_begun_is_not_offered(waiting: List, clock: FrozenClock) -> None:
    """Case 30a: the place is free, the visit is about to begin."""
    waiting.cancel("first")
    clock.advance(seconds=(THURSDAY - clock.now()).total_seconds() - 60)
    assert work.sweep(waiting.queue) == 0
    assert waiting.state("a") == "waiting"


def test_a_closed_guichet_offers_nothing_and_takes_back(waiting: List, mongo_db: Any, clock: FrozenClock) -> None:
    """Case 30a: not open to the public any more."""
    waiting.cancel("first")
    work.sweep(waiting.queue)
    mongo_db["guichets"].update_one({"_id": waiting.guichet.id}, {"$set": {"state": "suspended"}})
    fresh = List(conftest.bookings_on(mongo_db, clock).office, mongo_db, waiting.guichet)
    assert work.sweep(fresh.queue) == 0
    assert [fresh.state(who) for who in "ab"] == ["expired", "waiting"]


def public_tries(waiting: List, who: str, start: datetime = THURSDAY) -> dict[str, Any]:
    """A visitor who does not wait, as the service's method does it: who waits is served first."""
    command = waiting.command(f"public-{who}")
    work.serve_first(waiting.queue, waiting.guichet.id, Ask("information", ("ti",)), start, command)
    wanted = Booking(TOWN, waiting.guichet.id, start, "information", "ti", manage_hash(who), None, None, "fr")
    return book_appointment(waiting.office, wanted, command)


def test_the_place_of_an_ended_hold_goes_to_who_waits_before_the_public(
    mongo_db: Any, clock: FrozenClock, la_marsa: Guichet
) -> None:
    """Nobody has swept: the visitor who tries first is refused, the place is held for who waits; a command that was
    run before still gets its answer."""
    waiting = List(conftest.bookings_on(mongo_db, clock, small(la_marsa)).office, mongo_db, small(la_marsa))
    wanted = Booking(TOWN, waiting.guichet.id, THURSDAY, "information", "ti", manage_hash("h"), None, None, "fr")
    hold_place(waiting.office, wanted, waiting.command())
    waiting.join("anna")
    clock.advance(minutes=11)
    with pytest.raises(SlotFull):
        public_tries(waiting, "public")
    assert waiting.state("anna") == "offered"
    waiting.decline("anna")
    made = public_tries(waiting, "public2")
    waiting.join("berta")
    assert public_tries(waiting, "public2") == made


def test_a_place_that_a_new_plan_opens_goes_to_who_waits_before_the_public(waiting: List, la_marsa: Guichet) -> None:
    """Three places more, three persons wait: they get them though the public asks first, which gets the fourth."""
    wider = replace(small(la_marsa, slots=5), version=la_marsa.version + 1)
    waiting.office.plans.change(wider, [], Command("wider", "b"), waiting.office.clock.now())
    starts = [THURSDAY + timedelta(minutes=20 * number) for number in range(1, 5)]
    with pytest.raises(SlotFull):
        public_tries(waiting, "hasty", starts[0])
    assert [waiting.see(who)["start"] for who in "abc"] == [wire_time(start) for start in starts[:3]]
    assert public_tries(waiting, "patient", starts[3])["state"] == "confirmed"


def test_nobody_needs_to_wait_while_places_are_free(waiting: List) -> None:
    """Told with the places; and where nobody speaks the language there is nothing to wait for."""
    waiting.cancel("first")
    with pytest.raises(PlacesAreFree) as caught:
        waiting.join("d")
    assert caught.value.params["next_slots"][0]["start"] == "2026-11-26T07:30:00Z"
    for changes, error in (({"language": "eo"}, LanguageNotOffered), ({"guichet_id": "x"}, UnknownGuichet)):
        with pytest.raises(error):
            waiting.join("d", **changes)


def test_the_same_command_again_says_the_same(waiting: List, mongo_db: Any) -> None:
    """Joining and accepting, five at once: one entry, one appointment."""
    with ThreadPoolExecutor(5) as pool:
        joined = list(pool.map(lambda _: waiting.join("d", key="j"), range(5)))
    assert all(one == joined[0] for one in joined)
    waiting.cancel("first")
    work.sweep(waiting.queue)
    with ThreadPoolExecutor(5) as pool:
        taken = list(pool.map(lambda _: waiting.accept("a", key="t"), range(5)))
    assert all(one == taken[0] for one in taken)
    assert waiting.occupying() == 1


def test_who_left_is_not_offered_anything(waiting: List) -> None:
    """And an entry that waits has nothing to accept."""
    with pytest.raises(NotWaiting):
        waiting.accept("a")
    work.leave_list(waiting.queue, TOWN, manage_hash("w-a"), waiting.command())
    waiting.cancel("first")
    work.sweep(waiting.queue)
    assert [waiting.state(who) for who in "ab"] == ["left", "offered"]


def test_sweeps_acceptances_and_the_public_at_once(mongo_db: Any, clock: FrozenClock, la_marsa: Guichet) -> None:
    """Contention: three places are freed; four sweeps, the public and the persons on the list all try at the same
    moment, again and again. No place is held or given twice, and nobody has two."""
    guichet = small(la_marsa, slots=3)
    rush = List(conftest.bookings_on(mongo_db, clock, guichet).office, mongo_db, guichet)
    starts = [THURSDAY + timedelta(minutes=20 * number) for number in range(3)]
    for number, start in enumerate(starts):
        rush.book(f"first-{number}", start)
    people = [f"p{number}" for number in range(8)]
    for who in people:
        rush.join(who)
    for number in range(3):
        rush.cancel(f"first-{number}")
    gate = threading.Barrier(14)

    def go(act: Callable[[], object]) -> None:
        gate.wait(10)
        for _ in range(6):
            try:
                act()
            except ImigrError:
                pass

    acts: list[Callable[[], object]] = [lambda: work.sweep(rush.queue)] * 4
    acts += [lambda who=who: rush.accept(who) for who in people]  # type: ignore[misc]  # bound per person
    acts += [lambda n=n: rush.book(f"public-{n}", starts[n]) for n in range(2)]  # type: ignore[misc]  # bound
    with ThreadPoolExecutor(14) as pool:
        for future in [pool.submit(go, act) for act in acts]:
            future.result()
    rows = list(mongo_db["appointments"].find({"state": {"$in": ["held", "confirmed"]}}))
    assert len({(row["desk"], row["start"]) for row in rows}) == len(rows) == 3
    told = [row["hold_id"] for row in mongo_db["waiting_list"].find({"state": {"$in": ["offered", "accepted"]}})]
    assert len(told) == len(set(told))
    held = {row["_id"] for row in rows}
    assert set(told) <= held


def test_another_town_neither_sees_nor_accepts(waiting: List) -> None:
    """Unknown and foreign alike; staff of Raoued see nothing of La Marsa."""
    raoued = {"id": "s2", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
    for town, who in (("raoued", "a"), (TOWN, "nobody")):
        with pytest.raises(UnknownEntry):
            work.accept_offer(waiting.queue, town, manage_hash(f"w-{who}"), waiting.command())
    with pytest.raises(NotAllowed):
        work.list_waiting(waiting.queue, raoued, TOWN, waiting.guichet.id)
    listed = work.list_waiting(waiting.queue, STAFF, TOWN, waiting.guichet.id)["items"]
    assert [one["state"] for one in listed] == ["waiting"] * 3
    assert "contact" not in str(listed)


class Waiting(RuleBasedStateMachine):
    """Any order of joining, cancelling, sweeping, answering and time: every offer holds a place of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._held = fresh_database()
        db = self._held.__enter__()
        self.clock = FrozenClock(conftest.NOW)
        guichet = small(conftest.la_marsa.__wrapped__(), slots=2)  # type: ignore[attr-defined]
        self.list = List(conftest.bookings_on(db, self.clock, guichet).office, db, guichet)
        self.people: list[str] = []
        self.booked: list[str] = []
        self.given_back: set[str] = set()
        """Places that were held for an offer and given back by their own link; the next sweep ends the offer."""

    @initialize()
    def fill(self) -> None:
        for number in range(2):
            self.booked.append(f"first-{number}")
            self.list.book(self.booked[-1], THURSDAY + timedelta(minutes=20 * number))

    @rule()
    def join(self) -> None:
        who = f"p{len(self.people)}"
        try:
            self.list.join(who)
            self.people.append(who)
        except PlacesAreFree:
            pass

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from([*self.booked, *(f"place-{one}" for one in self.people)]))
        held = {row["_id"] for row in self.list.db["appointments"].find({"state": "held"})}
        try:
            self.list.cancel(who)
        except ImigrError:
            return
        self.given_back |= held - {row["_id"] for row in self.list.db["appointments"].find({"state": "held"})}

    @rule()
    def sweep(self) -> None:
        work.sweep(self.list.queue)
        offered = {row["hold_id"] for row in self.list.db["waiting_list"].find({"state": "offered"})}
        assert not offered & self.given_back
        self.given_back.clear()

    @rule(data=st.data(), accept=st.booleans(), twice=st.booleans())
    def reply(self, data: st.DataObject, accept: bool, twice: bool) -> None:
        who = data.draw(st.sampled_from([*self.people, "nobody"]))
        for _ in range(1 + twice):
            try:
                self.list.accept(who, key=f"accept-{who}") if accept else self.list.decline(who)
            except ImigrError:
                pass

    @rule(hours=st.sampled_from([1, 5, 13]))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    @invariant()
    def every_offer_holds_a_place_of_its_own(self) -> None:
        db = self.list.db
        rows = list(db["appointments"].find({"state": {"$in": ["held", "confirmed"]}}))
        assert len({(row["desk"], row["start"]) for row in rows}) == len(rows) <= 2
        places = {row["_id"]: row for row in rows}
        offers = list(db["waiting_list"].find({"state": "offered"}))
        assert len({row["hold_id"] for row in offers}) == len(offers)
        now = self.clock.now()
        for row in offers:
            if row["offer_until"] > now and row["hold_id"] not in self.given_back:
                assert places[row["hold_id"]]["frees_at"] == row["offer_until"]

    @invariant()
    def events_count_without_gaps(self) -> None:
        for row in self.list.db["waiting_list"].find():
            assert [event["sequence"] for event in row["outbox"]] == list(range(1, row["version"] + 1))

    def teardown(self) -> None:
        self._held.__exit__(None, None, None)


TestWaiting = Waiting.TestCase
TestWaiting.settings = settings(max_examples=6 * OFTEN, stateful_step_count=15, deadline=None)
