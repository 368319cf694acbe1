"""What a visitor answered to a reminder by SMS, as notifications tell it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.handlers.booking import book_appointment
from imigr_guichet.handlers.changing import cancel_by_answer
from imigr_guichet.handlers.office import Office
from imigr_kit.testing import FrozenClock

Make = Callable[..., Any]
THURSDAY = datetime(2026, 11, 26, 7, 30, tzinfo=UTC)


def booked(office: Office, booking: Make) -> str:
    """The id of an appointment."""
    made: str = book_appointment(office, *booking("one"))["id"]
    return made


def now(office: Office, appointment_id: str) -> Appointment:
    """As it is stored."""
    stored = office.appointments.by_id(appointment_id)
    assert stored is not None
    return stored.appointment


def test_two_cancels_once(office: Office, booking: Make) -> None:
    """The same event twice changes it once."""
    appointment_id = booked(office, booking)
    for _ in range(2):
        cancel_by_answer(office, "la-marsa", appointment_id, "event-1")
    found = now(office, appointment_id)
    assert (str(found.state), found.version) == ("cancelled_by_visitor", 2)


def test_an_answer_that_is_too_late_or_foreign_changes_nothing(
    office: Office, booking: Make, clock: FrozenClock
) -> None:
    """Another town, nothing, after the start."""
    appointment_id = booked(office, booking)
    cancel_by_answer(office, "raoued", appointment_id, "event-1")
    cancel_by_answer(office, "la-marsa", "nothing", "event-2")
    clock.advance(seconds=(THURSDAY - clock.now() + timedelta(minutes=1)).total_seconds())
    cancel_by_answer(office, "la-marsa", appointment_id, "event-3")
    assert str(now(office, appointment_id).state) == "confirmed"
