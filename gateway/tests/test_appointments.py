"""Appointments over HTTP: what goes to the guichet about who asks, and answers that are sent as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from imigr_gateway.shapes.guichet import AppointmentOut, FoundSlots, Slots

from .conftest import FakeClient

SAID = {
    "id": "a1",
    "municipality": "la-marsa",
    "guichet_id": "g1",
    "start": "2026-11-26T07:30:00Z",
    "end": "2026-11-26T07:50:00Z",
    "topic": "information",
    "language": "fr",
    "state": "confirmed",
    "version": 1,
    "contact_id": None,
    "reference": "K7MP-2QXA",
    "guichet_name": {"fr": "Guichet", "ar": "شباك"},
    "address": {"fr": "Mairie"},
    "timezone": "Africa/Tunis",
    "bring": [{"name": {"fr": "Une ordonnance"}}],
}
WANTED = {"guichet_id": "g1", "start": "2026-11-26T07:30:00Z", "topic": "information", "language": "fr"}


@pytest.fixture(autouse=True)
def known(client: FakeClient) -> None:
    """The guichet is there and takes bookings."""
    client.answers |= {
        "get_guichet": {"id": "g1", "municipality": "la-marsa"},
        "book_appointment": SAID,
        "hold_place": SAID | {"expires_at": "2026-11-25T07:30:00Z"},
        "appointment_file": {"text": "BEGIN:VCALENDAR\r\n"},
        "cancel_appointment": SAID,
        "get_appointment": SAID,
    }


def book(app: Flask, **headers: str) -> Any:
    """One booking."""
    answer = app.test_client().post("/api/v1/appointments", json=WANTED, headers=headers)
    assert answer.status_code == 201
    return answer.json


def asked(client: FakeClient, method: str = "book_appointment") -> dict[str, Any]:
    """What the service was told last."""
    return next(payload for _, name, payload in reversed(client.calls) if name == method)


def test_answers_that_are_sent_as_they_are_have_the_declared_shape(app: Flask) -> None:
    """No field more than the schema says, and texts in one language."""
    said = book(app)
    assert set(said) <= set(AppointmentOut().fields)
    assert said["bring"] == [{"name": "Une ordonnance", "text_languages": {"name": "fr"}}]
    assert "contact_id" not in said


def test_slots_have_the_declared_shape(app: Flask, client: FakeClient) -> None:
    """Those of a guichet and those anywhere."""
    slot = {"start": "2026-11-26T07:30:00Z", "end": "2026-11-26T07:50:00Z", "places": 2, "languages": ["fr"]}
    days = [{"date": "2026-11-26", "slots": [slot]}]
    written = {"guichet_id": "g1", "municipality": "la-marsa", "timezone": "Africa/Tunis", "topic": "x", "days": days}
    client.answers["write_slots"] = {"text": json.dumps(written)}
    found = {"guichet_id": "g1", "municipality": "la-marsa", "guichet_name": {"fr": "G"}, "address": {"fr": "A"},
             "timezone": "Africa/Tunis", "distance_km": 1.5, "slot": slot}  # fmt: skip
    client.answers["search_slots"] = {"items": [found]}
    shown = app.test_client().get("/api/v1/guichets/g1/slots?topic=x").json
    assert Slots().dump(shown) == shown
    anywhere = app.test_client().get("/api/v1/slots?topic=x&languages=ff,ar&latitude=36.8&longitude=10.3").json
    assert FoundSlots().dump(anywhere) == anywhere
    assert asked(client, "search_slots")["languages"] == ["ff", "ar"]


@pytest.mark.parametrize("header", ["41.226.1.2", "1.2.3.4, 41.226.1.2", "10.0.0.7", "x", ""])
def test_whoever_asks_has_a_key_for_the_limits(app: Flask, client: FakeClient, header: str) -> None:
    """A keyed hash of the address that the trusted proxy tells, or of not being known; never none."""
    book(app, **{"X-Forwarded-For": header})
    assert len(asked(client)["client_key"]) == 64
    assert "41.226" not in str(client.calls)


def test_what_others_write_before_the_last_entry_changes_nothing(app: Flask, client: FakeClient) -> None:
    """Else everybody could be somebody else for the limits."""
    keys = set()
    for header in ("41.226.1.2", "9.9.9.9, 41.226.1.2"):
        book(app, **{"X-Forwarded-For": header})
        keys.add(asked(client)["client_key"])
    assert len(keys) == 1


def test_device_and_proof_go_along_as_hash_and_text(app: Flask, client: FakeClient) -> None:
    """The token itself does not."""
    book(app, **{"X-Device-Token": "device-1", "X-Proof-Of-Work": "12345"})
    told = asked(client)
    assert (len(told["device_key"]), told["proof"]) == (64, "12345")
    assert "device-1" not in str(client.calls)


def test_a_hold_takes_no_phone(app: Flask, client: FakeClient) -> None:
    """It is said when the hold is taken up."""
    answer = app.test_client().post("/api/v1/holds", json=WANTED)
    said: Any = answer.json
    assert (answer.status_code, said["expires_at"]) == (201, "2026-11-25T07:30:00Z")


def test_a_link_preview_changes_nothing(app: Flask, client: FakeClient) -> None:
    """Case 25: a GET of everything under the link calls reading methods only."""
    for path in (
        "/api/v1/appointments/la-marsa.a-x",
        "/api/v1/appointments/la-marsa.a-x/calendar.ics",
        "/m/la-marsa.a-x",
    ):
        assert app.test_client().get(path).status_code == 200
    for path in ("cancel", "move"):
        assert app.test_client().get(f"/api/v1/appointments/la-marsa.a-x/{path}").status_code == 405
    assert {method for _, method, _ in client.calls} <= {"get_appointment", "appointment_file"}


def test_a_calendar_file_is_private(app: Flask) -> None:
    """And says what it is."""
    answer = app.test_client().get("/api/v1/appointments/la-marsa.a-x/calendar.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
