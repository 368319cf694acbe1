"""What is left of a contact when a registration is over, and when the person has it forgotten: nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from imigr_events import handlers
from imigr_events.domain.attendance import Attendance, Scan
from imigr_events.domain.event import Event
from imigr_events.handlers import Desk
from imigr_events.ports import Command
from imigr_events.storage import ATTENDANCE_INDEXES, EVENTS, MongoAttendance, MongoAttendanceRetention
from imigr_events.storage import retention as retention_module
from imigr_events.storage.attendance import ATTENDANCE
from imigr_events.storage.retention import COUNTS
from imigr_kit.commands import command_of
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.outbox import sent_updates
from imigr_kit.testing import FrozenClock

from .conftest import manage_hash, wanted

Publish = Callable[..., Event]
CONTACT, BEFORE, NEXT = "c" * 64, "b" * 64, "d" * 64


def registered(desk: Desk, who: str = "a", **changes: Any) -> dict[str, Any]:
    """A registration of a contact that is known under the keys of two months."""
    known = {"contact_id": "contact-1", "channel": "sms", "contact_keys": (CONTACT, BEFORE)}
    return handlers.register(desk, *wanted(who, **(known | changes)))


def is_tied(mongo_db: Any, number: int = 0) -> bool:
    """Whether a registration, or the rest of the document once its events were sent, leads to a contact."""
    row = mongo_db[EVENTS].find_one({"registrations": {"$exists": True}})
    mongo_db[EVENTS].bulk_write(sent_updates([row]))
    row = mongo_db[EVENTS].find_one({"_id": row["_id"]})
    text = json.dumps(row, default=str)
    names = ("contact", "contact_keys", "channel")
    is_named = any(name in row["registrations"][number] for name in names)
    return is_named or any(tie in text for tie in (CONTACT, BEFORE, "contact-1"))


def test_a_registration_is_tied_while_somebody_is_expected(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """So that what follows proves something."""
    publish(5)
    registered(desk)
    assert is_tied(mongo_db)


def test_what_is_given_up_keeps_no_tie_but_tells_whom_to_tell(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """The event of the cancellation names the contact; the record does not."""
    publish(5)
    registered(desk)
    handlers.cancel_registration(desk, "la-marsa", manage_hash("a"), Command("c", "c"))
    told = mongo_db[EVENTS].find_one()["outbox"][-1]
    assert (told["type"], told["data"]["contact_id"]) == ("tn.imigr.events.registration.cancelled.v1", "contact-1")
    assert not is_tied(mongo_db)


def test_a_forgotten_contact_leaves_no_tie_and_the_registration_stays(
    desk: Desk, publish: Publish, mongo_db: Any
) -> None:
    """Asked twice, it is the same; the places stay taken."""
    publish(5)
    registered(desk)
    for _ in range(2):
        said = handlers.forget_contact(desk, "la-marsa", manage_hash("a"))
        assert (said["state"], said["contact_id"]) == ("confirmed", None)
    assert not is_tied(mongo_db)
    assert mongo_db[EVENTS].find_one()["taken"] == 1


def test_after_the_event_nobody_is_named(desk: Desk, publish: Publish, mongo_db: Any, clock: FrozenClock) -> None:
    """By the job that keeps the time, without anybody asking."""
    event = publish(5)
    registered(desk)
    clock.advance(seconds=(event.ends_at - clock.now()).total_seconds() + 5)
    handlers.keep_time(desk)
    assert mongo_db[EVENTS].find_one()["state"] == "finished"
    assert not is_tied(mongo_db)


def test_one_per_phone_holds_over_the_turn_of_a_month(desk: Desk, publish: Publish) -> None:
    """A month later the contact has another hash, and is recognised by the one it had; from then on by both."""
    publish(5)
    first = registered(desk)
    second = registered(desk, "b", contact_keys=(NEXT, CONTACT))
    third = registered(desk, "c", contact_keys=(NEXT,))
    assert first["id"] == second["id"] == third["id"]


def test_a_repetition_in_the_next_month_is_the_same_command() -> None:
    """What changes by itself is no part of the body."""
    payload = {"idempotency_key": "k", "event_id": "e", "places": 1, "contact_key": CONTACT, "contact_keys_before": []}
    changed = payload | {"contact_key": NEXT, "contact_keys_before": [CONTACT]}
    assert command_of("register", payload) == command_of("register", changed)
    assert command_of("register", payload) != command_of("register", payload | {"places": 2})


@pytest.fixture
def attended(desk: Desk, publish: Publish, mongo_db: Any, clock: FrozenClock) -> Event:
    """An archived event to which seven people came with three tickets; its events are sent."""
    event = publish(50)
    ensure_indexes(mongo_db, ATTENDANCE_INDEXES)
    storage = MongoAttendance(mongo_db, Stamp("events", "test", clock, new_id))
    for number, people in enumerate((1, 2, 4)):
        scan = Scan(f"scan-{number}", datetime(2026, 12, 12, 9, tzinfo=UTC), "north", "p1", True, "b")
        entry = Attendance(f"a{number}", "la-marsa", event.id, "main", f"r{number}", people, "ticket", (scan,), 1)
        storage.add(entry, [])
    clock.advance(days=90)
    for _ in range(3):
        handlers.keep_time(desk)
    assert mongo_db[EVENTS].find_one({"_id": event.id})["state"] == "archived"
    return event


def test_attendance_of_an_archived_event_becomes_counts_once(
    attended: Event, mongo_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By sitting and way; a step that dies between counting and deleting is done again, not twice."""
    monkeypatch.setattr(retention_module, "BATCH", 2)
    job = MongoAttendanceRetention(mongo_db)
    with monkeypatch.context() as patched:

        def dies(*_: Any, **__: Any) -> None:
            raise OperationFailure("killed here")

        patched.setattr(type(mongo_db[ATTENDANCE]), "delete_many", dies)
        with pytest.raises(OperationFailure):
            job.count_old()
    assert mongo_db[COUNTS].count_documents({}) == 0
    while job.count_old():
        pass
    assert [row["people"] for row in mongo_db[COUNTS].find()] == [7]
    assert mongo_db[ATTENDANCE].count_documents({}) == 0
    assert mongo_db[EVENTS].find_one({"_id": attended.id})["attendance_counted"]


def test_attendance_of_an_event_that_is_not_archived_stays(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Its staff still look at it."""
    mongo_db[ATTENDANCE].insert_one({"_id": "a", "event_id": publish(5).id, "scans": [{"id": "x"}]})
    assert MongoAttendanceRetention(mongo_db).count_old() == 0
    assert mongo_db[ATTENDANCE].count_documents({}) == 1
