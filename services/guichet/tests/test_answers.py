"""What a visitor answered to a reminder by SMS, as notifications tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.handlers.booking import book_appointment
from imigr_guichet.handlers.changing import cancel_by_answer, confirm_by_answer
from imigr_guichet.handlers.office import Office
from imigr_guichet.schemas.appointments import agenda_row
from imigr_kit.testing import FrozenClock

from .conftest import bookings_on

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


def test_one_says_that_the_visitor_will_come(office: Office, booking: Make, mongo_db: Any) -> None:
    """Noted once and told, and staff see it in the agenda; after a move it has to be said anew."""
    appointment_id = booked(office, booking)
    for event_id in ("event-1", "event-1", "event-2"):
        confirm_by_answer(office, "la-marsa", appointment_id, event_id)
    found = now(office, appointment_id)
    assert (str(found.state), found.will_come, found.version) == ("confirmed", True, 2)
    assert agenda_row(found)["will_come"]
    kinds = [one["type"] for one in mongo_db["appointments"].find_one({"_id": appointment_id})["outbox"]]
    assert kinds[-1] == "tn.imigr.guichet.appointment.affirmed.v1"


def test_one_confirms_what_the_person_may_confirm(office: Office, booking: Make, mongo_db: Any) -> None:
    """Requested while staff confirmed the topic, which they no longer do: 1 confirms it, once."""
    appointment_id = booked(office, booking)
    mongo_db["appointments"].update_one({"_id": appointment_id}, {"$set": {"state": "to_confirm"}})
    for _ in range(2):
        confirm_by_answer(office, "la-marsa", appointment_id, "event-1")
    assert (str(now(office, appointment_id).state), now(office, appointment_id).version) == ("confirmed", 3)


def test_what_staff_decide_is_not_confirmed_by_an_answer(mongo_db: Any, booking: Make, la_marsa: Guichet) -> None:
    """The topic is confirmed by staff: 1 leaves it to them, and tells them that the visitor will come."""
    topics = tuple(replace(one, confirmed_by_staff=True) for one in la_marsa.topics)
    office = bookings_on(mongo_db, FrozenClock(THURSDAY - timedelta(days=3)), replace(la_marsa, topics=topics)).office
    appointment_id = booked(office, booking)
    confirm_by_answer(office, "la-marsa", appointment_id, "event-1")
    found = now(office, appointment_id)
    assert (str(found.state), found.will_come) == ("to_confirm", True)
