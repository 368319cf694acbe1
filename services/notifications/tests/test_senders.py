"""The ways out, the fake among them, keep one contract; SMS and mail travel to real protocol peers."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from imigr_kit.secret import Secret
from imigr_kit.testing import wait_until
from imigr_kit.testing.processes import free_port
from imigr_notifications.ports import (
    NotNow,
    NotWanted,
    Outgoing,
    Receipt,
    Refused,
    Sender,
    Throttled,
    Uncertain,
    Unreachable,
)
from imigr_notifications.senders import SmppAccount, SmppSender, SmtpAccount, SmtpSender, smpp
from imigr_notifications.senders.smpp_window import validity
from imigr_notifications.sms_text import cut
from imigr_notifications.testing import FakeSender

PHONE, MAIL = "+21620123456", "visitor@example.test"
PASSWORD = "for-test"


@dataclass
class Way:
    """One sender with what a test needs to know of the other end."""

    sender: Sender
    address: str
    received: Callable[[], list[str]]
    refuse: Callable[[], None]
    not_now: Callable[[], None]
    go_silent: Callable[[], None]
    go_away: Callable[[], None]


@dataclass
class MailSink:
    """aiosmtpd's handler: keeps mails and answers as it is told."""

    taken: list[bytes] = field(default_factory=list)
    rcpt_answer: str = "250 OK"
    hang: bool = False

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.rcpt_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt_answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.content)
        if self.hang:
            await asyncio.sleep(30)
        return "250 taken"


def outgoing(address: str, body: str = "La Marsa : rappel", **changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "message_id": "one:reminder:1", "address": Secret(address), "subject": "Rappel", "body": Secret(body),
        "valid_seconds": 3600,
    }  # fmt: skip
    return Outgoing(**(values | changes))


def yes(_parts: int) -> bool:
    return True


def noting(asked: list[int]) -> Callable[[int], bool]:
    """Says yes and notes the number of parts."""

    def hand_over(parts: int) -> bool:
        asked.append(parts)
        return True

    return hand_over


@pytest.fixture
def sink() -> Iterator[tuple[MailSink, Controller]]:
    """A mail server in a thread."""
    handler = MailSink()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller
    if controller.loop.is_running():
        controller.stop(no_assert=True)


@pytest.fixture
def receipts() -> list[Receipt]:
    """What the SMS sender reports."""
    return []


@pytest.fixture
def sms(peers: Any, receipts: list[Receipt], monkeypatch: pytest.MonkeyPatch) -> Iterator[SmppSender]:
    """A bound SMS sender."""
    monkeypatch.setattr(smpp, "ANSWER_SECONDS", 1.0)
    account = SmppAccount("127.0.0.1", peers.smpp, "imigr", Secret(PASSWORD), "Commune")
    sender = SmppSender(account, receipts.extend)
    sender.start()
    wait_until(lambda: sender.is_bound, 10, "bound")
    yield sender
    sender.close()


def fake_way() -> Way:
    fake = FakeSender()

    def answer(error: Exception) -> Callable[[], None]:
        return lambda: fake.answers.append(error)

    def go_silent() -> None:
        fake.taken_in_silence = True

    return Way(
        fake, PHONE, lambda: [one.body.reveal() for one in fake.taken],
        answer(Refused("no")), answer(NotNow("later")), go_silent, answer(Unreachable("away")),
    )  # fmt: skip


def sms_way(request: pytest.FixtureRequest) -> Way:
    sender, peers = request.getfixturevalue("sms"), request.getfixturevalue("peers")
    way = Way(
        sender, PHONE, lambda: [one["text"] for one in peers.received()],
        lambda: None, lambda: peers.behave(fail_next=1), lambda: peers.behave(silent_next=1), lambda: None,
    )  # fmt: skip

    def refuse() -> None:
        way.address = "+no-number"

    def go_away() -> None:
        peers.stop()
        wait_until(lambda: not sender.is_bound, 10, "the bind is lost")

    way.refuse, way.go_away = refuse, go_away
    return way


