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
from imigr_guichet.domain.limits import Asker, bits_for, is_proof
from imigr_guichet.errors import ProofNeeded, TooManyBookings, TooManyLookups, UnknownAppointment
from imigr_guichet.handlers.booking import Booking, book_appointment, hold_place
from imigr_guichet.handlers.changing import cancel_appointment, find, get_appointment
from imigr_guichet.handlers.lookups import looked_up
from imigr_guichet.handlers.office import Office
from imigr_guichet.ports.appointments import Command

from .conftest import THURSDAY, bookings_on, manage_hash

Maker = Callable[..., tuple[Booking, Command]]
ADDRESS = "a" * 64


def proof_of(challenge: str, bits: int) -> str:
    """What a visitor's device works out."""
    return next(str(n) for n in itertools.count() if is_proof(challenge, str(n), bits))


def starts(number: int) -> Any:
    """Starts on several guichet days."""
    return THURSDAY + timedelta(days=7 * (number // 12), minutes=20 * (number % 12))


def test_the_second_booking_of_an_address_costs_a_proof_of_work(
    office: Office, booking: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is free; the challenge belongs to the command, and a proof for another is worth nothing."""
    monkeypatch.setattr(limits, "FIRST_BITS", 8)
    asker = Asker(address=ADDRESS)
    book_appointment(office, *booking("v0", start=starts(0), asker=asker))
    with pytest.raises(ProofNeeded) as caught:
        book_appointment(office, *booking("v2", start=starts(2), asker=asker))
    challenge, bits = caught.value.params["challenge"], caught.value.params["bits"]
    nonce = proof_of(challenge, bits)
    said = book_appointment(office, *booking("v2", start=starts(2), asker=replace(asker, proof=nonce)))
    assert said["state"] == "confirmed"
    with pytest.raises(ProofNeeded):
        book_appointment(office, *booking("v3", start=starts(3), asker=replace(asker, proof=nonce)))


@pytest.mark.parametrize("take", [book_appointment, hold_place])
def test_thirty_tries_of_one_address_at_once_pass_its_limit_never(
    office: Office, booking: Maker, monkeypatch: pytest.MonkeyPatch, take: Any
) -> None:
    """Case 22, by bookings and by holds: the count is exact under any concurrency, since each number is given once by
    the database."""
    monkeypatch.setattr("imigr_guichet.handlers.booking.bits_for", lambda number: 0)
    asker = Asker(address=ADDRESS)

    def book(number: int) -> bool:
        try:
            take(office, *booking(f"v{number}", start=starts(number), asker=asker))
        except TooManyBookings:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(book, range(30))) == limits.ADDRESS_DAY


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
    assert not is_proof("challenge", None, 10)
    assert [bits_for(n) for n in range(4)] == [0, 18, 21, 24]


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
