"""Two-way SMS: understood, acted upon, answered once (acceptance: notifications 32)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers
from imigr_notifications.domain import Matter, State
from imigr_notifications.domain.replies import Answer, understood
from imigr_notifications.handlers import Desk
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.senders.inbound import read_inbound
from imigr_notifications.senders.smpp_wire import Brought
from imigr_notifications.testing import FakeSender

PHONE = "+21620123456"
STRANGER = "+21698765432"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("STOP", Answer.STOP), ("stop ", Answer.STOP), ("ARRÊT", Answer.STOP), ("Arret", Answer.STOP),
        ("توقف", Answer.STOP), ("تَوَقَّف", Answer.STOP), ("أوقف", Answer.STOP), ("Stop please", Answer.STOP),
        ("stop.", Answer.STOP), ("START", Answer.START), ("ابدأ", Answer.START), ("1", Answer.CONFIRM),
        ("١", Answer.CONFIRM), (" 1. ", Answer.CONFIRM), ("Oui", Answer.CONFIRM), ("نعم", Answer.CONFIRM),
        ("2", Answer.CANCEL), ("٢", Answer.CANCEL), ("No", Answer.OTHER), ("Non", Answer.OTHER), ("لا", Answer.OTHER),
        ("12", Answer.OTHER), ("", Answer.OTHER), ("\x00\ud800", Answer.OTHER), ("1 personne", Answer.OTHER),
        ("don't stop writing to me please", Answer.OTHER), ("stop at the corner where I wait", Answer.OTHER),
        ("x" * 100_000, Answer.OTHER),
    ],
)  # fmt: skip
def test_what_people_write(text: str, answer: Answer) -> None:
    """Case 32, and the words around it: "No" is no opt-out, nor is a sentence with the word in it."""
    assert understood(text).answer is answer


@pytest.fixture
def reminded(
    desk: Desk,
    mongo_db: Any,
    matter: Callable[..., Matter],
    give: Callable[..., None],
    clock: FrozenClock,
    sender: FakeSender,
) -> Desk:
    """A person who was asked, the evening before, whether the appointment stands."""
    rules = replace(desk.rules("la-marsa"), replies=True)
    asking = replace(desk, rules=lambda municipality: rules)
    give()
    with mongo_db.client.start_session() as session:
        handlers.plan(asking, matter(), "booked", 1, session)
    handlers.deliver_due(asking, "sms")
    clock.advance(days=2, hours=8)
    handlers.deliver_due(asking, "sms")
    assert "Répondez 1 pour confirmer, 2 pour annuler." in sender.taken[-1].body.reveal()
    sender.taken.clear()
    return asking


def write(desk: Desk, text: str, address: str = PHONE, reference: str = "") -> None:
    handlers.take_inbound(desk, Inbound(Secret(address), Secret(text), reference))


def answers(mongo_db: Any) -> list[dict[str, Any]]:
    """Events about answers."""
    rows = mongo_db["messages"].find({"answer": {"$ne": None}})
    return [one["data"] for row in rows for one in row["outbox"] if "answered" in one["type"]]


def said(desk: Desk, sender: FakeSender) -> list[str]:
    handlers.deliver_due(desk, "sms")
    return [one.body.reveal() for one in sender.taken]


def test_one_confirms(reminded: Desk, sender: FakeSender, mongo_db: Any) -> None:
    """The guichet hears it as an event with ids and a closed code; the person is thanked."""
    write(reminded, "1")
    assert answers(mongo_db) == [{
        "message_id": "appointment-1:reminder:1:eve", "subject": "appointment-1", "kind": "reminder",
        "channel": "sms", "source": "appointment", "answer": "confirm",
    }]  # fmt: skip
    assert said(reminded, sender) == ["Merci, c'est noté."]


def test_two_cancels_and_the_cancellation_is_the_answer(reminded: Desk, sender: FakeSender, mongo_db: Any) -> None:
    """No second message beside the one that the guichet's cancellation brings."""
    write(reminded, "2")
    assert [one["answer"] for one in answers(mongo_db)] == ["cancel"]
    assert said(reminded, sender) == []


def test_the_same_answer_brought_twice(reminded: Desk, sender: FakeSender, mongo_db: Any, clock: FrozenClock) -> None:
    """A provider repeats what was not acknowledged, with its id or without, also over the turn of a minute."""
    write(reminded, "1", reference="mo-1")
    write(reminded, "1", reference="mo-1")
    write(reminded, "STOP", address=STRANGER)
    clock.advance(seconds=61)
    write(reminded, "STOP", address=STRANGER)
    assert len(answers(mongo_db)) == 1
    assert len(said(reminded, sender)) == 2


