"""Hostile input in one pile: refused with a clear problem, counted, and nothing sent."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import ValidationError
from nacl.public import PrivateKey, PublicKey, SealedBox

from imigr_kit.events import CloudEvent
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers, schemas
from imigr_notifications.domain import Matter, State
from imigr_notifications.errors import UndecryptableContact
from imigr_notifications.handlers import Desk
from imigr_notifications.ports import Outgoing
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.rules import rules_of
from imigr_notifications.senders.mail import mail_of
from imigr_notifications.sms_text import cut, encoded, ordered, tidy, transliterated
from imigr_notifications.testing import FakeSender
from imigr_notifications.vault import Unusable, Vault

from .conftest import PRIVATE_KEY

COUNTRIES = rules_of("la-marsa").countries
NO_NUMBERS = [
    "+88213300000", "+870773100000",  # satellites
    "+33899701234", "+21688123456", "+390899123456",  # premium rates
    "+8613812345678", "+12025550123",  # countries that no town allows
    "+216 71 749 608", "20123456;ext=5", "20 12 34 5x", "1", "9" * 100_000, "", "\x00", "\ud83d", "${jndi:ldap://x}",
    "+21620123456\r\nBcc: x@y.tn", "' OR 1=1 --", "{{7*7}}",
]  # fmt: skip
NO_EMAILS = [
    "a@b.tn\r\nBcc: x@y.tn", "a@b.tn\nBcc: x@y.tn", "a@b@c.tn", "a b@c.tn", "a@b.tn, x@y.tn", "<a@b.tn> RCPT", "a@",
    "@", "a@b..tn", "\x00@b.tn", "x" * 100_000 + "@b.tn", "\ud83d@b.tn",
]  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "address"), [("sms", one) for one in NO_NUMBERS] + [("email", one) for one in NO_EMAILS]
)
def test_an_address_of_no_use_is_not_kept(vault: Vault, seal: Callable[..., bytes], channel: str, address: str) -> None:
    """Only a closed reason is left of it."""
    found = vault.open_intake(seal(channel=channel, address=address, language="fr"), COUNTRIES)
    assert isinstance(found, Unusable)
    assert found.reason in {"notifications.not_a_mobile_number", "notifications.not_an_email"}


def test_nothing_is_sent_to_it_and_it_is_counted(
    desk: Desk, vault: Vault, seal: Callable[..., bytes], sender: FakeSender, mongo_db: Any, clock: FrozenClock,
    matter: Callable[..., Matter],
) -> None:  # fmt: skip
    """The booking stands, its message fails with a code, staff see it among the figures; no letter of it is stored."""
    with mongo_db.client.start_session() as session:
        for number, address in enumerate(NO_NUMBERS[:8]):
            found = vault.open_intake(seal(channel="sms", address=address, language="fr"), COUNTRIES)
            desk.contacts.store(f"contact-{number}", found, clock.now(), session)  # type: ignore[attr-defined]  # the whole storage
            handlers.plan(desk, matter(subject=f"s-{number}", contact_id=f"contact-{number}"), "booked", 1, None)
    handlers.deliver_due(desk, "sms")
    assert sender.taken == []
    states = mongo_db["messages"].distinct("state", {"kind": "confirmation"})
    reasons = mongo_db["messages"].distinct("reason", {"kind": "confirmation"})
    assert (states, reasons) == ([str(State.FAILED)], ["unusable_address"])
    assert "88213300000" not in str(list(mongo_db["contacts"].find()))


@pytest.mark.parametrize(
    "octets", [b"\xff\xfe\x00", b'{"channel":"sms","address":"\xff"}', b"[]", b"null", b"{" * 50_000]
)
def test_a_box_with_something_else_is_parked(vault: Vault, octets: bytes) -> None:
    """Invalid UTF-8, no object, braces without end: one error, which parks the message with its reason."""
    box = bytes(SealedBox(PublicKey(bytes(PrivateKey(PRIVATE_KEY).public_key))).encrypt(octets))
    with pytest.raises(UndecryptableContact):
        vault.open_intake(box, {"*"})


def test_a_box_of_100_kb_is_refused_before_it_is_opened() -> None:
    """A field error."""
    with pytest.raises(ValidationError):
        schemas.Given().load({"contact_id": "c", "sealed": base64.b64encode(b"x" * 100_000).decode()})


VALUES = ("{date}", "{{date}}", "{0.__class__}", "%s%n", "${x}", "{documents, plural, other {#}}")
WRITTEN = ("\ud83d", "a\udc00b", "x" * 100_000, "\x00\x1b[31m", "S TOP\x00", "\u202eabc", "{" * 9_999)


def test_a_place_with_a_placeholder_in_it_is_shown_as_it_is(
    desk: Desk, give: Callable[..., None], sender: FakeSender, matter: Callable[..., Matter]
) -> None:
    """Values are never read as templates."""
    give()
    for number, value in enumerate(VALUES):
        handlers.plan(desk, matter(subject=f"s-{number}", texts={"place": {"fr": value}}), "booked", 1, None)
    handlers.deliver_due(desk, "sms")
    shown = [one.body.reveal() for one in sender.taken]
    assert all(any(value in text for text in shown) for value in VALUES)


def test_whatever_a_phone_writes(desk: Desk, mongo_db: Any) -> None:
    """Understood or not, nothing of it is kept, nothing breaks, and a stranger gets no answer."""
    for number, text in enumerate(WRITTEN):
        handlers.take_inbound(desk, Inbound(Secret("+21698765432"), Secret(text), f"ref-{number}"))
    assert mongo_db["messages"].count_documents({}) == 0
    assert "x" * 50 not in str(list(mongo_db["replies"].find()))


@pytest.mark.parametrize("letters", range(60, 75))
def test_no_part_ends_in_half_a_character(letters: int) -> None:
    """Emoji around the edge of every part: each part is whole UTF-16, and together they are the text."""
    text = "é" + "ا" * letters + "😀" * 40
    parts = cut(ordered(transliterated(tidy(text))))
    assert "".join(encoded(one, parts.alphabet).decode("utf-16-be") for one in parts.parts) == "".join(parts.parts)


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.tn", "a\nX: y", "a\rX: y", "a\x00b", "=?utf-8?q?=0D=0ABcc:_x?="])
def test_a_mail_has_only_our_headers(subject: str) -> None:
    """A subject that brings a line of its own makes no header; it is one line or the mail is not made."""
    outgoing = Outgoing("m", Secret("a@b.tn"), subject, Secret("body"), 60)
    try:
        mail = mail_of(outgoing, "c@imigr.test")
    except ValueError:
        return
    assert "Bcc" not in {name.title() for name in mail}
    assert "X" not in set(mail.keys())


def test_an_event_with_hostile_values_is_parked_not_sent() -> None:
    """A time zone that is a path, a place that is no text: a field error."""
    event = {
        "specversion": "1.0", "id": "1", "source": "/x", "type": "tn.imigr.guichet.appointment.booked.v1",
        "subject": "a", "time": "2026-11-23T08:00:00Z", "municipality": "la-marsa", "sequence": 1,
        "data": {"appointment_id": "a", "start": "2026-11-26T08:30:00Z", "contact_id": "c", "channel": "sms",
                 "message_language": "fr", "timezone": "../../etc/passwd", "address": {"fr": 7}},
    }  # fmt: skip
    with pytest.raises(ValidationError) as caught:
        schemas.matter_of(CloudEvent.from_dict(event))
    assert {"timezone", "address"} <= set(caught.value.messages)
