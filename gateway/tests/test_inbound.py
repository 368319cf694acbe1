"""One click against emails, and what providers report (acceptance: notifications 33)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from imigr_kit.errors import NotFound

LINK = "/u/la-marsa/contact-1~abc"


def methods(client: Any) -> list[str]:
    return [method for _, method, _ in client.calls]


def test_one_post_without_a_session_unsubscribes(app: Flask, client: Any) -> None:
    """RFC 8058: the body of the mail program, no cookie, no token, no header of ours."""
    client.answers["unsubscribe"] = {"unsubscribed": True}
    answer = app.test_client().post(LINK, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert client.calls[-1][2]["token"] == "contact-1~abc"


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_scanner_that_only_looks_changes_nothing(app: Flask, client: Any, method: str) -> None:
    """A page with a button, and no call to any service."""
    answer = getattr(app.test_client(), method)(LINK)
    assert answer.status_code in {200, 204}
    assert "unsubscribe" not in methods(client)
    if method == "get":
        assert b'<form method="post">' in answer.data
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_is_in_the_reader_s_language_and_direction(app: Flask) -> None:
    """Arabic runs from right to left."""
    page = app.test_client().get(LINK, headers={"Accept-Language": "ar"}).get_data(as_text=True)
    assert 'dir="rtl"' in page
    assert "إيقاف" in page


def test_a_link_that_is_not_known_says_so(app: Flask, client: Any) -> None:
    """A page, not a stack trace."""
    client.answers["unsubscribe"] = NotFound()
    assert app.test_client().post(LINK).status_code == 404


@pytest.mark.parametrize(
    "ask",
    [
        lambda http: http.get("/api/v1/reports/kannel/tok?id=k1&status=1"),
        lambda http: http.post("/api/v1/reports/kannel/tok", data={"id": "k1", "status": "1"}),
        lambda http: http.post("/api/v1/reports/kannel/tok", json={"id": "k1", "status": 1, "nested": {"x": 1}}),
    ],
)
def test_a_report_reaches_the_service_in_any_form(app: Flask, client: Any, ask: Any) -> None:
    """Query, form or JSON; only flat values, cut to a length."""
    client.answers["take_report"] = {"taken": True}
    assert ask(app.test_client()).status_code == 204
    assert client.calls[-1][2] == {"provider": "kannel", "token": "tok", "told": {"id": "k1", "status": "1"}}


def test_a_flood_of_fields_is_cut(app: Flask, client: Any) -> None:
    """At most forty of five hundred letters."""
    client.answers["take_report"] = {"taken": False}
    app.test_client().post("/api/v1/reports/x/tok", data={f"f{number}": "x" * 600 for number in range(60)})
    told = client.calls[-1][2]["told"]
    assert len(told) == 40
    assert {len(value) for value in told.values()} == {500}


def test_staff_find_messages_by_a_spoken_reference(app: Flask, client: Any, bearer: Any) -> None:
    """The guichet says whose it is; the ways are asked for by that id. Who may not see messages asks nobody."""
    client.answers["find_appointment"] = {"id": "appointment-1"}
    client.answers["search_messages"] = {"items": []}
    url, body = "/api/v1/staff/la-marsa/messages/find", {"reference": "K7MP-2QXA"}
    answer = app.test_client().post(url, json=body, headers=bearer("mediator", "la-marsa"))
    assert (answer.status_code, answer.get_json()) == (200, {"items": []})
    assert client.calls[-1][2]["reference"] == "appointment-1"
    client.answers["find_appointment"] = NotFound()
    client.answers["find_registration"] = {"id": "registration-1"}
    assert app.test_client().post(url, json=body, headers=bearer("mediator", "la-marsa")).status_code == 200
    assert client.calls[-1][2]["reference"] == "registration-1"
    client.calls.clear()
    assert app.test_client().post(url, json=body, headers=bearer("mediator", "raoued")).status_code == 403
    assert methods(client) == []


def test_managers_read_what_channels_did(app: Flask, client: Any, bearer: Any) -> None:
    """Thirty days without a word, as many as asked for up to that, and nothing for anybody else."""
    row = {"channel": "sms", "provider": "local", "messages": 12, "sent": 11, "cost": 300, "seconds_to_leave": 1.5}
    client.answers["channel_figures"] = {"items": [row]}
    http, url = app.test_client(), "/api/v1/staff/la-marsa/messages/channels"
    answer = http.get(url, headers=bearer("manager", "la-marsa"))
    assert (answer.status_code, answer.get_json()["items"][0]["provider"]) == (200, "local")
    assert client.calls[-1][2]["days"] == 30
    http.get(f"{url}?days=7", headers=bearer("manager", "la-marsa"))
    assert client.calls[-1][2]["days"] == 7
    refused = {query: http.get(f"{url}?{query}", headers=bearer("manager", "la-marsa")) for query in ("days=31", "x=1")}
    assert {one.status_code for one in refused.values()} == {422}
    assert http.get(url, headers=bearer("mediator", "la-marsa")).status_code == 403


def test_managers_try_a_text_on_their_own_phone(app: Flask, client: Any, bearer: Any) -> None:
    """The number goes to the vault, sealed; the service gets an id."""
    client.answers["test_template"] = {"message_id": "m-1"}
    url = "/api/v1/staff/la-marsa/templates/appointment/reminder/sms/test"
    body = {"language": "fr", "text": {"subject": "x", "lines": ["{town}"]}, "phone": "20 123 456"}
    headers = bearer("manager", "la-marsa") | {"Idempotency-Key": "try-1"}
    answer = app.test_client().post(url, json=body, headers=headers)
    assert (answer.status_code, answer.get_json()) == (202, {"message_id": "m-1"})
    asked = client.calls[-1][2]
    assert asked["contact_id"]
    assert "123" not in str({name: asked[name] for name in asked if name != "actor"} | {"contact_id": ""})
