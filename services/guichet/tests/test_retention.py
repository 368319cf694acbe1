"""Old appointments become counts, each exactly once, and nothing of them is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from imigr_guichet.building import Bookings
from imigr_guichet.domain.limits import Asker
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import cancel_appointment
from imigr_guichet.ports.appointments import Command
from imigr_guichet.storage import retention
from imigr_guichet.storage.collections import APPOINTMENTS
from imigr_guichet.storage.retention import COUNTS

from .conftest import THURSDAY, manage_hash

Maker = Callable[..., tuple[Booking, Command]]
DAY_AFTER, MONTH_AFTER = THURSDAY + timedelta(days=2), THURSDAY + timedelta(days=31)


@pytest.fixture
def booked(bookings: Bookings, booking: Maker, mongo_db: Any) -> None:
    """Five appointments of one morning, two of which were cancelled; their events are sent."""
    for number in range(5):
        start = THURSDAY + timedelta(minutes=20 * number)
        asker = Asker(contact=str(number) * 64)
        book_appointment(bookings.office, *booking(f"v{number}", start=start, asker=asker, contact_id=f"c{number}"))
    for number in (1, 3):
        cancel_appointment(bookings.office, "la-marsa", manage_hash(f"v{number}"), Command(f"x{number}", "x"))
    mongo_db[APPOINTMENTS].update_many({}, {"$set": {"outbox": []}, "$unset": {"unsent": ""}})


def counts(mongo_db: Any) -> dict[str, int]:
    """Numbers by state."""
    return {row["state"]: row["number"] for row in mongo_db[COUNTS].find()}


def test_nothing_is_forgotten_before_its_time(bookings: Bookings, booked: None) -> None:
    """On the day itself everything is there."""
    now = THURSDAY + timedelta(hours=3)
    assert (bookings.retention.forget_contacts(now), bookings.retention.count_old(now)) == (0, 0)


def test_a_day_after_the_visit_nobody_is_named_whatever_staff_did(
    bookings: Bookings, booked: None, mongo_db: Any
) -> None:
    """Three that nobody closed; the cancelled ones had no contact any more."""
    assert bookings.retention.forget_contacts(DAY_AFTER) == 3
    rows = list(mongo_db[APPOINTMENTS].find())
    assert [row["contact_id"] for row in rows] == [None] * 5
    assert not [claim for row in rows for claim in row["claims"] if claim.startswith("contact:")]
    assert bookings.retention.forget_contacts(DAY_AFTER) == 0


def test_after_thirty_days_there_are_counts_and_no_rows(bookings: Bookings, booked: None, mongo_db: Any) -> None:
    """By guichet, month, topic, language and state; counted once, however often the job runs."""
    assert [bookings.retention.count_old(MONTH_AFTER) for _ in range(3)] == [5, 0, 0]
    assert counts(mongo_db) == {"confirmed": 3, "cancelled_by_visitor": 2}
    assert mongo_db[APPOINTMENTS].count_documents({}) == 0
    assert {row["month"] for row in mongo_db[COUNTS].find()} == {"2026-11"}


def test_a_row_is_counted_once_when_the_job_dies_in_the_middle(
    bookings: Bookings, booked: None, mongo_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted but not yet deleted: the transaction takes both back, and the next run does both."""
    collection = type(mongo_db[APPOINTMENTS])
    with monkeypatch.context() as patched:

        def dies(*_: Any, **__: Any) -> None:
            raise OperationFailure("killed here")

        patched.setattr(collection, "delete_many", dies)
        with pytest.raises(OperationFailure):
            bookings.retention.count_old(MONTH_AFTER)
    assert (counts(mongo_db), mongo_db[APPOINTMENTS].count_documents({})) == ({}, 5)
    bookings.retention.count_old(MONTH_AFTER)
    assert counts(mongo_db) == {"confirmed": 3, "cancelled_by_visitor": 2}


def test_a_step_is_bounded_and_the_next_goes_on(
    bookings: Bookings, booked: None, mongo_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at a time."""
    monkeypatch.setattr(retention, "BATCH", 2)
    assert [bookings.retention.count_old(MONTH_AFTER) for _ in range(4)] == [2, 2, 1, 0]
    assert sum(counts(mongo_db).values()) == 5


def test_what_has_something_to_tell_waits(bookings: Bookings, booked: None, mongo_db: Any) -> None:
    """An event that was not published yet is never deleted with its row."""
    mongo_db[APPOINTMENTS].update_one({"state": "confirmed"}, {"$set": {"unsent": True}})
    assert bookings.retention.count_old(MONTH_AFTER) == 4
