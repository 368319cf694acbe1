"""The waiting room on a real database: whose turn it is, and nobody called twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.tickets import AT_DESK, OPEN, QUEUED, Ticket
from imigr_guichet.errors import (
    AppointmentNotChangeable,
    CallAgainFirst,
    DeskOccupied,
    GuichetShut,
    KeyReused,
    LanguageNotOffered,
    TicketNotChangeable,
    UnknownAppointment,
    UnknownDesk,
    UnknownGuichet,
    UnknownTicket,
)
from imigr_guichet.handlers import tickets as hall_work
from imigr_guichet.handlers.agenda import take_step
from imigr_guichet.handlers.booking import book_appointment
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.tickets import Arrival, Hall
from imigr_guichet.ports.appointments import Command
from imigr_kit.access import NotAllowed
from imigr_kit.errors import ImigrError
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

from . import conftest
from .conftest import OFTEN, STAFF, THURSDAY, manage_hash

RAOUED = {"id": "s2", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}


class Room:
    """The waiting room of La Marsa, each command under a key of its own unless one is named."""

    def __init__(self, hall: Hall, guichet: Guichet) -> None:
        self.hall = hall
        self.guichet = guichet
        self.count = 0

    def command(self, key: str = "") -> Command:
        """A command that was never given before, or the one of that key."""
        self.count += 1
        return Command(key or f"k{self.count}", f"body-{key}")

    def take(self, who: str, language: str = "fr", key: str = "", **changes: Any) -> dict[str, Any]:
        """A ticket for somebody (told by a name that only the test knows)."""
        wanted: dict[str, Any] = {
            "municipality": "la-marsa",
            "guichet_id": self.guichet.id,
            "topic": "information",
            "language": language,
            "interpreter": False,
            "priority": False,
            "token_hash": manage_hash(who),
        }
        return hall_work.take_ticket(self.hall, STAFF, Arrival(**(wanted | changes)), self.command(key))

    def next(self, desk: str, key: str = "", **wanted: Any) -> dict[str, Any]:
        """The next person to a desk."""
        topic, language = wanted.get("topic"), wanted.get("language")
        return hall_work.call_next(
            self.hall, STAFF, "la-marsa", self.guichet.id, desk, topic, language, self.command(key)
        )

    def step(self, ticket_id: str, action: str, desk: str | None = None, key: str = "") -> dict[str, Any]:
        """One step."""
        return hall_work.step_ticket(self.hall, STAFF, "la-marsa", ticket_id, action, desk, self.command(key))

    def see(self, who: str) -> dict[str, Any]:
        """What the holder sees."""
        return hall_work.get_ticket(self.hall, "la-marsa", manage_hash(who))


@pytest.fixture
def room(hall: Hall, la_marsa: Guichet, clock: FrozenClock) -> Room:
    """On a Thursday morning, when the guichet opens."""
    clock.advance(seconds=(THURSDAY - clock.now()).total_seconds())
    return Room(hall, la_marsa)


def test_numbers_count_up_and_the_next_is_who_came_first(room: Room, clock: FrozenClock) -> None:
    """First come, first served."""
    numbers = []
    for who in "abc":
        numbers.append(room.take(who)["number"])
        clock.advance(minutes=1)
    assert numbers == [1, 2, 3]
    assert room.next("m1")["ticket"]["number"] == 1
    assert room.next("m3")["ticket"]["number"] == 2


def test_a_desk_calls_those_it_can_serve(room: Room) -> None:
    """By topic and language: Tigrinya is spoken at m2 only; m1 passes it over, m2 does not."""
    room.take("a", "ti")
    room.take("b", "ar")
    assert room.next("m1")["ticket"]["number"] == 2
    assert room.next("m2")["ticket"]["number"] == 1


def test_next_may_be_asked_for_one_topic_or_language(room: Room) -> None:
    """The mediator chooses what to take, not whom."""
    room.take("a", "ar")
    room.take("b", "fr", topic="legal")
    assert room.next("m1", topic="legal")["ticket"]["number"] == 2
    assert room.next("m2", language="en")["ticket"] is None


def test_with_an_interpreter_any_desk_of_the_topic_may_call(room: Room) -> None:
    """Case 23d: said plainly on the ticket."""
    taken = room.take("a", "am", interpreter=True)
    assert (taken["language"], taken["interpreter"]) == ("am", True)
    assert room.next("m1")["ticket"]["number"] == 1


def test_a_language_nobody_speaks_is_refused_and_counted(room: Room, mongo_db: Any) -> None:
    """A ticket that nobody could call would be a lie; the demand becomes an event, once for a repeated command."""
    for _ in range(2):
        with pytest.raises(LanguageNotOffered):
            room.take("a", "am", key="same")
    assert mongo_db["tickets"].count_documents({}) == 0
    noted = list(mongo_db["demands"].find())
    assert [(one["language"], one["outbox"][0]["type"]) for one in noted] == [
        ("am", "tn.imigr.guichet.demand.unserved.v1")
    ]


def test_priority_counts_as_forty_five_minutes_and_no_more(room: Room, clock: FrozenClock) -> None:
    """The written rule: first before those who came a little earlier, never before who has waited 45 minutes."""
    room.take("early")
    clock.advance(minutes=46)
    room.take("late")
    clock.advance(minutes=1)
    room.take("vulnerable", priority=True)
    assert [room.next(desk)["ticket"]["number"] for desk in ("m1", "m3")] == [1, 3]


def test_two_mediators_press_next_with_one_person_waiting(room: Room) -> None:
    """Cases 29 and 30b: one gets the person, the other nobody."""
    room.take("a")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(room.next, ("m1", "m3")))
    assert sorted(one["ticket"] is None for one in answers) == [False, True]


def test_many_mediators_never_get_the_same_person(hall: Hall, la_marsa: Guichet, clock: FrozenClock) -> None:
    """A rush on next: three desks, 30 persons, every call once."""
    clock.advance(seconds=(THURSDAY - clock.now()).total_seconds())
    room = Room(hall, la_marsa)
    for number in range(30):
        room.take(f"v{number}", ["fr", "ar", "en"][number % 3])
    served: list[int] = []
    gate = threading.Barrier(6)

    def work(desk: str, part: int) -> None:
        gate.wait()
        for turn in range(30):
            try:
                ticket = room.next(desk, key=f"{desk}-{part}-{turn}")["ticket"]
            except DeskOccupied:
                continue
            if ticket is not None:
                served.append(ticket["number"])
                room.step(ticket["id"], "start", key=f"s-{ticket['id']}")
                room.step(ticket["id"], "finish", key=f"f-{ticket['id']}")

    with ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(work, desk, part) for desk in ("m1", "m2", "m3") for part in (0, 1)]:
            future.result()
    assert len(served) == len(set(served))


def test_a_desk_has_one_person_at_a_time(room: Room) -> None:
    """A second press calls nobody away."""
    room.take("a")
    room.take("b")
    first = room.next("m1")["ticket"]
    with pytest.raises(DeskOccupied) as caught:
        room.next("m1")
    assert caught.value.params["number"] == first["number"]


def test_the_same_command_again_says_the_same(room: Room) -> None:
    """Take, next and step, also five at once; another body under the key is refused."""
    with ThreadPoolExecutor(5) as pool:
        taken = list(pool.map(lambda _: room.take("a", key="t"), range(5)))
    assert all(one == taken[0] for one in taken)
    room.take("b")
    with ThreadPoolExecutor(5) as pool:
        called = list(pool.map(lambda _: room.next("m1", key="n"), range(5)))
    assert all(one == called[0] for one in called)
    with pytest.raises(KeyReused):
        hall_work.call_next(room.hall, STAFF, "la-marsa", room.guichet.id, "m1", None, None, Command("n", "other"))


def test_missed_after_three_calls_and_recalled_once(room: Room, clock: FrozenClock) -> None:
    """Cases 29 and 30b: back within ten minutes keeps the turn, and only once."""
    room.take("a")
    clock.advance(minutes=1)
    room.take("b")
    called = room.next("m1")["ticket"]
    with pytest.raises(CallAgainFirst):
        room.step(called["id"], "miss")
    for _ in range(2):
        room.step(called["id"], "call_again")
    assert room.step(called["id"], "miss")["state"] == "missed"
    clock.advance(minutes=10)
    assert room.step(called["id"], "recall")["state"] == "waiting"
    assert room.next("m1")["ticket"]["number"] == 1
    for _ in range(2):
        room.step(called["id"], "call_again")
    room.step(called["id"], "miss")
    with pytest.raises(TicketNotChangeable):
        room.step(called["id"], "recall")


def test_who_comes_back_later_goes_to_the_end(room: Room, clock: FrozenClock) -> None:
    """After more than ten minutes."""
    room.take("a")
    clock.advance(minutes=1)
    room.take("b")
    called = room.next("m1")["ticket"]
    for action in ("call_again", "call_again", "miss"):
        room.step(called["id"], action)
    clock.advance(minutes=10, seconds=1)
    room.step(called["id"], "recall")
    assert room.next("m1")["ticket"]["number"] == 2


def test_parked_keeps_the_place_and_is_not_called_meanwhile(room: Room, clock: FrozenClock) -> None:
    """Gone to fetch a paper, and back."""
    first = room.take("a")
    clock.advance(minutes=1)
    room.take("b")
    room.step(first["id"], "park")
    assert room.next("m1")["ticket"]["number"] == 2
    room.step(first["id"], "resume")
    assert room.next("m3")["ticket"]["number"] == 1


def test_a_transfer_waits_for_the_named_desk_alone(room: Room) -> None:
    """With the old turn; the first desk is free again."""
    taken = room.take("a", "ar")
    ticket = room.next("m1")["ticket"]
    room.step(ticket["id"], "start")
    assert room.step(taken["id"], "transfer", "m3")["state"] == "transferred"
    assert room.next("m1")["ticket"] is None
    assert room.next("m3")["ticket"]["number"] == 1
    with pytest.raises(UnknownDesk):
        room.step(taken["id"], "transfer", "m9")


def test_a_wrong_call_is_put_back(room: Room) -> None:
    """At the same place in the line."""
    room.take("a")
    room.take("b")
    room.step(room.next("m1")["ticket"]["id"], "put_back")
    assert room.next("m1")["ticket"]["number"] == 1


def test_the_holder_sees_how_many_are_ahead_and_how_long(room: Room, clock: FrozenClock) -> None:
    """Played through over the desks that can serve: m1 and m3 speak French, 20 minutes a topic."""
    for who in "abcde":
        room.take(who)
        clock.advance(seconds=1)
    assert [(room.see(who)["ahead"], room.see(who)["wait_minutes"]) for who in "ace"] == [(0, 0), (2, 20), (4, 40)]
    shown = room.see("a")
    assert not {"topic", "id", "appointment_id"} & set(shown)
    assert hall_work.leave_line(room.hall, "la-marsa", manage_hash("a"), room.command())["state"] == "left"
    assert room.see("c")["ahead"] == 1


def test_the_board_has_numbers_and_desks_only(room: Room) -> None:
    """And a version that grows with every change."""
    room.take("a", "ti")
    before = hall_work.get_board(room.hall, room.guichet.id)
    room.next("m2")
    board = hall_work.get_board(room.hall, room.guichet.id)
    assert board["version"] > before["version"]
    assert [(one["number"], one["desk"]) for one in board["called"]] == [(1, "m2")]
    assert "ti" not in str({name: value for name, value in board.items() if name != "guichet_name"}).split("'")
    assert set(board["called"][0]) == {"number", "desk", "calls", "state", "called_at"}


def test_yesterday_is_over(room: Room, clock: FrozenClock) -> None:
    """A ticket is of its day; the next day begins with number one."""
    taken = room.take("a")
    clock.advance(days=7)
    with pytest.raises(TicketNotChangeable):
        room.step(taken["id"], "park")
    assert room.next("m1")["ticket"] is None
    assert room.take("b")["number"] == 1


BAD: list[tuple[str, dict[str, Any], type[ImigrError]]] = [
    ("another town's guichet", {"municipality": "raoued"}, NotAllowed),
    ("an unknown guichet", {"guichet_id": "nowhere"}, UnknownGuichet),
    ("a topic nobody treats", {"topic": "astrology"}, ImigrError),
]


@pytest.mark.parametrize(("what", "changes", "error"), BAD, ids=[row[0] for row in BAD])
def test_bad_tickets_change_nothing(
    room: Room, mongo_db: Any, what: str, changes: dict[str, Any], error: type[ImigrError]
) -> None:
    """A clear code, and nothing stored."""
    with pytest.raises(error):
        room.take("a", **changes)
    assert mongo_db["tickets"].count_documents({}) == 0


def test_no_ticket_when_the_guichet_is_shut(room: Room, clock: FrozenClock) -> None:
    """From an hour before it opens until it closes."""
    clock.advance(hours=-1, seconds=-1)
    with pytest.raises(GuichetShut):
        room.take("a")
    clock.advance(seconds=1)
    room.take("a")
    clock.advance(hours=5)
    with pytest.raises(GuichetShut):
        room.take("b")


def test_another_town_neither_sees_nor_changes_a_ticket(room: Room) -> None:
    """Raoued's staff at La Marsa's ticket: unknown under its own town, forbidden under the other."""
    taken = room.take("a")
    with pytest.raises(UnknownTicket):
        hall_work.step_ticket(room.hall, RAOUED, "raoued", taken["id"], "leave", None, room.command())
    with pytest.raises(NotAllowed):
        hall_work.step_ticket(room.hall, RAOUED, "la-marsa", taken["id"], "leave", None, room.command())
    with pytest.raises(UnknownGuichet):
        hall_work.list_tickets(room.hall, RAOUED, "raoued", room.guichet.id)
    with pytest.raises(UnknownTicket):
        hall_work.get_ticket(room.hall, "raoued", manage_hash("a"))


def test_who_came_and_was_missed_in_the_room_is_no_no_show(
    room: Room, office: Office, booking: Any, clock: FrozenClock
) -> None:
    """Case 30b: checked in for an appointment, called three times and absent: the ticket is missed, the appointment is
    not a no-show, since the person did arrive."""
    clock.advance(days=-1)
    made = book_appointment(office, *booking("a"))
    clock.advance(days=1)
    take_step(office, STAFF, "la-marsa", made["id"], "check_in", room.command())
    ticket = room.take("a", appointment_id=made["id"])
    assert room.next("m1")["ticket"]["appointment_id"] == made["id"]
    for action in ("call_again", "call_again", "miss"):
        room.step(ticket["id"], action)
    with pytest.raises(AppointmentNotChangeable):
        take_step(office, STAFF, "la-marsa", made["id"], "miss", room.command())


def test_a_ticket_names_an_appointment_of_its_guichet_only(room: Room) -> None:
    """An id that nobody has is refused."""
    with pytest.raises(UnknownAppointment):
        room.take("a", appointment_id="nothing")


class WaitingRoom(RuleBasedStateMachine):
    """Any order of steps, each perhaps repeated, keeps every person in at most one place."""

    def __init__(self) -> None:
        super().__init__()
        self._held = fresh_database()
        self.db = self._held.__enter__()
        self.clock = FrozenClock(THURSDAY)
        guichet: Guichet = conftest.la_marsa.__wrapped__()  # type: ignore[attr-defined]
        office = conftest.bookings_on(self.db, self.clock, guichet).office
        self.room = Room(conftest.hall.__wrapped__(self.db, office), guichet)  # type: ignore[attr-defined]
        self.ids: list[str] = []

    @rule(language=st.sampled_from(["fr", "ti", "ar"]), priority=st.booleans())
    def take(self, language: str, priority: bool) -> None:
        self.clock.advance(minutes=1)
        self.ids.append(self.room.take(f"v{len(self.ids)}", language, priority=priority)["id"])

    @rule(desk=st.sampled_from(["m1", "m2", "m3"]), twice=st.booleans())
    def next(self, desk: str, twice: bool) -> None:
        key = self.room.command().key
        try:
            first = self.room.next(desk, key=key)
            if first["ticket"] is not None and twice:
                assert self.room.next(desk, key=key) == first
        except DeskOccupied:
            pass

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), action=st.sampled_from(hall_work.ACTIONS), desk=st.sampled_from(["m1", "m2", "m3"]))
    def step(self, data: st.DataObject, action: str, desk: str) -> None:
        ticket = data.draw(st.sampled_from(self.ids))
        self.clock.advance(minutes=1)
        key = self.room.command().key
        try:
            first = self.room.step(ticket, action, desk if action == "transfer" else None, key=key)
            assert self.room.step(ticket, action, desk if action == "transfer" else None, key=key) == first
        except (TicketNotChangeable, CallAgainFirst):
            pass

    @invariant()
    def one_person_at_a_desk_and_one_desk_for_a_person(self) -> None:
        tickets: list[Ticket] = [
            one.entity for one in self.room.hall.tickets.of_day(self.room.guichet.id, THURSDAY.date())
        ]
        busy = [one.desk for one in tickets if one.state in AT_DESK]
        assert len(busy) == len(set(busy))
        assert len(tickets) == len(self.ids)
        assert all(one.ended_at is None for one in tickets if one.state in OPEN)
        assert all(one.desk is None for one in tickets if one.state in QUEUED and one.state != "transferred")

    @invariant()
    def events_count_without_gaps(self) -> None:
        for row in self.db["tickets"].find():
            assert [event["sequence"] for event in row["outbox"]] == list(range(1, row["version"] + 1))

    def teardown(self) -> None:
        self._held.__exit__(None, None, None)


TestWaitingRoom = WaitingRoom.TestCase
TestWaitingRoom.settings = settings(max_examples=6 * OFTEN, stateful_step_count=20, deadline=None)
