"""Feedback at the gateway: anonymous, idempotent, and remarks for editors only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from imigr_kit.errors import TooMany

from .conftest import FakeClient, sent_key

SAID: dict[str, Any] = {"municipality": "la-marsa", "about": "service", "record_id": "s-1", "useful": False}
RECEIVED = {"received": True, "gone_on": "2026-12-23"}


@pytest.fixture
def heard(client: FakeClient) -> FakeClient:
    """A directory that listens."""
    for method in ("give_opinion", "report_gap", "suggest_correction"):
        client.answers[method] = RECEIVED
    client.answers["get_service"] = {"id": "s-1", "municipality": "la-marsa"}
    return client


def test_an_opinion_needs_no_account_and_tells_no_address(app: Flask, heard: FakeClient) -> None:
    """The address goes along as a keyed hash of the day only."""
    answer = app.test_client().post("/api/v1/feedback", json=SAID, environ_base={"REMOTE_ADDR": "41.224.1.2"})
    assert (answer.status_code, answer.json) == (201, RECEIVED)
    assert answer.headers["Cache-Control"] == "no-store"
    _, method, payload = heard.calls[-1]
    assert (method, len(payload["client_key"])) == ("give_opinion", 64)
    assert "41.224" not in str(heard.calls)


def test_a_key_goes_along(app: Flask, heard: FakeClient) -> None:
    """So the service knows a repetition."""
    for _ in range(2):
        app.test_client().post("/api/v1/feedback/not-found", json=SAID_GAP, headers={"Idempotency-Key": "k"})
    assert [payload["idempotency_key"] for _, method, payload in heard.calls if method == "report_gap"] == [
        sent_key("k")
    ] * 2


SAID_GAP = {"municipality": "la-marsa", "theme": "legal", "language": "ar"}


def test_a_correction_goes_to_the_town_of_the_entry(app: Flask, heard: FakeClient) -> None:
    """The reader need not say it."""
    body = {"part": "phones", "remark": "71 000 000"}
    assert app.test_client().post("/api/v1/services/s-1/corrections", json=body).status_code == 201
    payload = heard.calls[-1][2]
    assert (payload["municipality"], payload["record_id"], payload["part"]) == ("la-marsa", "s-1", "phones")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("about", SAID | {"about": "a person"}),
        ("useful", SAID | {"useful": "maybe"}),
        ("reasons", SAID | {"reasons": ["<b>"] * 2}),
        ("reasons", SAID | {"reasons": ["other"] * 6}),
        ("remark", SAID | {"remark": "x" * 1001}),
        ("remark", SAID | {"remark": ["x"]}),
        ("municipality", SAID | {"municipality": "La Marsa"}),
        ("name", SAID | {"name": "somebody"}),
        ("phone", SAID | {"phone": "20123456"}),
    ],
)
def test_bad_input_names_its_field_and_reaches_nobody(
    app: Flask, heard: FakeClient, path: str, body: dict[str, Any]
) -> None:
    """422, and the service is not asked."""
    answer = app.test_client().post("/api/v1/feedback", json=body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["path"].startswith(path)
    assert not heard.calls


def test_too_much_says_when_to_come_back(app: Flask, client: FakeClient) -> None:
    """429 with Retry-After."""
    client.answers["give_opinion"] = TooMany(code="directory.too_many_opinions", retry_after=1800)
    answer = app.test_client().post("/api/v1/feedback", json=SAID)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1800")


def test_the_choices_come_in_the_readers_language(app: Flask, client: FakeClient) -> None:
    """As text, not as a table of languages."""
    row = {"about": "service", "code": "other", "title": {"fr": "Autre chose", "ar": "سبب آخر"}}
    client.answers["list_feedback_choices"] = {"reasons": [row], "parts": []}
    answer = app.test_client().get("/api/v1/feedback/choices?lang=ar")
    assert answer.json is not None
    assert answer.json["reasons"][0]["title"] == "سبب آخر"


def test_editors_read_and_managers_see_who_read(
    app: Flask, client: FakeClient, bearer: Callable[..., dict[str, str]]
) -> None:
    """A mediator reads no remark, an editor no audit."""
    web = app.test_client()
    said = {"id": "o", "kind": "opinion", "has_remark": True, "version": 1}
    client.answers["read_remark"] = {"opinion": said, "remark": "<b>x</b>"}
    client.answers["list_remark_reads"] = {"items": []}
    client.answers["list_opinions"] = {"items": [said], "total": 1, "page": 1, "per_page": 20}
    path = "/api/v1/staff/la-marsa/feedback"
    assert web.post(f"{path}/o/remark", headers=bearer("mediator", "la-marsa")).status_code == 403
    shown = web.post(f"{path}/o/remark", headers=bearer("editor", "la-marsa"))
    assert (shown.json or {})["remark"] == "<b>x</b>"
    assert (shown.headers["Cache-Control"], shown.content_type) == ("no-store", "application/json")
    assert web.get(f"{path}?state=new", headers=bearer("editor", "la-marsa")).status_code == 200
    assert web.get(f"{path}?state=odd", headers=bearer("editor", "la-marsa")).status_code == 422
    assert web.get(f"{path}-reads", headers=bearer("editor", "la-marsa")).status_code == 403
    assert web.get(f"{path}-reads", headers=bearer("manager", "la-marsa")).status_code == 200
