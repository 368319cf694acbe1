"""The mail sink, the mailbox, and the page that shows what arrived."""

from __future__ import annotations

import asyncio
import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from imigr_peers import mail
from imigr_peers.behaviour import Behaviour
from imigr_peers.mailbox import Mailbox, Received, direction
from imigr_peers.page import Page, Request


def _message(text: str = "Hello", **fields: str) -> Received:
    known = {"id": "1", "channel": "sms", "sender": "IMIGR", "to": "+21620123456", "subject": ""}
    known |= {"encoding": "gsm-7", "received_at": "2026-01-01T00:00:00.000Z"} | fields
    return Received(text=text, direction=direction(text), parts=1, **known)


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "received.jsonl")


def _get(page: Page, path: str = "/api/messages", **query: str) -> list[dict[str, str]]:
    items: list[dict[str, str]] = json.loads(page.answer(Request("GET", path, query, b"")).body)["items"]
    return items


def test_the_newest_message_comes_first(mailbox: Mailbox) -> None:
    """Who waits for a message looks at the top."""
    for text in ("first", "second"):
        mailbox.add(_message(text))
    assert [one["text"] for one in _get(Page(mailbox, Behaviour()))] == ["second", "first"]


def test_messages_are_found_by_number_and_channel(mailbox: Mailbox) -> None:
    """Tests that run beside each other see their own messages only."""
    mailbox.add(_message("mine"))
    mailbox.add(_message("other", to="+21620999999"))
    mailbox.add(_message("mail", channel="email"))
    page = Page(mailbox, Behaviour())
    assert [one["text"] for one in _get(page, to="+21620123456", channel="sms")] == ["mine"]


def test_messages_survive_a_restart_and_can_be_cleared(tmp_path: Path) -> None:
    """The journal is read at the start and is its owner's only."""
    journal = tmp_path / "received.jsonl"
    Mailbox(journal).add(_message("kept", sender="مرحبا"))
    assert journal.stat().st_mode & 0o077 == 0
    again = Mailbox(journal)
    assert [one.sender for one in again.find()] == ["مرحبا"]
    again.clear()
    assert list(Mailbox(journal).find()) == []


@pytest.mark.parametrize(
    ("text", "expected"), [("Rendez-vous", "ltr"), ("موعد", "rtl"), ("12:30 - موعد La Marsa", "rtl"), ("", "ltr")]
)
def test_the_first_letter_decides_the_direction(text: str, expected: str) -> None:
    """Digits and signs have none of their own."""
    assert direction(text) == expected


def test_a_message_cannot_bring_markup_into_the_page(mailbox: Mailbox) -> None:
    """Whatever was received is text."""
    mailbox.add(_message("<script>alert(1)</script>", sender="<b>", subject="<i>"))
    html = Page(mailbox, Behaviour()).answer(Request("GET", "/", {}, b"")).body.decode()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;" in html


def test_arabic_is_shown_from_right_to_left(mailbox: Mailbox) -> None:
    """The paragraph carries its direction."""
    mailbox.add(_message("موعدك غدا"))
    html = Page(mailbox, Behaviour()).answer(Request("GET", "/", {}, b"")).body.decode()
    assert "<p dir=rtl>موعدك غدا</p>" in html


@pytest.mark.parametrize("body", [b'{"no_such": 1}', b'{"throttle_next": "many"}', b"nonsense", b"[]"])
def test_a_behaviour_that_does_not_exist_is_refused(mailbox: Mailbox, body: bytes) -> None:
    """A typing error in a test must not pass for a calm SMS centre."""
    response = Page(mailbox, Behaviour()).answer(Request("PUT", "/api/behaviour", {}, body))
    assert response.status.startswith("422")


def _with_servers(mailbox: Mailbox, talk: Callable[[int, int], None]) -> None:
    """Runs mail sink and page while `talk(smtp_port, page_port)` works in a thread."""

    async def run() -> None:
        sink = await mail.serve("127.0.0.1", 0, mailbox)
        page = await Page(mailbox, Behaviour()).serve("127.0.0.1", 0)
        ports = [server.sockets[0].getsockname()[1] for server in (sink, page)]
        try:
            await asyncio.wait_for(asyncio.to_thread(talk, *ports), 20)
        finally:
            sink.close()
            page.close()

    asyncio.run(run())


def test_a_mail_is_shown_once_per_recipient_with_its_text(mailbox: Mailbox) -> None:
    """Subject and body are decoded from MIME."""
    message = EmailMessage()
    message["From"], message["To"] = "no-reply@imigr.example", "visitor@example.org"
    message["Subject"] = "تأكيد الموعد"
    message.set_content("موعدك يوم الإثنين\n")
    message.add_alternative("<p>موعدك يوم الإثنين</p>", subtype="html")

    def talk(smtp: int, page: int) -> None:
        with smtplib.SMTP("127.0.0.1", smtp, timeout=5) as client:
            client.send_message(message, to_addrs=["visitor@example.org", "other@example.org"])
        with urllib.request.urlopen(f"http://127.0.0.1:{page}/api/messages?to=visitor@example.org", timeout=5) as got:
            (item,) = json.load(got)["items"]
        assert item["subject"] == "تأكيد الموعد"
        assert item["text"] == "موعدك يوم الإثنين"
        assert item["from"] == "no-reply@imigr.example"
        assert (item["channel"], item["direction"]) == ("email", "rtl")

    _with_servers(mailbox, talk)
    assert len(list(mailbox.find())) == 2


def test_the_page_answers_over_http(mailbox: Mailbox) -> None:
    """HTML for people, deletion for tests, 404 for the rest."""

    def talk(smtp: int, page: int) -> None:
        base = f"http://127.0.0.1:{page}"
        with urllib.request.urlopen(f"{base}/", timeout=5) as got:
            assert got.headers["Content-Type"] == "text/html; charset=utf-8"
            assert "Nothing has arrived yet" in got.read().decode()
        mailbox.add(_message())
        urllib.request.urlopen(urllib.request.Request(f"{base}/api/messages", method="DELETE"), timeout=5).close()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{base}/elsewhere", timeout=5)

    _with_servers(mailbox, talk)
    assert list(mailbox.find()) == []
