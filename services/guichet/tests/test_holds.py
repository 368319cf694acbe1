"""Holds, places that return, requests that wait for staff: a place is somebody's or free, never both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from imigr_guichet.building import Bookings
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.limits import RETURN_SECONDS
from imigr_guichet.errors import AlreadyBooked, HoldExpired, SlotFull
from imigr_guichet.handlers.booking import Booking, book_appointment, hold_place
from imigr_guichet.handlers.changing import Reachable, cancel_appointment, get_appointment, take_up_hold
from imigr_guichet.handlers.fading import expire_holds
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.slots import Ask, list_slots
from imigr_guichet.ports.appointments import Command
from imigr_kit.errors import ImigrError
from imigr_kit.testing import FrozenClock

from .conftest import STAFF, THURSDAY, bookings_on, manage_hash
from .test_bookings import assert_no_overlap, occupied

Maker = Callable[..., tuple[Booking, Command]]
NOBODY = Reachable(None, None, "fr")


def held(office: Office, booking: Maker, who: str = "a", **changes: Any) -> dict[str, Any]:
    """A hold at the only desk that speaks Tigrinya."""
    return hold_place(office, *booking(who, language="ti", **changes))


def test_a_hold_keeps_others_out_and_becomes_an_appointment(office: Office, booking: Maker) -> None:
    """Case 20: confirmed at 9:59 of ten minutes it is good."""
    said = held(office, booking)
    assert (said["state"], said["expires_at"]) == ("held", "2026-11-23T08:10:00Z")
    with pytest.raises(SlotFull):
        book_appointment(office, *booking("b", language="ti"))
    office.clock.advance(seconds=599)  # type: ignore[attr-defined]
    taken = take_up_hold(office, "la-marsa", manage_hash("a"), NOBODY, Command("t", "t"))
    assert (taken["state"], taken["version"]) == ("confirmed", 2)
    assert take_up_hold(office, "la-marsa", manage_hash("a"), NOBODY, Command("t", "t")) == taken


def test_a_hold_that_is_over_is_expired_and_its_place_is_free_at_once(office: Office, booking: Maker) -> None:
    """Case 20: at 10:01 it is expired, and the place is offered again without waiting for a job."""
    held(office, booking)
    office.clock.advance(seconds=601)  # type: ignore[attr-defined]
    with pytest.raises(HoldExpired):
        take_up_hold(office, "la-marsa", manage_hash("a"), NOBODY, Command("t", "t"))
    assert book_appointment(office, *booking("b", language="ti"))["state"] == "confirmed"
    assert get_appointment(office, "la-marsa", manage_hash("a"))["state"] == "expired"


def test_a_place_of_an_ended_hold_is_shown_again(office: Office, booking: Maker, la_marsa: Guichet) -> None:
    """Before any job has looked at it."""
    ask = Ask("information", ("ti",))
    held(office, booking)
    assert list_slots(office, la_marsa, ask, None, 7, 1)[THURSDAY.date()][0].start != THURSDAY
    office.clock.advance(seconds=600)  # type: ignore[attr-defined]
    assert list_slots(office, la_marsa, ask, None, 7, 1)[THURSDAY.date()][0].start == THURSDAY


def test_taking_up_and_taking_over_at_the_last_second_have_one_winner(
    office: Office, booking: Maker, mongo_db: Any
) -> None:
    """Case 13: the hold is good or the seat is somebody else's, never both."""
    for number in range(6):
        start = THURSDAY + timedelta(minutes=20 * number)
        held(office, booking, f"a{number}", start=start)
        office.clock.advance(seconds=600)  # type: ignore[attr-defined]
        early = replace(office, clock=FrozenClock(office.clock.now() - timedelta(seconds=1)))

        def take(number: int = number, office: Office = early) -> bool:
            try:
                take_up_hold(office, "la-marsa", manage_hash(f"a{number}"), NOBODY, Command(f"t{number}", ""))
            except ImigrError:
                return False
            return True

        def seize(number: int = number, start: Any = start) -> bool:
            try:
                book_appointment(office, *booking(f"b{number}", start=start, language="ti"))
            except SlotFull:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(take), pool.submit(seize)
            assert first.result() + second.result() <= 1
        assert_no_overlap(mongo_db)


