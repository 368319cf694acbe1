"""Bookings on a real database: one seat once, whatever happens at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.states import OCCUPYING
from imigr_guichet.domain.text import overlaps
from imigr_guichet.errors import (
    AppointmentNotChangeable,
    KeyReused,
    LanguageNotOffered,
    SlotFull,
    SlotNotOffered,
    TopicNotOffered,
    UnknownAppointment,
    UnknownGuichet,
)
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import cancel_appointment, get_appointment, move_appointment
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.slots import Ask, list_slots
from imigr_guichet.ports.appointments import Command
from imigr_kit.errors import ImigrError
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

from . import conftest
from .conftest import OFTEN, THURSDAY, manage_hash

Maker = Callable[..., tuple[Booking, Command]]


def occupied(db: Any) -> dict[str, list[tuple[Any, Any]]]:
    """Occupied intervals by desk."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for one in db["appointments"].find({"state": {"$in": list(OCCUPYING)}}):
        found.setdefault(one["desk"], []).append((one["start"], one["end"]))
    return found


def assert_no_overlap(db: Any) -> None:
    """No two occupying appointments of one desk meet."""
    for taken in occupied(db).values():
        for number, one in enumerate(taken):
            assert not any(overlaps(one, other) for other in taken[:number])


def test_two_places_can_both_be_given_and_the_third_is_told_what_is_next(office: Office, booking: Maker) -> None:
    """Cases 1 and 6: French is spoken at two desks; the third visitor gets 409 and the next free slots."""
    for who in ("a", "b"):
        assert book_appointment(office, *booking(who))["state"] == "confirmed"
    with pytest.raises(SlotFull) as caught:
        book_appointment(office, *booking("c"))
    following = caught.value.params["next_slots"]
    assert following[0]["start"] == "2026-11-26T07:50:00Z"
    assert len(following) == 5


