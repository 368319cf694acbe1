"""Limits against abuse: by contact, by address, by device; proofs of work; guesses."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from imigr_guichet.building import Bookings
from imigr_guichet.domain import limits
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.limits import Asker
from imigr_guichet.errors import TooManyBookings, TooManyLookups, UnknownAppointment
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import cancel_appointment, find, get_appointment
from imigr_guichet.handlers.lookups import looked_up
from imigr_guichet.handlers.office import Office
from imigr_guichet.ports.appointments import Command
from imigr_kit import fairness
from imigr_kit.errors import ImigrError
from imigr_kit.pressure import EffortNeeded, LaneFull
from imigr_kit.testing import FrozenClock

from .conftest import THURSDAY, bookings_on, manage_hash

Maker = Callable[..., tuple[Booking, Command]]
ADDRESS = "a" * 64


@pytest.fixture(autouse=True)
def lasting(bookings: Bookings, mongo_db: Any) -> None:
    """The clock of these tests stands in the past, by which the database would delete counters at once."""
    mongo_db["pressure"].drop_index("expiry")


def proof_of(challenge: str, bits: int) -> str:
    """What a visitor's device works out."""
    return next(str(n) for n in itertools.count() if fairness.is_proof(challenge, str(n), bits))


def starts(number: int) -> Any:
    """Starts on several guichet days."""
    return THURSDAY + timedelta(days=7 * (number // 12), minutes=20 * (number % 12))


def booked(office: Office, booking: Maker, number: int, asker: Asker) -> ImigrError | None:
    """Try once; what stands in the way, if anything."""
    try:
        book_appointment(office, *booking(f"v{number}", start=starts(number % 36), asker=asker))
    except (EffortNeeded, LaneFull) as error:
        return error
    return None


def test_a_few_bookings_are_free_and_more_at_once_cost_a_proof_that_is_worth_one_booking(
    office: Office, booking: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The challenge belongs to the command, and its price stays what it was when it was first told."""
    monkeypatch.setattr(fairness, "FIRST_BITS", 8)
    asker = Asker(address=ADDRESS)
    assert [booked(office, booking, number, asker) for number in range(int(fairness.FREE))] == [None] * 3
    error = booked(office, booking, 10, asker)
    assert isinstance(error, EffortNeeded)
    for number in range(20, 40):
        assert booked(office, booking, number, asker)
    again = booked(office, booking, 10, asker)
    assert again is not None
    assert again.params["bits"] == error.params["bits"] < booked(office, booking, 41, asker).params["bits"]  # type: ignore[union-attr]
    paid = replace(asker, proof=proof_of(error.params["challenge"], error.params["bits"]))
    assert booked(office, booking, 42, paid)
    assert booked(office, booking, 10, paid) is None
    assert booked(office, booking, 10, asker) is None, "a repeated command is answered"


def test_whoever_has_no_script_waits_instead(bookings: Bookings, booking: Maker, clock: FrozenClock) -> None:
    """As long as was told, and not longer than five minutes whatever the load."""
    office, asker = bookings.office, Asker(address=ADDRESS)
    waits = []
    for number in range(300):
        error = booked(office, booking, 100 + number, replace(asker, address=ADDRESS))
        waits.append(error.params.get("wait_seconds", 0) if error else 0)
    assert waits[:3] == [0, 0, 0]
    assert 0 < waits[3] < waits[50] < max(waits) <= fairness.MOST_WAIT.total_seconds()
    clock.advance(seconds=waits[3] - 1)
    assert isinstance(booked(office, booking, 103, asker), EffortNeeded)
    clock.advance(seconds=1)
    assert booked(office, booking, 103, asker) is None


def test_the_load_is_that_of_these_minutes(office: Office, booking: Maker, clock: FrozenClock) -> None:
    """An hour later the same address pays nothing again."""
    asker = Asker(address=ADDRESS)
    while booked(office, booking, 0, asker) is None and booked(office, booking, 1, asker) is None:
        for number in range(2, 8):
            booked(office, booking, number, asker)
        break
    assert isinstance(booked(office, booking, 9, asker), EffortNeeded)
    clock.advance(minutes=60)
    assert booked(office, booking, 11, asker) is None


def test_thirty_at_once_get_no_more_than_the_light_ones_and_the_lane(
    office: Office, booking: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 22: exact under any concurrency, though every proof is paid."""
    monkeypatch.setattr(fairness, "is_proof", lambda challenge, nonce, bits: True)
    monkeypatch.setattr(fairness, "LANE_SHARE", 0.0)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda number: booked(office, booking, number, Asker(address=ADDRESS)), range(30)))
    assert got.count(None) == fairness.LIGHT_SOURCE + fairness.LANE_LEAST


def test_a_network_of_many_sources_is_not_light_for_ever(
    office: Office, booking: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever rents a /48 has 65,536 sources; others elsewhere do not notice."""
    monkeypatch.setattr(fairness, "LANE_SHARE", 0.0)
    got = [booked(office, booking, n, Asker(address=f"{n:064}", network="b" * 64)) for n in range(40)]
    assert got.count(None) == fairness.LIGHT_NETWORK + fairness.LANE_LEAST
    assert booked(office, booking, 50, Asker(address="c" * 64, network="d" * 64)) is None


def test_no_appointment_tells_from_where_it_was_made(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Counters lie apart and end by themselves within a day."""
    booked(office, booking, 0, Asker(address=ADDRESS, network="b" * 64))
    assert ADDRESS not in str(list(mongo_db["appointments"].find()))
    ends = [row["ends_at"] for row in mongo_db["pressure"].find()]
    assert ends
    assert max(ends) <= office.clock.now() + timedelta(days=1)


def test_another_process_counts_on(bookings: Bookings, booking: Maker, mongo_db: Any, la_marsa: Guichet) -> None:
    """The counters lie in the database; a fresh process learns them from there."""
    asker = Asker(contact="c" * 64)
    for number in range(limits.CONTACT_WEEK):
        book_appointment(bookings.office, *booking(f"v{number}", start=starts(12 * number), asker=asker))
    fresh = bookings_on(mongo_db, bookings.office.clock, la_marsa).office  # type: ignore[arg-type]
    with pytest.raises(TooManyBookings):
        book_appointment(fresh, *booking("more", start=starts(12 * limits.CONTACT_WEEK), asker=asker))


def test_cancelling_gives_no_number_back(office: Office, booking: Maker) -> None:
    """Case 27: cancelling and booking again does not multiply tries."""
    asker = Asker(contact="c" * 64)
    for number in range(limits.CONTACT_WEEK):
        book_appointment(office, *booking(f"v{number}", asker=asker))
        cancel_appointment(office, "la-marsa", manage_hash(f"v{number}"), Command(f"c{number}", ""))
    with pytest.raises(TooManyBookings):
        book_appointment(office, *booking("more", asker=asker))


def test_a_repeated_command_is_answered_though_the_limit_is_reached(office: Office, booking: Maker) -> None:
    """Idempotency comes first."""
    asker = Asker(device="d" * 64)
    for number in range(limits.DEVICE_DAY):
        book_appointment(office, *booking(f"v{number}", start=starts(number), asker=asker))
    assert book_appointment(office, *booking("v0", start=starts(0), asker=asker))["state"] == "confirmed"


def test_a_proof_has_as_many_zero_bits_as_asked() -> None:
    """By SHA-256 of challenge and nonce."""
    nonce = proof_of("challenge", 10)
    digest = hashlib.sha256(f"challenge:{nonce}".encode()).digest()
    assert digest[0] == 0
    assert digest[1] < 64
    assert not fairness.is_proof("challenge", None, 10)


def test_guesses_are_counted_and_slowed_down(bookings: Bookings, booking: Maker) -> None:
    """Case 26: unknown and foreign alike, then 429; who has a link is served on."""
    book_appointment(bookings.office, *booking("a"))

    def guess(who: str, town: str) -> str:
        try:
            looked_up(bookings.lookups, ADDRESS, lambda: find(bookings.office, town, manage_hash(who)))
        except UnknownAppointment:
            return "unknown"
        except TooManyLookups:
            return "wait"
        return "found"

    told = [guess(*one) for one in [("x", "la-marsa"), ("a", "raoued")] * (limits.MISSED_LOOKUPS // 2)]
    assert set(told) == {"unknown"}
    assert guess("x", "la-marsa") == guess("a", "raoued") == "wait"
    assert guess("a", "la-marsa") == "found"
    assert get_appointment(bookings.office, "la-marsa", manage_hash("a"))["state"] == "confirmed"


def test_a_device_books_so_often_a_day_and_no_row_says_which(
    office: Office, booking: Maker, mongo_db: Any, clock: FrozenClock
) -> None:
    """Counted apart from the appointments, in a row that ends by itself; what came to nothing does not count, and a
    repeated command counts once."""
    asker = Asker(device="e" * 64)
    for number in range(limits.DEVICE_DAY):
        wanted = booking(f"d{number}", start=starts(number), asker=asker)
        for _ in range(2):
            book_appointment(office, *wanted)
        with pytest.raises(ImigrError):
            book_appointment(office, *booking("never", start=THURSDAY - timedelta(days=400), asker=asker))
    with pytest.raises(TooManyBookings):
        book_appointment(office, *booking("one more", start=starts(20), asker=asker))
    assert "e" * 64 not in str(list(mongo_db["appointments"].find()))
    (row,) = mongo_db["quotas"].find()
    assert len(row["takers"]) == limits.DEVICE_DAY
    assert row["ends_at"] > clock.now()
    clock.advance(days=1)
    book_appointment(office, *booking("tomorrow", start=starts(21), asker=asker))
