"""What is left of a contact when an appointment is over, and when the person has it forgotten: nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from imigr_guichet.domain.limits import Asker
from imigr_guichet.errors import AlreadyBooked
from imigr_guichet.handlers import agenda
from imigr_guichet.handlers.booking import Booking, book_appointment, hold_place
from imigr_guichet.handlers.changing import cancel_appointment, find, forget_contact, move_appointment
from imigr_guichet.handlers.fading import expire_holds
from imigr_guichet.handlers.office import Office
from imigr_guichet.ports.appointments import Command
from imigr_kit.outbox import sent_updates
from imigr_kit.testing import FrozenClock

from .conftest import STAFF, THURSDAY, manage_hash

Maker = Callable[..., tuple[Booking, Command]]
CONTACT, BEFORE, NEXT = "c" * 64, "b" * 64, "d" * 64
TIES = (CONTACT, BEFORE, "contact-1")


@pytest.fixture
def made(office: Office, booking: Maker) -> dict[str, Any]:
    """An appointment of a contact that is known under the keys of two months."""
    asker = Asker(contact=CONTACT, contacts_before=(BEFORE,))
    return book_appointment(office, *booking("a", asker=asker, contact_id="contact-1", channel="sms"))


def row_of(mongo_db: Any, appointment_id: str) -> tuple[str, list[dict[str, Any]]]:
    """The whole document as JSON after its events were sent, and these events."""
    row = mongo_db["appointments"].find_one({"_id": appointment_id})
    sent = row["outbox"]
    mongo_db["appointments"].bulk_write(sent_updates([row]))
    left = mongo_db["appointments"].find_one({"_id": appointment_id})
    return json.dumps(left, default=str), sent


def assert_untied(text: str) -> None:
    """None of the hashes, nor the id."""
    assert [tie for tie in TIES if tie in text] == []


def test_the_record_knows_its_contact_while_it_is_expected(mongo_db: Any, made: dict[str, Any]) -> None:
    """So that what follows proves something."""
    text, _ = row_of(mongo_db, made["id"])
    assert all(tie in text for tie in TIES)


def test_a_cancelled_appointment_keeps_no_tie_but_tells_whom_to_tell(
    office: Office, mongo_db: Any, made: dict[str, Any]
) -> None:
    """The event of the cancellation names the contact; the record does not."""
    cancel_appointment(office, "la-marsa", manage_hash("a"), Command("c", "c"))
    text, sent = row_of(mongo_db, made["id"])
    assert_untied(text)
    assert (sent[-1]["type"], sent[-1]["data"]["contact_id"]) == (
        "tn.imigr.guichet.appointment.cancelled.v1",
        "contact-1",
    )


def test_what_the_service_cancels_keeps_no_tie(office: Office, mongo_db: Any, made: dict[str, Any]) -> None:
    """Likewise."""
    agenda.cancel_for_service(office, STAFF, "la-marsa", made["id"], "closed", Command("s", "s"))
    assert_untied(row_of(mongo_db, made["id"])[0])


def test_a_forgotten_contact_leaves_no_tie_and_the_appointment_stays(
    office: Office, mongo_db: Any, made: dict[str, Any]
) -> None:
    """Asked twice, it is the same; the state and the place are as they were."""
    for _ in range(2):
        said = forget_contact(office, "la-marsa", manage_hash("a"))
        assert (said["state"], said["contact_id"]) == ("confirmed", None)
    assert_untied(row_of(mongo_db, made["id"])[0])


def test_a_change_under_way_does_not_bring_a_forgotten_contact_back(
    office: Office, mongo_db: Any, made: dict[str, Any]
) -> None:
    """It was read before and is written after: then it is read again."""
    stored = find(office, "la-marsa", manage_hash("a"))
    forget_contact(office, "la-marsa", manage_hash("a"))
    office.appointments.change(stored, stored.appointment, [], Command("late", "late"), ())
    assert_untied(row_of(mongo_db, made["id"])[0])


def test_a_hold_that_ends_keeps_no_tie(office: Office, mongo_db: Any, booking: Maker) -> None:
    """Nobody came back to fill in the form."""
    assert isinstance(office.clock, FrozenClock)
    asker = Asker(contact=CONTACT, contacts_before=(BEFORE,))
    held = hold_place(office, *booking("h", asker=asker, contact_id="contact-1", channel="sms"))
    office.clock.advance(minutes=11)
    expire_holds(office)
    assert_untied(row_of(mongo_db, held["id"])[0])


@pytest.mark.parametrize("steps", [("check_in", "start", "finish"), ("check_in", "leave"), ("miss",)])
def test_after_the_visit_there_is_no_tie(
    office: Office, mongo_db: Any, made: dict[str, Any], steps: tuple[str, ...]
) -> None:
    """Done, left or missed."""
    assert isinstance(office.clock, FrozenClock)
    office.clock.advance(seconds=(THURSDAY + timedelta(minutes=5) - office.clock.now()).total_seconds())
    for step in steps:
        agenda.take_step(office, STAFF, "la-marsa", made["id"], step, Command(step, step))
    assert_untied(row_of(mongo_db, made["id"])[0])


def test_one_per_phone_holds_over_the_turn_of_a_month(office: Office, booking: Maker, made: dict[str, Any]) -> None:
    """A month later the contact has another hash, and is recognised by the one it had."""
    asker = Asker(contact=NEXT, contacts_before=(CONTACT,))
    with pytest.raises(AlreadyBooked):
        book_appointment(office, *booking("b", start=THURSDAY + timedelta(hours=1), asker=asker))


def test_a_moved_appointment_is_recognised_by_all_its_hashes(
    office: Office, booking: Maker, made: dict[str, Any]
) -> None:
    """On the day where it is now."""
    move_appointment(office, "la-marsa", manage_hash("a"), THURSDAY + timedelta(minutes=20), Command("m", "m"))
    for asker in (Asker(contact=CONTACT), Asker(contact=NEXT, contacts_before=(BEFORE,))):
        with pytest.raises(AlreadyBooked):
            book_appointment(office, *booking("b", start=THURSDAY + timedelta(hours=1), asker=asker))