def test_the_rarer_language_stays_free(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Case 7: a French visitor takes the desk without Fula first."""
    book_appointment(office, *booking("a"))
    assert list(occupied(mongo_db)) == ["m1"]


def test_half_open_intervals(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Case 16: right after one another is fine, across one another is not."""
    book_appointment(office, *booking("a", topic="legal", language="ti"))
    with pytest.raises(SlotFull):
        book_appointment(office, *booking("b", start=THURSDAY + timedelta(minutes=20), language="ti"))
    book_appointment(office, *booking("c", start=THURSDAY + timedelta(minutes=40), language="ti"))
    assert_no_overlap(mongo_db)


def test_the_same_command_five_times_at_once_and_once_more(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Case 18: one booking, the same answer each time, one event."""
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: book_appointment(office, *booking("a")), range(5)))
    answers.append(book_appointment(office, *booking("a")))
    assert all(one == answers[0] for one in answers)
    assert sum(len(taken) for taken in occupied(mongo_db).values()) == 1
    assert sum(len(one["outbox"]) for one in mongo_db["appointments"].find()) == 1


def test_the_same_key_with_another_body_is_refused(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Case 18: nothing is stored."""
    book_appointment(office, *booking("a"))
    wanted, command = booking("a", start=THURSDAY + timedelta(minutes=20))
    with pytest.raises(KeyReused):
        book_appointment(office, wanted, command)
    assert sum(len(taken) for taken in occupied(mongo_db).values()) == 1


def test_sixty_visitors_for_mixed_lengths_on_three_desks(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Case 17: no overlap; and no place stays free that a refused visitor had asked for."""
    asked = [
        booking(
            f"v{n}",
            start=THURSDAY + timedelta(minutes=20 * (n % 12)),
            topic=["information", "legal"][n % 2],
            language=["fr", "en", "ar"][n % 3],
        )
        for n in range(60)
    ]
    refused: list[Booking] = []
    gate = threading.Barrier(12)

    def visit(part: int) -> None:
        gate.wait()
        for wanted, command in asked[part::12]:
            try:
                book_appointment(office, wanted, command)
            except (SlotFull, SlotNotOffered):
                refused.append(wanted)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(visit, range(12)))
    assert_no_overlap(mongo_db)
    for number, wanted in enumerate(refused):
        with pytest.raises((SlotFull, SlotNotOffered)):
            book_appointment(office, wanted, Command(f"again-{number}", "x"))


def test_two_hundred_visitors_for_twenty_seats(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Promise 2: accepted is capacity, not more and not less."""
    starts = [THURSDAY + timedelta(minutes=20 * n) for n in range(10)]
    asked = [booking(f"v{n}", start=starts[n % 10]) for n in range(200)]

    def visit(one: tuple[Booking, Command]) -> bool:
        try:
            book_appointment(office, *one)
        except SlotFull:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = sum(pool.map(visit, asked))
    assert won == 20
    assert_no_overlap(mongo_db)


def test_a_move_keeps_link_and_reference_and_frees_the_old_place(office: Office, booking: Maker, mongo_db: Any) -> None:
    """The visitor notices nothing but the new time."""
    first = book_appointment(office, *booking("a"))
    target = THURSDAY + timedelta(days=7)
    moved = move_appointment(office, "la-marsa", manage_hash("a"), target, Command("m", "m"))
    assert (moved["id"], moved["reference"], moved["version"]) == (first["id"], first["reference"], 2)
    assert get_appointment(office, "la-marsa", manage_hash("a"))["start"] == "2026-12-03T07:30:00Z"
    assert sum(len(taken) for taken in occupied(mongo_db).values()) == 1
    book_appointment(office, *booking("b"))


def test_a_move_within_the_same_day_may_overlap_its_own_old_place(office: Office, booking: Maker) -> None:
    """Forty minutes from 8:30 to 8:50 at the only desk that speaks the language."""
    book_appointment(office, *booking("a", topic="legal", language="ti"))
    target = THURSDAY + timedelta(minutes=20)
    assert move_appointment(office, "la-marsa", manage_hash("a"), target, Command("m", "m"))["version"] == 2


def test_a_move_to_a_taken_place_keeps_the_old_one(office: Office, booking: Maker) -> None:
    """Case 15."""
    target = THURSDAY + timedelta(minutes=20)
    book_appointment(office, *booking("a", language="ti"))
    book_appointment(office, *booking("b", start=target, language="ti"))
    with pytest.raises(SlotFull):
        move_appointment(office, "la-marsa", manage_hash("a"), target, Command("m", "m"))
    kept = get_appointment(office, "la-marsa", manage_hash("a"))
    assert (kept["start"], kept["state"], kept["version"]) == ("2026-11-26T07:30:00Z", "confirmed", 1)


def test_many_move_to_one_place_at_once(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Case 15 under contention: eight who hold a place each want the one that is free; one has it, seven keep theirs,
    and nobody has two."""
    starts = [THURSDAY + timedelta(minutes=20 * n) for n in range(9)]
    for number in range(8):
        book_appointment(office, *booking(f"v{number}", start=starts[number], language="ti"))

    def move(number: int) -> bool:
        try:
            move_appointment(office, "la-marsa", manage_hash(f"v{number}"), starts[8], Command(f"m{number}", "m"))
        except SlotFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(move, range(8)))
    assert sum(told) == 1
    kept = [get_appointment(office, "la-marsa", manage_hash(f"v{number}"))["start"] for number in range(8)]
    wanted = [starts[8] if moved else starts[number] for number, moved in enumerate(told)]
    assert kept == [one.isoformat().replace("+00:00", "Z") for one in wanted]
    assert sum(len(taken) for taken in occupied(mongo_db).values()) == 8


def test_the_second_desk_is_booked_when_the_first_was_taken_meanwhile(
    office: Office, booking: Maker, mongo_db: Any, la_marsa: Guichet
) -> None:
    """Case 19 of seats: another process has taken the first candidate a moment ago; no error is shown."""
    other = conftest.bookings_on(mongo_db, office.clock, la_marsa).office  # type: ignore[arg-type]
    office.occupancy.refresh()
    book_appointment(other, *booking("a"))
    book_appointment(office, *booking("b"))
    assert sorted(len(taken) for taken in occupied(mongo_db).values()) == [1, 1]
    with pytest.raises(SlotFull):
        book_appointment(office, *booking("c"))


def test_unsent_events_stay_in_order_over_a_move(office: Office, booking: Maker, mongo_db: Any) -> None:
    """So that booked leaves before moved even if the relay has not looked yet."""
    book_appointment(office, *booking("a"))
    target = THURSDAY + timedelta(days=7)
    move_appointment(office, "la-marsa", manage_hash("a"), target, Command("m", "m"))
    new = mongo_db["appointments"].find_one({"day": "2026-12-03"})
    assert [event["type"].split(".")[4] for event in new["outbox"]] == ["booked", "moved"]


def test_repeated_moves_and_cancellations_say_the_same(office: Office, booking: Maker) -> None:
    """A retry after a lost answer changes nothing more."""
    book_appointment(office, *booking("a"))
    target = THURSDAY + timedelta(days=7)
    said = [move_appointment(office, "la-marsa", manage_hash("a"), target, Command("m", "m")) for _ in "ab"]
    assert said[0] == said[1]
    gone = [cancel_appointment(office, "la-marsa", manage_hash("a"), Command("c", "c")) for _ in "ab"]
    assert gone[0] == gone[1]
    assert (gone[0]["state"], gone[0]["version"]) == ("cancelled_by_visitor", 3)


def test_a_cancelled_place_is_free_at_once(office: Office, booking: Maker) -> None:
    """And the cancelled appointment cannot be changed any more."""
    book_appointment(office, *booking("a", language="ti"))
    cancel_appointment(office, "la-marsa", manage_hash("a"), Command("c", "c"))
    book_appointment(office, *booking("b", language="ti"))
    with pytest.raises(AppointmentNotChangeable):
        move_appointment(office, "la-marsa", manage_hash("a"), THURSDAY + timedelta(days=7), Command("m", "m"))


def test_unknown_and_foreign_links_are_alike(office: Office, booking: Maker) -> None:
    """Case 26."""
    book_appointment(office, *booking("a"))
    told = []
    for municipality, who in (("la-marsa", "nobody"), ("raoued", "a")):
        with pytest.raises(UnknownAppointment) as caught:
            get_appointment(office, municipality, manage_hash(who))
        told.append((caught.value.code, caught.value.params))
    assert told[0] == told[1]


BAD: list[tuple[str, dict[str, Any], type[ImigrError]]] = [
    ("in the past", {"start": THURSDAY - timedelta(days=7)}, SlotNotOffered),
    ("off the grid", {"start": THURSDAY + timedelta(minutes=7)}, SlotNotOffered),
    ("on a closed day", {"start": THURSDAY + timedelta(days=1)}, SlotNotOffered),
    ("beyond the horizon", {"start": THURSDAY + timedelta(days=70)}, SlotNotOffered),
    ("a topic nobody treats", {"topic": "astrology"}, TopicNotOffered),
    ("a language nobody speaks", {"language": "eo"}, LanguageNotOffered),
    ("another town's guichet", {"municipality": "raoued"}, UnknownGuichet),
    ("an unknown guichet", {"guichet_id": "nowhere"}, UnknownGuichet),
]


@pytest.mark.parametrize(("what", "changes", "error"), BAD, ids=[row[0] for row in BAD])
def test_bad_bookings_change_nothing(
    office: Office, booking: Maker, mongo_db: Any, what: str, changes: dict[str, Any], error: type[ImigrError]
) -> None:
    """A clear code, and no document touched."""
    with pytest.raises(error):
        book_appointment(office, *booking("a", **changes))
    assert mongo_db["appointments"].count_documents({}) == 0


def test_slots_show_places_and_spoken_languages(office: Office, booking: Maker, la_marsa: Guichet) -> None:
    """Two seats at a start are shown once, as two places."""
    before = list_slots(office, la_marsa, Ask("information", ("fr",)), None, 7, 100)
    first = before[THURSDAY.date()][0]
    assert (first.places, first.languages) == (2, ("ar", "en", "ff", "fr"))
    book_appointment(office, *booking("a"))
    after = list_slots(office, la_marsa, Ask("information", ("fr",)), None, 7, 100)
    assert after[THURSDAY.date()][0].places == 1
    assert len(after[THURSDAY.date()]) == 12


class Guichets(RuleBasedStateMachine):
    """Any order of bookings, moves, cancellations and repetitions keeps the promises."""

    def __init__(self) -> None:
        super().__init__()
        self._held = fresh_database()
        self.db = self._held.__enter__()
        self.clock = FrozenClock(conftest.NOW)
        guichet = conftest.la_marsa.__wrapped__() if hasattr(conftest.la_marsa, "__wrapped__") else None
        assert guichet is not None
        self.guichet: Guichet = guichet
        self.office: Office = conftest.bookings_on(self.db, self.clock, guichet).office
        self.state: dict[str, tuple[str, str]] = {}
        self.counter = 0

    @initialize()
    def start(self) -> None:
        self.starts = [THURSDAY + timedelta(minutes=20 * n) for n in range(3)]

    def _command(self) -> Command:
        self.counter += 1
        return Command(f"k{self.counter}", "b")

    @rule(
        who=st.sampled_from("abcdefgh"),
        slot=st.integers(0, 2),
        language=st.sampled_from(["fr", "ti"]),
        twice=st.booleans(),
    )
    def book(self, who: str, slot: int, language: str, twice: bool) -> None:
        if who in self.state:
            return
        wanted = Booking(
            "la-marsa", self.guichet.id, self.starts[slot], "information", language, manage_hash(who), None, None, "fr"
        )
        command = self._command()
        for _ in range(1 + twice):
            try:
                said = book_appointment(self.office, wanted, command)
                self.state[who] = ("confirmed", said["start"])
            except SlotFull:
                assert who not in self.state

    @rule(who=st.sampled_from("abcdefgh"), slot=st.integers(0, 2), twice=st.booleans())
    def move(self, who: str, slot: int, twice: bool) -> None:
        command = self._command()
        for _ in range(1 + twice):
            try:
                said = move_appointment(self.office, "la-marsa", manage_hash(who), self.starts[slot], command)
                self.state[who] = ("confirmed", said["start"])
            except (SlotFull, AppointmentNotChangeable, UnknownAppointment):
                pass

    @rule(who=st.sampled_from("abcdefgh"), twice=st.booleans())
    def cancel(self, who: str, twice: bool) -> None:
        command = self._command()
        for _ in range(1 + twice):
            try:
                said = cancel_appointment(self.office, "la-marsa", manage_hash(who), command)
                self.state[who] = (said["state"], said["start"])
            except (AppointmentNotChangeable, UnknownAppointment):
                pass

    @invariant()
    def stored_is_what_was_said(self) -> None:
        for who, (state, start) in self.state.items():
            kept = get_appointment(self.office, "la-marsa", manage_hash(who))
            assert (kept["state"], kept["start"]) == (state, start)

    @invariant()
    def nothing_overlaps_and_nothing_is_extra(self) -> None:
        assert_no_overlap(self.db)
        living = sum(1 for state, _ in self.state.values() if state == "confirmed")
        assert sum(len(taken) for taken in occupied(self.db).values()) == living

    @invariant()
    def events_count_without_gaps(self) -> None:
        sequences: dict[str, list[int]] = {}
        for one in self.db["appointments"].find():
            for event in one["outbox"]:
                sequences.setdefault(event["subject"], []).append(event["sequence"])
        for found in sequences.values():
            assert found == list(range(1, len(found) + 1))

    def teardown(self) -> None:
        self._held.__exit__(None, None, None)


TestGuichets = Guichets.TestCase
TestGuichets.settings = settings(max_examples=9 * OFTEN, stateful_step_count=20, deadline=None)
