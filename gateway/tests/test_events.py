"""Registrations and staff routes of events: what reaches the service, what comes back, who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from imigr_kit.errors import Conflict, TooMany

from .conftest import FakeClient, sent_key

TOKEN = "la-marsa.r-AAAAAAAAAAAAAAAAAAAAAA"
TOWN = "/api/v1/staff/la-marsa/events"
Bearer = Callable[..., dict[str, str]]


def registration(state: str, **changes: Any) -> dict[str, Any]:
    """A registration as the service answers it."""
    event = {
        "title": {"fr": "Formation", "ar": "دورة تكوينية"}, "place": {"fr": "Mairie", "ar": "البلدية"},
        "timezone": "Africa/Tunis", "starts_at": "2036-12-12T09:00:00Z", "ends_at": "2036-12-12T12:00:00Z",
    }  # fmt: skip
    return {
        "id": "r1", "municipality": "la-marsa", "event_id": "e1", "event": event, "places": 2, "kinds": {},
        "sessions": [], "state": state, "version": 2, "contact_id": None, "waiting_position": None,
        "offer_until": None, "reference": "ABCD-EFGH",
    } | changes  # fmt: skip


OFFERED = registration("offered", offer_until="2036-12-01T17:00:00Z")


@pytest.mark.parametrize(
    ("language", "note", "buttons"),
    [
        ("fr", "jusqu&#39;au 01/12/2036 18:00", ["Je prends la place", "Je la laisse à la personne suivante"]),
        ("ar", "إلى غاية 01/12/2036 18:00", ["آخذ المكان", "أتركه لمن يليني"]),
        ("en", "until 01/12/2036 18:00", ["I take the place", "Leave it to the next person"]),
    ],
)
def test_an_offer_is_answered_on_the_page(
    app: Flask, client: FakeClient, language: str, note: str, buttons: list[str]
) -> None:
    """Until when, in local time, and a button each to take the place or leave it; looking changes nothing."""
    client.answers["get_registration"] = OFFERED
    page = app.test_client().get(f"/m/{TOKEN}?lang={language}").text
    assert note in page.replace("\xa0", " ")
    assert all(f"<button>{one}</button>" in page for one in buttons)
    assert {call[1] for call in client.calls} == {"get_registration"}


@pytest.mark.parametrize(
    ("action", "method", "state", "said"),
    [
        ("accept", "accept_offer", "confirmed", "the place is yours"),
        ("decline", "decline_offer", "declined", "goes to the next person"),
        ("cancel", "cancel_registration", "cancelled", "It is cancelled."),
    ],
)
def test_a_button_reaches_the_service(
    app: Flask, client: FakeClient, action: str, method: str, state: str, said: str
) -> None:
    """And the page says what the registration is now."""
    client.answers |= {method: registration(state), "get_registration": registration(state)}
    page = app.test_client().post(f"/m/{TOKEN}?lang=en", data={"action": action})
    assert said in page.text
    assert client.calls[0][1] == method
    assert client.calls[0][2]["municipality"] == "la-marsa"


def test_an_answer_that_comes_too_late_is_told_kindly(app: Flask, client: FakeClient) -> None:
    """Case 30: the place is another's; no error page, and no button that would fail again."""
    client.answers |= {"accept_offer": Conflict(), "get_registration": registration("expired")}
    page = app.test_client().post(f"/m/{TOKEN}?lang=fr", data={"action": "accept"})
    assert page.status_code == 200
    assert "la place est allée à la personne suivante" in page.text
    assert "<button>" not in page.text


def test_an_offer_whose_time_is_over_has_no_buttons(app: Flask, client: FakeClient) -> None:
    """Also when nobody has written down yet that it ran out."""
    client.answers["get_registration"] = OFFERED | {"offer_until": "2020-01-01T00:00:00Z"}
    page = app.test_client().get(f"/m/{TOKEN}?lang=en").text
    assert "<button>" not in page
    assert "time over" in page


def test_pressed_twice_it_says_the_same(app: Flask, client: FakeClient) -> None:
    """The second press is refused by the service and told as the first was."""
    client.answers |= {"accept_offer": Conflict(), "get_registration": registration("confirmed")}
    page = app.test_client().post(f"/m/{TOKEN}?lang=en", data={"action": "accept"})
    assert "the place is yours" in page.text
    assert f"/m/{TOKEN}/ticket" in page.text


