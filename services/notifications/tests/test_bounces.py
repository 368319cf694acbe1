"""What comes back for emails: delivery status notifications, and the wish for no more (acceptance 33 to 35)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers
from imigr_notifications.bounces import Bounce, read_bounce
from imigr_notifications.domain import Matter, Message, State
from imigr_notifications.handlers import DEFAULT, Desk, Provider, Way, Ways
from imigr_notifications.ports import Receipt, Uncertain
from imigr_notifications.senders import Singly
from imigr_notifications.storage import CONTACTS, MESSAGES
from imigr_notifications.testing import FakeSender
from imigr_notifications.vault import Vault

MAIL = "visitor@example.test"
Give = Callable[..., None]
MakeMatter = Callable[..., Matter]


def dsn(
    message_id: str = "<abc@imigr.test>", status: str = "5.1.1", action: str = "failed", part: str = "full"
) -> bytes:
    """A delivery status notification as Postfix writes it (RFC 3464)."""
    kind = "message/rfc822" if part == "full" else "text/rfc822-headers"
    return (
        "From: MAILER-DAEMON@relay.test\r\nTo: commune@imigr.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.test\r\n\r\n"
        f"Final-Recipient: rfc822; {MAIL}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; no\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\nbody\r\n\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize("part", ["full", "headers"])
def test_a_bounce_is_read(part: str) -> None:
    """With the whole mail or its headers only."""
    assert read_bounce(dsn(part=part)) == Bounce("<abc@imigr.test>", "5.1.1", is_final=True)


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"\xff\xfe\x00", b"Subject: hello\r\n\r\nNo bounce.", dsn(status="none"), dsn(action="delivered"),
        dsn(message_id=""), b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n", b"x" * 3_000_000,
    ],
)  # fmt: skip
def test_what_is_no_bounce_is_left_alone(octets: bytes) -> None:
    """Other mails, broken ones, huge ones: never a crash."""
    assert read_bounce(octets) is None


@pytest.fixture
def sent(desk: Desk, give: Give, matter: MakeMatter) -> Message:
    """A confirmation that a relay took."""
    give(address=MAIL, channel="email")
    handlers.plan(desk, matter(channel="email"), "booked", 1, None)
    handlers.deliver_due(desk, "email")
    return confirmation(desk)


def confirmation(desk: Desk) -> Message:
    return next(one for one in desk.messages.of_subject("appointment-1") if one.kind == "confirmation")


def take(desk: Desk, message: Message, status: str, *, is_final: bool = True) -> bool:
    bounce = Bounce("<x>", status, is_final)
    return handlers.take_bounce(desk.messages, desk.contacts, desk.clock, bounce, ["other", *message.provider_ids])


def test_an_address_that_does_not_exist_is_marked_and_not_kept(
    desk: Desk, sent: Message, sender: FakeSender, clock: FrozenClock, mongo_db: Any
) -> None:
    """Case 34: 5.1.1; the mediator sees that the person was not reached, and the reminder is not tried."""
    assert take(desk, sent, "5.1.1")
    assert (confirmation(desk).state, confirmation(desk).reason) == (State.FAILED, "undelivered")
    row = mongo_db[CONTACTS].find_one()
    assert row["unusable"] == "bounced"
    assert "box" not in row
    clock.advance(days=2, hours=8)
    handlers.deliver_due(desk, "email")
    assert len(sender.taken) == 1


def test_a_full_mailbox_is_tried_again_and_given_up(
    desk: Desk, sent: Message, sender: FakeSender, clock: FrozenClock, mongo_db: Any
) -> None:
    """Case 34: 4.2.2 waits longer each time, until the message expires; the contact stays."""
    for _ in range(12):
        if confirmation(desk).state is not State.SENT:
            break
        assert take(desk, confirmation(desk), "4.2.2")
        clock.advance(hours=5)
        handlers.deliver_due(desk, "email")
    sent_times = len([one for one in sender.taken if one.message_id == sent.id])
    assert 3 <= sent_times <= 9
    assert confirmation(desk).reason == "expired"
    assert "unusable" not in mongo_db[CONTACTS].find_one()


def test_a_warning_that_the_relay_still_tries_changes_nothing(desk: Desk, sent: Message) -> None:
    """Action: delayed."""
    assert take(desk, sent, "4.4.1", is_final=False)
    assert confirmation(desk).state is State.SENT


def test_a_bounce_twice_or_about_nothing_we_sent(desk: Desk, sent: Message, mongo_db: Any) -> None:
    """Once is enough, and strangers change nothing."""
    take(desk, sent, "5.2.2")
    version = confirmation(desk).version
    take(desk, sent, "5.2.2")
    assert confirmation(desk).version == version
    bounce = Bounce("<stranger>", "5.1.1", is_final=True)
    assert not handlers.take_bounce(desk.messages, desk.contacts, desk.clock, bounce, ["smtp/<stranger>"])
    assert mongo_db[MESSAGES].count_documents({"state": "failed"}) == 1


def test_a_mail_server_pipes_bounces_to_the_command(notifications_env: dict[str, str]) -> None:
    """One mail on standard input."""
    command = [sys.executable, "-m", "imigr_notifications.cli", "take-bounce"]
    done = subprocess.run(
        command, input=dsn(), env=os.environ | notifications_env, capture_output=True, timeout=60, check=True
    )
    assert done.stdout.strip() == b"not about a mail of ours"


def test_one_click_ends_emails_to_the_address(
    desk: Desk, sent: Message, give: Give, matter: MakeMatter, sender: FakeSender, vault: Vault, clock: FrozenClock
) -> None:
    """Case 33: from the whole installation, also for a contact given later; SMS to the person's phone still go."""
    token = vault.unsubscribe_token(sent.contact_id)
    assert sender.taken[0].unsubscribe is not None
    assert sender.taken[0].unsubscribe.reveal() == f"https://imigr.test/u/la-marsa/{token}"
    assert vault.unsubscribed(token) == sent.contact_id
    handlers.unsubscribe(desk, sent.contact_id)
    give("contact-2", MAIL, "email")
    handlers.plan(desk, matter(subject="two", contact_id="contact-2", channel="email"), "booked", 1, None)
    handlers.deliver_due(desk, "email")
    assert [one.reason for one in desk.messages.of_subject("two") if one.kind == "confirmation"] == ["opted_out"]
    give("contact-3")
    handlers.plan(desk, matter(subject="three", contact_id="contact-3"), "booked", 1, None)
    clock.advance(seconds=1)
    handlers.deliver_due(desk, "sms")
    assert sender.taken[-1].message_id.startswith("three:")


