"""What keeps a message back: enough for one day, an opt-out, quiet hours (acceptance: notifications 26 and 32)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers
from imigr_notifications.domain import Matter, Message, OverLimit, State
from imigr_notifications.handlers import Desk
from imigr_notifications.testing import FakeSender

MORNING = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
EVE = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)


@pytest.fixture
def register(
    desk: Desk, mongo_db: Any, matter: Callable[..., Matter], give: Callable[..., None]
) -> Callable[[str, datetime], None]:
    """Register one phone for an event; each registration has a contact of its own."""

    def registered(subject: str, start: datetime) -> None:
        give(f"contact-{subject}")
        about = matter(subject=subject, source="registration", contact_id=f"contact-{subject}", start=start)
        with mongo_db.client.start_session() as session:
            handlers.plan(desk, about, "confirmed", 1, session)

    return registered


def reminders(desk: Desk, subjects: tuple[str, ...]) -> list[Message]:
    return [one for subject in subjects for one in desk.messages.of_subject(subject) if one.kind == "reminder"]


def with_rules(desk: Desk, **changes: Any) -> Desk:
    rules = replace(desk.rules("la-marsa"), **changes)
    return replace(desk, rules=lambda municipality: rules)


SUBJECTS = ("r-1", "r-2", "r-3", "r-4")


def test_a_fourth_reminder_of_a_day_is_never_sent(
    desk: Desk, sender: FakeSender, clock: FrozenClock, register: Callable[[str, datetime], None]
) -> None:
    """Case 26 with the limit: three reminders for one phone leave, under whatever contact; the fourth does not."""
    for number, subject in enumerate(SUBJECTS):
        register(subject, MORNING + timedelta(minutes=30 * number))
    handlers.deliver_due(desk, "sms")
    sender.taken.clear()
    clock.advance(hours=(EVE - clock.now()).total_seconds() / 3600)
    handlers.deliver_due(desk, "sms")
    clock.advance(minutes=30)
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 3
    states = [(one.state, one.reason) for one in reminders(desk, SUBJECTS)]
    assert sorted(states) == [(State.CANCELLED, "daily_limit"), *[(State.SENT, None)] * 3]


def test_one_digest_for_a_morning(
    desk: Desk, sender: FakeSender, clock: FrozenClock, register: Callable[[str, datetime], None]
) -> None:
    """Case 26 with the digest: one SMS that tells of all, and each reminder counts as sent."""
    desk = with_rules(desk, over_limit=OverLimit.DIGEST)
    for number, subject in enumerate(SUBJECTS):
        register(subject, MORNING + timedelta(minutes=30 * number))
    handlers.deliver_due(desk, "sms")
    sender.taken.clear()
    clock.advance(hours=(EVE - clock.now()).total_seconds() / 3600)
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 1
    text = sender.taken[0].body.reveal()
    assert [hour in text for hour in ("09:00", "09:30", "10:00", "10:30")] == [True] * 4
    assert {one.state for one in reminders(desk, SUBJECTS)} == {State.SENT}


def test_a_cancelled_one_is_not_in_the_digest(
    desk: Desk,
    mongo_db: Any,
    matter: Callable[..., Matter],
    sender: FakeSender,
    clock: FrozenClock,
    register: Callable[[str, datetime], None],
) -> None:
    """What was cancelled before the digest left is not mentioned."""
    desk = with_rules(desk, over_limit=OverLimit.DIGEST)
    register("r-1", MORNING)
    register("r-2", MORNING + timedelta(minutes=30))
    gone = matter(subject="r-2", source="registration", contact_id="contact-r-2", start=MORNING + timedelta(minutes=30))
    with mongo_db.client.start_session() as session:
        handlers.plan(desk, gone, "cancelled", 2, session)
    handlers.deliver_due(desk, "sms")
    sender.taken.clear()
    clock.advance(hours=(EVE - clock.now()).total_seconds() / 3600)
    handlers.deliver_due(desk, "sms")
    assert ["09:30" in one.body.reveal() for one in sender.taken] == [False]


def test_what_the_person_did_is_always_answered(
    desk: Desk, sender: FakeSender, register: Callable[[str, datetime], None]
) -> None:
    """Confirmations count, but none is kept back."""
    desk = with_rules(desk, daily_limit=2)
    for number, subject in enumerate(SUBJECTS):
        register(subject, MORNING + timedelta(days=number))
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == len(SUBJECTS)


def test_who_opted_out_gets_no_sms(
    desk: Desk, sender: FakeSender, register: Callable[[str, datetime], None], clock: FrozenClock
) -> None:
    """Case 32: later sends are refused, whatever contact the person gives next."""
    register("r-1", MORNING)
    person = desk.contacts.lookup("contact-r-1")
    assert person is not None
    assert desk.opt_outs.add(person, clock.now(), None)
    register("r-2", MORNING)
    handlers.deliver_due(desk, "sms")
    assert sender.taken == []
    told = [one for subject in ("r-1", "r-2") for one in desk.messages.of_subject(subject) if one.kind != "reminder"]
    assert [(one.state, one.reason) for one in told] == [(State.FAILED, "opted_out")] * 2


def test_a_bulk_message_waits_for_the_morning_and_a_notice_does_not(
    desk: Desk, sender: FakeSender, clock: FrozenClock, register: Callable[[str, datetime], None]
) -> None:
    """Quiet hours hold for what nobody waits for."""
    clock.advance(hours=13)
    register("r-1", MORNING)
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 1
