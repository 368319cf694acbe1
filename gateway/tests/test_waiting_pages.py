"""The waiting room's pages: right to left in Arabic, no name, nothing changed by looking."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from imigr_gateway.waiting_words import SCREEN, TICKET
from imigr_kit.errors import NotFound

from .conftest import FakeClient

BOARD = {
    "guichet_id": "g1", "municipality": "la-marsa", "day": "2026-11-26", "version": 9, "waiting": 4,
    "guichet_name": {"fr": "Guichet de La Marsa", "ar": "شباك المرسى", "en": "La Marsa guichet"},
    "called": [{"number": 12, "desk": "m1", "calls": 3, "state": "called", "called_at": "2026-11-26T08:00:00Z"}],
}  # fmt: skip
TICKET_SEEN = {
    "number": 12, "day": "2026-11-26", "state": "waiting", "desk": None, "calls": 0, "language": "ar",
    "guichet_id": "g1", "municipality": "la-marsa", "version": 1, "ahead": 3, "wait_minutes": 20,
    "timezone": "Africa/Tunis",
}  # fmt: skip


@pytest.fixture
def site(app: Flask, client: FakeClient) -> Any:
    """A browser."""
    client.answers |= {"get_guichet": {"municipality": "la-marsa"}, "get_board": BOARD, "get_ticket": TICKET_SEEN}
    return app.test_client()


@pytest.mark.parametrize(
    ("language", "direction", "name"), [("fr", "ltr", "Guichet de La Marsa"), ("ar", "rtl", "شباك المرسى")]
)
def test_the_screen_speaks_the_language_and_follows_the_stream(
    site: Any, language: str, direction: str, name: str
) -> None:
    """Number and desk are there without scripts; the stream's address is in the policy."""
    page = site.get(f"/screen/g1?lang={language}")
    text = page.get_data(as_text=True)
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert name in text
    assert "<bdi>12</bdi>" in text
    assert "/streams/guichets/g1/board" in text
    assert "connect-src" in page.headers["Content-Security-Policy"]


def test_a_ticket_shows_its_number_and_how_long_it_may_take(site: Any) -> None:
    """It asks again by itself, and a button leaves the line."""
    text = site.get("/t/la-marsa.t-secret?lang=en").get_data(as_text=True)
    assert '<meta http-equiv="refresh" content="20">' in text
    assert "about 20 min" in text
    assert '<form method="post">' in text


def test_looking_changes_nothing_and_the_button_leaves(site: Any, client: FakeClient) -> None:
    """Case 25: a preview of the link is harmless."""
    site.get("/t/la-marsa.t-secret")
    assert {method for _, method, _ in client.calls} == {"get_ticket"}
    client.answers["leave_line"] = {}
    site.post("/t/la-marsa.t-secret")
    assert "leave_line" in {method for _, method, _ in client.calls}


def test_an_unknown_ticket_is_a_page_of_its_own(site: Any, client: FakeClient) -> None:
    """404, in words."""
    client.answers["get_ticket"] = NotFound(code="guichet.unknown_ticket")
    page = site.get("/t/la-marsa.t-x?lang=fr")
    assert page.status_code == 404
    assert TICKET["fr"]["unknown"] in page.get_data(as_text=True)


def test_every_language_has_every_word() -> None:
    """None is forgotten."""
    for words in (SCREEN, TICKET):
        assert {frozenset(one) for one in words.values()} == {frozenset(words["fr"])}
