"""The slip to print and the page of who waits: three languages, a readable code, nothing changed by looking."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from imigr_gateway.waiting_words import DAYS, SLIP, WAITING
from imigr_kit.errors import Gone, NotFound

from .conftest import FakeClient

PLACE = {
    "timezone": "Africa/Tunis", "municipality": "la-marsa",
    "name": {"fr": "Guichet de La Marsa", "ar": "شباك المرسى"},
    "address": {"fr": "Hôtel de ville", "ar": "قصر البلدية"},
}  # fmt: skip
SLIP_SEEN = {
    "slip": "G1.ABCDEFGH234567", "municipality": "la-marsa", "guichet_id": "g1", "guichet_name": PLACE["name"],
    "address": PLACE["address"], "timezone": "Africa/Tunis", "start": "2026-11-26T07:30:00Z",
    "end": "2026-11-26T07:50:00Z", "desk": "m1", "reference": "K7MP-2QXA", "language": "ar", "version": 1,
}  # fmt: skip
ENTRY = {
    "id": "e1", "municipality": "la-marsa", "guichet_id": "g1", "topic": "health", "language": "ti",
    "state": "offered", "start": "2026-11-26T07:30:00Z", "offer_until": "2026-11-25T19:30:00Z",
    "joined_at": "2026-11-20T08:00:00Z", "appointment_id": None, "has_own_link": True, "version": 2,
}  # fmt: skip


@pytest.fixture
def site(app: Flask, client: FakeClient) -> Any:
    """A browser."""
    client.answers |= {"get_guichet": PLACE, "get_slip": SLIP_SEEN, "get_entry": dict(ENTRY)}
    return app.test_client()


@pytest.mark.parametrize(
    ("language", "direction", "when"),
    [("fr", "ltr", "jeudi 26/11/2026 08:30"), ("ar", "rtl", "الخميس 26/11/2026 08:30")],
)
def test_the_slip_says_when_and_where_with_a_code(site: Any, language: str, direction: str, when: str) -> None:
    """Local time, the reference to say aloud, a QR code; not why."""
    text = site.get(f"/m/la-marsa.a-x/slip?lang={language}").get_data(as_text=True)
    assert f'dir="{direction}"' in text
    assert when in text
    assert "K7MP-2QXA" in text
    assert "<svg" in text
    assert "health" not in text


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_slip_is_printed_as_a_file(site: Any, language: str) -> None:
    """One page of A6 that says the reference and not why; nobody but the holder keeps it."""
    answer = site.get(f"/api/v1/appointments/la-marsa.a-x/slip.pdf?lang={language}")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "private, no-store"
    (sheet,) = PdfReader(io.BytesIO(answer.data)).pages
    assert [round(float(size) / 72 * 25.4) for size in sheet.mediabox[2:]] == [105, 148]
    assert "K7MP-2QXA" in sheet.extract_text()
    assert "health" not in sheet.extract_text()


def test_a_link_without_a_slip_is_a_page_of_its_own(site: Any, client: FakeClient) -> None:
    """404, in words."""
    client.answers["get_slip"] = NotFound(code="guichet.unknown_appointment")
    answer = site.get("/m/la-marsa.a-x/slip?lang=en")
    assert (answer.status_code, SLIP["en"]["none"] in answer.get_data(as_text=True)) == (404, True)


def test_an_offer_can_be_taken_or_declined_by_button(site: Any, client: FakeClient) -> None:
    """Case 25: looking changes nothing."""
    text = site.get("/w/la-marsa.w-x?lang=en").get_data(as_text=True)
    assert "Thursday 26/11/2026 08:30" in text
    assert "Wednesday 25/11/2026 20:30" in text
    assert not {"accept_offer", "decline_offer"} & {method for _, method, _ in client.calls}
    client.answers["accept_offer"] = ENTRY | {"state": "accepted"}
    client.answers["get_entry"] = ENTRY | {"state": "accepted"}
    done = site.post("/w/la-marsa.w-x?lang=en", data={"action": "accept"}).get_data(as_text=True)
    assert WAITING["en"]["accepted"] in done
    assert "/m/la-marsa.a-" in done


def test_who_answers_too_late_is_told_kindly(site: Any, client: FakeClient) -> None:
    """Case 30."""
    client.answers["accept_offer"] = Gone(code="guichet.offer_expired")
    client.answers["get_entry"] = ENTRY | {"state": "expired"}
    answer = site.post("/w/la-marsa.w-x?lang=ar", data={"action": "accept"})
    assert (answer.status_code, WAITING["ar"]["too_late"] in answer.get_data(as_text=True)) == (200, True)


def test_the_link_in_a_message_leads_to_the_waiting_list(site: Any) -> None:
    """Messages carry one kind of address."""
    assert site.get("/m/la-marsa.w-x").headers["Location"] == "/w/la-marsa.w-x"


def test_joining_seals_the_contact_and_tells_the_guichet_hashes_only(site: Any, client: FakeClient) -> None:
    """The phone goes to the vault; the guichet learns an id."""
    client.answers["join_list"] = dict(ENTRY)
    body = {"guichet_id": "g1", "topic": "health", "language": "ti", "phone": "20 123 456", "message_language": "ar"}
    answer = site.post("/api/v1/waiting-list", json=body)
    assert answer.status_code == 201
    assert len(client.published) == 1
    told = next(payload for _, method, payload in client.calls if method == "join_list")
    assert told["contact_id"] == client.published[0][1]["subject"]
    assert "20123456" not in str(client.calls).replace(" ", "")
    assert answer.json["manage_token"].startswith("la-marsa.w-")


def test_every_language_has_every_word() -> None:
    """None is forgotten."""
    for words in (SLIP, WAITING):
        assert {frozenset(one) for one in words.values()} == {frozenset(words["fr"])}
    assert {len(days) for days in DAYS.values()} == {7}