@pytest.mark.parametrize("token", ["", "~", "contact-1", "contact-1~0000", "contact-1~" + "0" * 22, "é~é"])
def test_a_link_that_we_did_not_make_is_unknown(vault: Vault, token: str) -> None:
    """Guessing an id is not enough."""
    assert vault.unsubscribed(token) is None


def test_report_tokens_belong_to_one_provider(vault: Vault) -> None:
    """One provider cannot report for another."""
    assert vault.is_report_token("a", vault.report_token("a"))
    assert not vault.is_report_token("b", vault.report_token("a"))


def test_a_doubt_with_a_provider_that_carries_our_ids_is_settled_by_its_report(
    desk: Desk, give: Give, matter: MakeMatter, clock: FrozenClock
) -> None:
    """Case 27: Kannel's report names our own id, so no number is needed to find the message."""
    lost = FakeSender()
    lost.answers = [Uncertain("http_no_answer")]
    provider = Provider("kannel", Singly(lost), own_id=lambda message_id: f"kannel/{message_id}")
    own = replace(desk, ways=Ways({DEFAULT: {"sms": [Way(provider)]}}))
    give()
    handlers.plan(own, matter(), "booked", 1, None)
    handlers.deliver_due(own, "sms")
    handlers.take_receipts(own, [Receipt("kannel/appointment-1:confirmation:1", None, delivered=True)])
    clock.advance(seconds=1)
    handlers.settle_stranded(own)
    assert confirmation(own).state is State.SENT
    assert confirmation(own).provider_ids == ("kannel/appointment-1:confirmation:1",)