def test_an_unknown_button_asks_nothing(app: Flask, client: FakeClient) -> None:
    """Nothing is changed by a word that no button has."""
    client.answers["get_registration"] = OFFERED
    app.test_client().post(f"/m/{TOKEN}", data={"action": "destroy"})
    assert {call[1] for call in client.calls} == {"get_registration"}


def test_places_are_held_and_given_back(app: Flask, client: FakeClient) -> None:
    """The service gets a keyed hash of the caller's address, never the address."""
    client.answers |= {"get_event": {"municipality": "la-marsa"}, "hold_places": {"hold_id": "h"}, "release_hold": {}}
    site = app.test_client()
    made = site.post("/api/v1/events/e1/holds", json={"places": 2}, headers={"Idempotency-Key": "k-1"})
    assert made.status_code == 201
    asked = client.calls[-1][2]
    assert (asked["places"], asked["idempotency_key"], asked["municipality"]) == (2, sent_key("k-1"), "la-marsa")
    assert "127.0.0.1" not in str(asked)
    assert site.post("/api/v1/events/e1/holds/h/release").status_code == 200
    assert client.calls[-1][2] == {"municipality": "la-marsa", "event_id": "e1", "hold_id": "h"}


@pytest.mark.parametrize(("error", "status"), [(Conflict(), 409), (TooMany(retry_after=60), 429)])
def test_a_hold_that_cannot_be_is_a_problem(app: Flask, client: FakeClient, error: Any, status: int) -> None:
    """With its code, and when to come back."""
    client.answers |= {"get_event": {"municipality": "la-marsa"}, "hold_places": error}
    answer: Any = app.test_client().post("/api/v1/events/e1/holds", json={})
    assert (answer.status_code, answer.json["code"]) == (status, error.code)
    assert answer.headers.get("Retry-After") == ("60" if status == 429 else None)


@pytest.mark.parametrize("body", [{"places": 0}, {"places": 5}, {"places": "2"}, {"name": "x"}, {"sessions": [1]}])
@pytest.mark.parametrize("path", ["holds", "registrations"])
def test_bad_input_reaches_nobody(app: Flask, client: FakeClient, path: str, body: dict[str, Any]) -> None:
    """422, field by field; nothing was asked."""
    client.answers["get_event"] = {"municipality": "la-marsa"}
    answer: Any = app.test_client().post(f"/api/v1/events/e1/{path}", json=body)
    assert (answer.status_code, answer.json["errors"][0]["path"].partition(".")[0]) == (422, next(iter(body)))
    assert client.calls == []


DEVICE = {"X-Device-Token": "d" * 22}


@pytest.mark.parametrize("phone", ["22 333 444", "+216 22333444", "0021622333444", "+21622333444"])
def test_the_same_phone_is_the_same_contact(app: Flask, client: FakeClient, phone: str) -> None:
    """Case 40: however it is written, the service is told one keyed hash, good for this event and this device only; two
    links lead to what the service answers, which is one registration."""
    client.answers |= {"get_event": {"municipality": "la-marsa"}, "register": registration("confirmed")}

    def key(written: str, event: str, device: str = DEVICE["X-Device-Token"]) -> str:
        body = {"phone": written, "message_language": "fr"}
        path = f"/api/v1/events/{event}/registrations"
        answer: Any = app.test_client().post(path, json=body, headers={"X-Device-Token": device})
        assert answer.status_code == 201, answer.json
        told: str = client.calls[-1][2]["contact_key"]
        assert "22333444" not in str(client.calls)
        return told

    assert key(phone, "e1") == key("22333444", "e1")
    assert key(phone, "e1") != key(phone, "e2")
    assert key(phone, "e1") != key(phone, "e1", "another device")


@pytest.mark.parametrize("headers", [{}, {"X-Device-Token": "short"}])
def test_nothing_that_follows_from_a_phone_reaches_the_service(
    app: Flask, client: FakeClient, headers: dict[str, str]
) -> None:
    """From no device that can be told: two ids of contacts that have nothing in common, and no hash."""
    client.answers |= {"get_event": {"municipality": "la-marsa"}, "register": registration("confirmed")}
    for _ in range(2):
        body = {"phone": "22 333 444", "message_language": "fr"}
        answer: Any = app.test_client().post("/api/v1/events/e1/registrations", json=body, headers=headers)
        assert answer.status_code == 201, answer.json
    first, second = (call[2] for call in client.calls if call[1] == "register")
    assert first["contact_key"] is None
    assert first["contact_keys_before"] == []
    assert first["contact_id"] != second["contact_id"]


