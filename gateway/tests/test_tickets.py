"""Tickets at the gateway: the text, the QR code, the page, the calendar file, the doors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import segno
from flask import Flask

from imigr_kit.errors import Conflict, NotFound

from .conftest import FakeClient
from .test_agenda import EVENT, components

TOKEN = "la-marsa.r-AAAAAAAAAAAAAAAAAAAAAA"
TICKET: dict[str, Any] = {
    "ticket": "T1." + "A2B3C4D5" * 28,
    "ticket_id": "0011223344556677",
    "municipality": "la-marsa",
    "event_id": EVENT["id"],
    "reference": "K7MP-2QXA",
    "places": 2,
    "good_until": "2026-12-14T12:00:00Z",
    "title": EVENT["title"],
    "place": EVENT["place"],
    "address": EVENT["address"],
    "timezone": "Africa/Tunis",
    "sessions": [
        {"id": "main", "title": {}, "starts_at": EVENT["starts_at"], "ends_at": EVENT["ends_at"], "state": "planned"}
    ],
}
SCANS = "/api/v1/staff/la-marsa/events/e/scans"
SCAN = {"id": "scan-000001", "ticket": TICKET["ticket"], "door": "north", "scanner": "phone-1"}


@pytest.fixture
def ticketed(client: FakeClient) -> FakeClient:
    """A registration with its places."""
    client.answers["get_ticket"] = TICKET
    client.answers["get_registration"] = {"event_id": EVENT["id"], "municipality": "la-marsa", "contact_id": "c"}
    client.answers["get_agenda_entry"] = EVENT
    return client


def test_the_ticket_is_told_in_the_readers_language_and_never_kept(app: Flask, ticketed: FakeClient) -> None:
    """Only the hash of the link goes to the service; no cache keeps the answer."""
    answer = app.test_client().get(f"/api/v1/registrations/{TOKEN}/ticket?lang=ar")
    assert answer.json["title"] == "يوم مفتوح"
    assert answer.json["ticket"] == TICKET["ticket"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "AAAA" not in str(ticketed.calls[-1][2])


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_page_shows_the_code_and_the_reference(app: Flask, ticketed: FakeClient, language: str) -> None:
    """With when and where, without a script and without a name."""
    answer = app.test_client().get(f"/m/{TOKEN}/ticket?lang={language}")
    assert answer.status_code == 200
    assert "<svg" in answer.text
    assert "K7MP-2QXA" in answer.text
    assert "12/12/2026 10:00 - 13:00" in answer.text
    assert "<script" not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_qr_code_holds_the_ticket_in_its_dense_mode(app: Flask, ticketed: FakeClient) -> None:
    """Alphanumeric, so that a cheap phone's camera reads it from a cheap screen."""
    code = segno.make(TICKET["ticket"], error="m", micro=False)
    assert code.mode == "alphanumeric"
    assert int(code.version) <= 12
    picture = app.test_client().get(f"/api/v1/registrations/{TOKEN}/ticket.svg")
    assert picture.content_type.startswith("image/svg+xml")
    assert re.match(r"<svg ", picture.text)


def test_the_calendar_file_of_a_registration_names_nobody(app: Flask, ticketed: FakeClient) -> None:
    """It is the public event."""
    answer = app.test_client().get(f"/api/v1/registrations/{TOKEN}/calendar.ics?lang=fr")
    (one,) = components(answer.data)
    assert str(one["SUMMARY"]) == EVENT["title"]["fr"]
    assert TOKEN.encode() not in answer.data
    assert b"K7MP" not in answer.data


@pytest.mark.parametrize(("error", "status"), [(NotFound(), 404), (Conflict(code="events.no_ticket"), 409)])
def test_without_places_the_page_says_so(app: Flask, ticketed: FakeClient, error: Exception, status: int) -> None:
    """No code, a sentence."""
    ticketed.answers["get_ticket"] = error
    answer = app.test_client().get(f"/m/{TOKEN}/ticket?lang=en")
    assert (answer.status_code, "<svg" in answer.text) == (status, False)
    assert "There is no ticket" in answer.text


def test_what_a_device_needs_without_a_network_is_public(app: Flask, ticketed: FakeClient) -> None:
    """Keys and the list of cancelled tickets, for anyone."""
    ticketed.answers["public_keys"] = {"algorithm": "Ed25519", "keys": {"00ff00ff": "a2V5"}}
    ticketed.answers["cancelled_tickets"] = {"event_id": "e", "municipality": "la-marsa", "cancelled": ["00"]}
    web = app.test_client()
    assert web.get("/api/v1/municipalities/la-marsa/event-keys").json["keys"] == {"00ff00ff": "a2V5"}
    assert web.get("/api/v1/events/e/cancelled-tickets").json["cancelled"] == ["00"]


def test_scans_go_to_the_service_with_the_actor(
    app: Flask, client: FakeClient, bearer: Callable[..., dict[str, str]]
) -> None:
    """A mediator may; the outcomes come back one for one."""
    client.answers["record_scans"] = {"items": [{"id": "scan-000001", "outcome": "accepted", "people": 1}]}
    body = {"scans": [SCAN | {"at": "2026-12-12T09:00:00+01:00"}]}
    answer = app.test_client().post(SCANS, json=body, headers=bearer("mediator", "la-marsa"))
    assert answer.json["items"][0]["outcome"] == "accepted"
    told = client.calls[-1][2]
    assert told["actor"]["id"] == "staff-1"
    assert told["scans"][0]["at"] == "2026-12-12T09:00:00+01:00"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scans": []},
        {"scans": [{"id": "x"}]},
        {"scans": [SCAN | {"name": "x"}]},
        {"scans": [SCAN | {"at": "noon"}]},
        {"scans": [SCAN] * 101},
        {"scans": [SCAN | {"ticket": "x" * 601}]},
    ],
)
def test_wrong_scans_are_refused_field_by_field(
    app: Flask, client: FakeClient, bearer: Callable[..., dict[str, str]], body: dict[str, Any]
) -> None:
    """422, and the service is not asked."""
    answer = app.test_client().post(SCANS, json=body, headers=bearer("manager", "la-marsa"))
    assert (answer.status_code, bool(answer.json["errors"])) == (422, True)
    assert not client.calls


def test_a_stranger_may_not_check_in(app: Flask, bearer: Callable[..., dict[str, str]]) -> None:
    """Neither without a token nor with one of another town."""
    web = app.test_client()
    assert web.post(SCANS, json={"scans": [SCAN]}).status_code == 401
    assert web.post(SCANS, json={"scans": [SCAN]}, headers=bearer("manager", "raoued")).status_code == 403