def test_expired_holds_are_ended_by_the_job_too(office: Office, booking: Maker, mongo_db: Any) -> None:
    """So that their event is told even if nobody wants the place."""
    held(office, booking)
    office.clock.advance(seconds=601)  # type: ignore[attr-defined]
    assert expire_holds(office) == 1
    assert expire_holds(office) == 0
    row = mongo_db["appointments"].find_one({})
    assert [event["type"].split(".")[4] for event in row["outbox"]] == ["held", "expired"]
    assert not any(claim.startswith("place:") for claim in row["claims"])


def test_a_cancelled_place_returns_after_a_random_time(bookings: Bookings, booking: Maker) -> None:
    """Case 27: nobody can cancel and catch the place for another; case 9: it is free again seconds later."""
    office = replace(bookings.office, chance=lambda: 0.5)
    book_appointment(office, *booking("a", language="ti"))
    cancel_appointment(office, "la-marsa", manage_hash("a"), Command("c", "c"))
    with pytest.raises(SlotFull):
        book_appointment(office, *booking("b", language="ti"))
    office.clock.advance(seconds=RETURN_SECONDS / 2)  # type: ignore[attr-defined]
    assert book_appointment(office, *booking("b2", language="ti"))["state"] == "confirmed"


def test_a_request_holds_its_seat_until_staff_decide(mongo_db: Any, booking: Maker, la_marsa: Guichet) -> None:
    """Case 3: two pending requests for one seat can never both be confirmed, since the second is refused."""
    from imigr_guichet.handlers.agenda import take_step

    topics = tuple(replace(one, confirmed_by_staff=True) for one in la_marsa.topics)
    office = bookings_on(mongo_db, FrozenClock(THURSDAY - timedelta(days=3)), replace(la_marsa, topics=topics)).office
    said = book_appointment(office, *booking("a", language="ti"))
    assert said["state"] == "to_confirm"
    with pytest.raises(SlotFull):
        book_appointment(office, *booking("b", language="ti"))
    confirmed = take_step(office, STAFF, "la-marsa", said["id"], "confirm", Command("k", "b"))
    assert confirmed["state"] == "confirmed"


def test_thirty_holds_at_once_for_one_place(office: Office, booking: Maker, mongo_db: Any) -> None:
    """One is held."""

    def hold(number: int) -> bool:
        try:
            held(office, booking, f"v{number}")
        except SlotFull:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(hold, range(30))) == 1
    assert sum(len(taken) for taken in occupied(mongo_db).values()) == 1


def test_one_appointment_per_contact_and_day_is_held_by_the_write(office: Office, booking: Maker) -> None:
    """Cases 4, 5 and 8: two tabs, two keys, one phone: one appointment, also at the same moment."""
    from imigr_guichet.domain.limits import Asker

    asker = Asker(contact="c" * 64)

    def book(number: int) -> bool:
        start = THURSDAY + timedelta(minutes=20 * number)
        try:
            book_appointment(office, *booking(f"v{number}", start=start, asker=asker))
        except AlreadyBooked:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(book, range(4))) == 1


def test_a_contact_may_book_again_after_cancelling(office: Office, booking: Maker) -> None:
    """The cancelled appointment does not count for the day."""
    from imigr_guichet.domain.limits import Asker

    asker = Asker(contact="c" * 64)
    book_appointment(office, *booking("a", asker=asker))
    cancel_appointment(office, "la-marsa", manage_hash("a"), Command("c", "c"))
    assert book_appointment(office, *booking("b", asker=asker))["state"] == "confirmed"