STAFF: dict[str, tuple[str, str, Any, tuple[str, ...]]] = {
    "list_own_events": ("GET", "", None, ("manager", "editor", "mediator")),
    "create_event": ("POST", "", {"event": {}}, ("manager", "editor")),
    "get_own_event": ("GET", "/e", None, ("manager", "editor", "mediator")),
    "edit_event": ("PATCH", "/e", {"version": 1, "changes": {}}, ("manager", "editor")),
    "publish_event": ("POST", "/e/publish", {"version": 1}, ("manager",)),
    "postpone_event": ("POST", "/e/postpone", {"version": 1}, ("manager",)),
    "cancel_event": ("POST", "/e/cancel", {"version": 1}, ("manager",)),
    "add_session": ("POST", "/e/sessions", {"version": 1, "session": {}}, ("manager", "editor")),
    "change_session": ("PATCH", "/e/sessions/s", {"version": 1, "session": {}}, ("manager", "editor")),
    "cancel_session": ("POST", "/e/sessions/s/cancel", {"version": 1}, ("manager",)),
    "issue_codes": ("POST", "/e/codes", {"number": 1}, ("manager", "editor")),
    "question_results": ("GET", "/e/answers", None, ("manager", "editor", "mediator")),
    "list_registrations": ("GET", "/e/registrations", None, ("manager", "editor", "mediator")),
    "register_for": ("POST", "/e/registrations", {"places": 1}, ("manager", "mediator")),
    "approve_registration": ("POST", "/e/registrations/r/approve", None, ("manager", "mediator")),
    "reject_registration": ("POST", "/e/registrations/r/reject", {"reason": "event_full"}, ("manager", "mediator")),
    "cancel_registration_for": ("POST", "/e/registrations/r/cancel", None, ("manager", "mediator")),
    "mark_no_show": ("POST", "/e/registrations/r/no-show", {}, ("manager", "mediator")),
    "merge_registrations": ("POST", "/e/registrations/r/merge", {"other_id": "x"}, ("manager", "mediator")),
    "record_scans": (
        "POST", "/e/scans", {"scans": [{"id": "scan-0001", "people": 1, "door": "n", "scanner": "p"}]},
        ("manager", "editor", "mediator"),
    ),
    "correct_attendance": (
        "POST", "/e/attendance/corrections", {"people": 0, "scan_id": "scan-0001", "reason": "wrong_count"},
        ("manager", "editor", "mediator"),
    ),
    "get_attendance": ("GET", "/e/attendance", None, ("manager", "editor", "mediator")),
    "set_certificate_rule": ("PUT", "/e/certificate-rule", {"minimum_percent": 80}, ("manager", "editor")),
    "get_certificate_rule": ("GET", "/e/certificate-rule", None, ("manager", "editor", "mediator")),
}  # fmt: skip
"""Method of the service: how it is asked for over HTTP, and who may."""


@pytest.mark.parametrize("method", STAFF)
def test_staff_routes_reach_the_service(app: Flask, client: FakeClient, bearer: Bearer, method: str) -> None:
    """With the actor and the town of the path; others than those named are refused before the service is asked."""
    verb, path, body, roles = STAFF[method]
    client.answers[method] = registration("confirmed") | {"items": []}
    for role in ("manager", "editor", "mediator", "partner"):
        client.calls.clear()
        answer = app.test_client().open(TOWN + path, method=verb, json=body, headers=bearer(role, "la-marsa"))
        if role in roles:
            assert answer.status_code in (200, 201), answer.json
            (_, asked, payload) = client.calls[-1]
            assert asked == method
            assert payload["actor"]["roles"] == [{"role": role, "municipality": "la-marsa"}]
            assert "idempotency_key" in payload or verb == "GET" or method == "record_scans"
        else:
            assert (answer.status_code, client.calls) == (403, [])
    assert app.test_client().open(TOWN + path, method=verb, json=body).status_code == 401


def test_no_contact_is_in_a_decision(app: Flask, client: FakeClient, bearer: Bearer) -> None:
    """Staff see neither the contact's id nor the kinds of seats somebody chose."""
    client.answers["approve_registration"] = registration("confirmed", contact_id="c1", kinds={"women": 1})
    path = f"{TOWN}/e/registrations/r/approve"
    answer: Any = app.test_client().post(path, headers=bearer("manager", "la-marsa"))
    assert not {"contact_id", "kinds"} & set(answer.json)