def test_an_answer_is_taken_once(reminded: Desk, mongo_db: Any, clock: FrozenClock) -> None:
    """Whoever confirmed and then writes 2 has no open question any more; the link still cancels."""
    write(reminded, "1")
    clock.advance(minutes=5)
    write(reminded, "2")
    assert [one["answer"] for one in answers(mongo_db)] == ["confirm"]


def test_an_answer_after_the_start_changes_nothing(reminded: Desk, mongo_db: Any, clock: FrozenClock) -> None:
    """The question has lost its sense."""
    clock.advance(days=2)
    write(reminded, "2")
    assert answers(mongo_db) == []


def test_stop_is_acknowledged_once_and_holds(
    reminded: Desk, sender: FakeSender, mongo_db: Any, matter: Callable[..., Matter], give: Callable[..., None],
    clock: FrozenClock,
) -> None:  # fmt: skip
    """Case 32: later sends are refused, also to a new contact of another town; START ends it."""
    write(reminded, "Stop please")
    clock.advance(minutes=3)
    write(reminded, "ARRÊT")
    assert said(reminded, sender) == ["Vous ne recevrez plus de SMS. Pour reprendre, envoyez START."]
    give("contact-2")
    later = matter(subject="a-2", contact_id="contact-2", municipality="raoued", start=clock.now() + timedelta(days=3))
    with mongo_db.client.start_session() as session:
        handlers.plan(reminded, later, "booked", 1, session)
    assert len(said(reminded, sender)) == 1
    told = next(one for one in reminded.messages.of_subject("a-2") if one.kind == "confirmation")
    assert (told.state, told.reason) == (State.FAILED, "opted_out")
    write(reminded, "START")
    assert said(reminded, sender)[1:] == ["Vous recevrez de nouveau nos SMS. Pour arreter, envoyez STOP."]
    with mongo_db.client.start_session() as session:
        handlers.plan(reminded, replace(later, subject="a-3"), "booked", 1, session)
    assert len(said(reminded, sender)) == 3


def test_no_is_explained_and_nothing_else(reminded: Desk, sender: FakeSender, mongo_db: Any) -> None:
    """Case 32: no opt-out, no cancellation; how to answer is said once a day."""
    write(reminded, "No")
    write(reminded, "Non merci")
    assert said(reminded, sender) == ["Répondez 1 pour confirmer, 2 pour annuler, STOP pour ne plus recevoir de SMS."]
    assert answers(mongo_db) == []
    assert mongo_db["opt_outs"].count_documents({}) == 0


def test_a_stranger_is_not_written_to(desk: Desk, sender: FakeSender) -> None:
    """Nonsense from a number we never wrote to gets no answer; its STOP is acknowledged, in the word's language."""
    write(desk, "hello", address=STRANGER)
    assert said(desk, sender) == []
    write(desk, "توقف", address=STRANGER)
    assert [one.address.reveal() for one in sender.taken] == []
    assert "لن تصلكم" in said(desk, sender)[0]
    assert sender.taken[0].address.reveal() == STRANGER


def test_nothing_that_was_written_is_kept(reminded: Desk, mongo_db: Any) -> None:
    """Neither text nor number, nor a hash that a list of all numbers would break."""
    write(reminded, "Non, pas avant demain", address=STRANGER)
    rows = [str(row) for name in mongo_db.list_collection_names() for row in mongo_db[name].find()]
    assert not [row for row in rows if "demain" in row or STRANGER in row or STRANGER[1:] in row]


def from_phone(octets: bytes, coding: int, esm_class: int = 0) -> Brought:
    """A deliver_sm."""
    return Brought(1, PHONE[1:], esm_class, coding, octets, "")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (from_phone(b"STOP", 0), "STOP"),
        (from_phone("توقف".encode("utf-16-be"), 8), "توقف"),
        (from_phone("ARRÊT".encode("latin-1"), 3), "ARRÊT"),
        (from_phone(b"\x05\x00\x03\x01\x02\x01STOP", 0, 0x40), "STOP"),
        (from_phone(b"", 0), ""),
        (from_phone(b"\xd8\x00", 8), "\ufffd"),
    ],
)
def test_what_a_deliver_sm_says(written: Brought, text: str) -> None:
    """All alphabets, and the header of a long one."""
    found = read_inbound(written)
    assert (found.address.reveal(), found.text.reveal()) == (PHONE, text)