def mail_way(request: pytest.FixtureRequest) -> Way:
    sink, controller = request.getfixturevalue("sink")
    sender = SmtpSender(SmtpAccount("127.0.0.1", controller.port, "commune@imigr.test"))

    def answer(text: str) -> Callable[[], None]:
        return lambda: setattr(sink, "rcpt_answer", text)

    def bodies() -> list[str]:
        mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in sink.taken]
        return [str(mail.get_body(("plain",)).get_content()).rstrip() for mail in mails]  # type: ignore[union-attr]

    return Way(
        sender, MAIL, bodies, answer("550 5.1.1 nobody"), answer("451 4.3.0 later"),
        lambda: setattr(sink, "hang", True), lambda: controller.stop(no_assert=True),
    )  # fmt: skip


@pytest.fixture(params=["fake", "sms", "mail"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Each sender in turn."""
    monkeypatch.setattr("imigr_notifications.senders.smtp.STEP_SECONDS", 1.0)
    if request.param == "fake":
        return fake_way()
    return sms_way(request) if request.param == "sms" else mail_way(request)


def test_what_is_sent_arrives_once_and_has_an_id(way: Way) -> None:
    """The hand over is asked for once, with the number of parts."""
    asked: list[int] = []
    ids = way.sender.send(outgoing(way.address), noting(asked))
    assert len(ids) == 1
    assert asked == [1]
    wait_until(lambda: way.received() == ["La Marsa : rappel"], 5, "it arrives")


def test_what_is_no_longer_wanted_does_not_leave(way: Way) -> None:
    """The last look."""
    with pytest.raises(NotWanted):
        way.sender.send(outgoing(way.address), lambda _parts: False)
    assert way.received() == []
    assert way.sender.send(outgoing(way.address), yes)


def test_a_recipient_that_does_not_exist_is_refused(way: Way) -> None:
    """For good; the reason holds no address."""
    way.refuse()
    with pytest.raises(Refused) as caught:
        way.sender.send(outgoing(way.address), yes)
    assert "@" not in caught.value.reason
    assert way.received() == []


def test_not_now(way: Way) -> None:
    """Nothing was taken; the next attempt works or may work."""
    way.not_now()
    with pytest.raises(NotNow):
        way.sender.send(outgoing(way.address), yes)
    assert way.received() == []


def test_silence_after_the_hand_over_is_uncertain(way: Way) -> None:
    """It may have arrived, and here it did."""
    way.go_silent()
    with pytest.raises(Uncertain):
        way.sender.send(outgoing(way.address), yes)
    wait_until(lambda: len(way.received()) == 1, 5, "it had been taken")


def test_nobody_there_is_noticed_before_the_hand_over(way: Way) -> None:
    """So nothing is in doubt."""
    way.go_away()
    asked: list[int] = []
    with pytest.raises(Unreachable):
        way.sender.send(outgoing(way.address), noting(asked))
    assert asked == []


def test_long_arabic_text_arrives_whole(sms: SmppSender, peers: Any) -> None:
    """UCS-2 in several parts, put together by a centre that shares no code with us."""
    text = "بلدية المرسى: تم تأكيد موعدكم يوم الخميس 26 نوفمبر على الساعة 09:30.\nقصر بلدية المرسى 😀\n" + "م" * 60
    ids = sms.send(outgoing(PHONE, text), yes)
    assert len(ids) == 3
    wait_until(lambda: peers.received() != [], 5, "all parts arrive")
    found = peers.received()[0]
    assert (found["text"], found["parts"], found["encoding"], found["to"]) == (text, 3, "ucs-2", PHONE)


def test_letters_of_the_extension_table_arrive(sms: SmppSender, peers: Any) -> None:
    """GSM-7 in two parts with an escape pair at the border."""
    text = "a" * 152 + "€" + "é[]{}" * 5
    assert len(sms.send(outgoing(PHONE, text), yes)) == 2
    wait_until(lambda: peers.received() != [], 5, "both parts arrive")
    assert (peers.received()[0]["text"], peers.received()[0]["encoding"]) == (text, "gsm-7")


def test_a_part_that_was_throttled_is_sent_again_alone(sms: SmppSender, peers: Any) -> None:
    """Case 28: the phone puts it together with the part that was taken."""
    text = "b" * 200
    peers.behave(throttle_next=1)
    with pytest.raises(Throttled):
        sms.send(outgoing(PHONE, "c" * 10), yes)
    first = _first_part_only(sms, peers, text)
    assert peers.received() == []
    ids = sms.send(outgoing(PHONE, text, taken=first), yes)
    assert len(ids) == 2
    wait_until(lambda: [one["text"] for one in peers.received()] == [text], 5, "one whole message")


def _first_part_only(sms: SmppSender, peers: Any, text: str) -> tuple[str, ...]:
    """Send the first part by hand, as if the second had been throttled."""
    whole = outgoing(PHONE, text)
    (answer,) = sms._submit(sms._client, [sms._part_of(whole, cut(text), 1)])
    assert answer is not None
    return (answer.message_id,)


def test_receipts_come_back(sms: SmppSender, peers: Any, receipts: list[Receipt]) -> None:
    """With the id of the message and the number they are about."""
    peers.behave(undeliverable=["+21622000000"])
    sent = [*sms.send(outgoing(PHONE), yes), *sms.send(outgoing("+21622000000"), yes)]
    wait_until(lambda: len(receipts) == 2, 5, "both receipts")
    told = {one.provider_id: (one.address and one.address.reveal(), one.delivered) for one in receipts}
    assert told == {sent[0]: (PHONE, True), sent[1]: ("+21622000000", False)}


def test_the_bind_comes_back_by_itself(sms: SmppSender, peers: Any) -> None:
    """The centre was restarted."""
    peers.stop()
    wait_until(lambda: not sms.is_bound, 10, "the bind is lost")
    peers.start()
    wait_until(lambda: sms.is_bound, 10, "bound again")
    assert sms.send(outgoing(PHONE), yes)


def test_a_wrong_password_does_not_bind(peers: Any) -> None:
    """And says so by being unreachable."""
    account = SmppAccount("127.0.0.1", peers.smpp, "imigr", Secret("wrong"), "Commune")
    sender = SmppSender(account, lambda _receipts: None)
    sender.start()
    try:
        with pytest.raises(Unreachable):
            sender.send(outgoing(PHONE), yes)
        assert not sender.is_bound
    finally:
        sender.close()


def test_many_threads_share_the_bind(sms: SmppSender, peers: Any) -> None:
    """Each gets the answer to its own message."""
    ids: list[str] = []

    def work(number: int) -> None:
        ids.extend(sms.send(outgoing(PHONE, f"text {number}"), yes))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    wait_until(lambda: len(peers.received()) == 20, 5, "all arrive")
    assert {one["id"] for one in peers.received()} == set(ids)


def test_a_centre_that_is_not_there_costs_no_time() -> None:
    """Sending never waits for a connection."""
    sender = SmppSender(SmppAccount("127.0.0.1", free_port(), "x", Secret("x"), "x"), lambda _receipts: None)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        sender.send(outgoing(PHONE), yes)
    assert time.monotonic() - began < 0.5


def test_mail_is_well_formed(sink: tuple[MailSink, Controller]) -> None:
    """Arabic text, calendar attached, and the same Message-ID for the same message."""
    handler, controller = sink
    sender = SmtpSender(SmtpAccount("127.0.0.1", controller.port, "commune@imigr.test"))
    mail = outgoing(MAIL, "تم تأكيد موعدكم", subject="تأكيد الموعد", calendar=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    assert sender.send(mail, yes) == sender.send(mail, yes)
    parsed = email.message_from_bytes(handler.taken[0], policy=email.policy.default)
    assert (parsed["subject"], parsed["auto-submitted"]) == ("تأكيد الموعد", "auto-generated")
    assert [part.get_content_type() for part in parsed.iter_attachments()] == ["text/calendar"]


def test_a_subject_cannot_carry_another_header(sink: tuple[MailSink, Controller]) -> None:
    """Header injection ends in an error before anything is sent."""
    handler, controller = sink
    sender = SmtpSender(SmtpAccount("127.0.0.1", controller.port, "commune@imigr.test"))
    with pytest.raises(Refused, match="unwritable"):
        sender.send(outgoing(MAIL, subject="x\r\nBcc: other@example.test"), yes)
    assert handler.taken == []


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(3600, "000000010000000R"), (90, "000000000130000R"), (1, "000000000100000R"), (10**9, "000007000000000R")],
)
def test_a_message_is_not_delivered_after_it_expired(seconds: int, written: str) -> None:
    """SMPP 3.4, section 7.1.1.2: at least a minute, at most a week."""
    assert validity(seconds) == written
