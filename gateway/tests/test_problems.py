"""Every error is a problem document in the caller's language, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from imigr_gateway.people import Desk
from imigr_kit.errors import Conflict, ImigrError, Unavailable

from .conftest import FakeClient

BOOKING = {"guichet_id": "g", "start": "2026-11-26T07:30:00Z", "topic": "health", "language": "ar"}
BOOK = "/api/v1/appointments"
GUICHET = {"id": "g", "municipality": "la-marsa"}


def refused(app: Flask, method: str, path: str, status: int, **options: Any) -> dict[str, Any]:
    """The problem document of a refused request."""
    answer = app.test_client().open(path, method=method, **options)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    problem: dict[str, Any] = json.loads(answer.text)
    assert {"type", "title", "status", "code", "correlation_id"} <= set(problem)
    assert problem["status"] == status
    return problem


BAD: list[tuple[str, str, str, int, dict[str, Any], str]] = [
    ("an unknown path", "GET", "/api/v1/nowhere", 404, {}, "gateway.not_found"),
    ("a wrong method", "DELETE", "/api/v1/services", 405, {}, "gateway.method_not_allowed"),
    ("an unknown parameter", "GET", "/api/v1/services?color=red", 422, {}, "gateway.invalid_input"),
    ("a page size too large", "GET", "/api/v1/services?per_page=101", 422, {}, "gateway.invalid_input"),
    ("coordinates off the globe", "GET", "/api/v1/services?latitude=91&longitude=0", 422, {}, "gateway.invalid_input"),
    ("no JSON", "POST", BOOK, 400, {"data": "{", "content_type": "application/json"}, "gateway.not_json"),
    ("an unknown field", "POST", BOOK, 422, {"json": BOOKING | {"name": "x"}}, "gateway.invalid_input"),
    ("a body too large", "POST", BOOK, 413, {"json": {"a": "x" * 70_000}}, "gateway.too_large"),
    ("a key with a space", "POST", BOOK, 422,
     {"json": BOOKING, "headers": {"Idempotency-Key": "a b"}}, "gateway.invalid_input"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "method", "path", "status", "options", "code"), BAD, ids=[row[0] for row in BAD])
def test_bad_input_is_a_problem_and_reaches_no_service(
    app: Flask, client: FakeClient, what: str, method: str, path: str, status: int, options: dict[str, Any], code: str
) -> None:
    """A clear code; nothing was called, nothing was published."""
    assert refused(app, method, path, status, **options)["code"] == code
    assert [call for call in client.calls if call[1] != "get_guichet"] == []
    assert client.published == []


PHONES = ["71 749 608", "12", "+216 20 123 456 78 90", "twenty", "+21620123456;ext=5"]


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_that_cannot_get_sms_is_a_field_error_without_the_number(
    app: Flask, client: FakeClient, phone: str
) -> None:
    """In the reader's language, and the number is not said again."""
    client.answers["get_guichet"] = GUICHET
    headers = {
        "Accept-Language": "ar",
        "X-Correlation-ID": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
    }  # a drawn one could hold the number
    problem = refused(app, "POST", BOOK, 422, json=BOOKING | {"phone": phone}, headers=headers)
    assert problem["errors"][0]["path"] == "phone"
    assert "هاتف" in problem["errors"][0]["message"]
    assert phone not in json.dumps(problem, ensure_ascii=False)
    assert client.published == []


class Full(Conflict):
    """As the guichet raises it."""

    code = "guichet.slot_full"


@pytest.mark.parametrize(("language", "word"), [("fr", "créneau"), ("ar", "الموعد"), ("en", "slot"), ("de", "créneau")])
def test_the_title_speaks_the_callers_language(app: Flask, client: FakeClient, language: str, word: str) -> None:
    """Also for errors of the services, which bring their parameters along."""
    client.answers |= {"get_guichet": GUICHET, "book_appointment": Full(params={"next_slots": [{"start": "x"}]})}
    headers = {"Accept-Language": language}
    problem = refused(app, "POST", BOOK, 409, json=BOOKING, headers=headers)
    assert word in problem["title"]
    assert problem["params"] == {"next_slots": [{"start": "x"}]}


def test_an_outage_says_when_to_come_back(app: Flask, client: FakeClient) -> None:
    """503 carries Retry-After."""
    client.answers["write_services"] = Unavailable(code="kit.rpc_timeout", retry_after=7)
    answer = app.test_client().get("/api/v1/services")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


def test_a_fault_of_ours_tells_nothing(app: Flask, client: FakeClient) -> None:
    """500 with a code; the cause is in the log."""

    def explode(**_: Any) -> None:
        raise ZeroDivisionError("secret detail")

    client.answers["write_services"] = explode
    assert "secret detail" not in json.dumps(refused(app, "GET", "/api/v1/services", 500))


def test_a_contact_that_cannot_be_published_books_nothing(app: Flask, client: FakeClient) -> None:
    """The order is: vault first, then the booking."""
    client.answers |= {"get_guichet": GUICHET, "publish": Unavailable(code="kit.broker_unavailable", retry_after=2)}
    refused(app, "POST", BOOK, 503, json=BOOKING | {"phone": "20123456"})
    assert [call[1] for call in client.calls] == ["get_guichet"]


def test_the_same_key_makes_the_same_call_downstream(app: Flask, client: FakeClient) -> None:
    """Link and contact id follow from the key, so a retry is recognised; only the sealed box differs."""
    answer = {"id": "a", "municipality": "la-marsa", "contact_id": "c", "state": "confirmed"}
    client.answers |= {"get_guichet": GUICHET, "book_appointment": answer}
    web = app.test_client()
    tokens = {
        web.post(BOOK, json=BOOKING | {"phone": phone}, headers={"Idempotency-Key": "k-1"}).json["manage_token"]
        for phone in ("20123456", "+216 20 123 456")
    }
    calls = [call[2] for call in client.calls if call[1] == "book_appointment"]
    assert len(tokens) == 1
    assert calls[0] == calls[1]
    assert "phone" not in calls[0]
    assert "20123456" not in json.dumps([calls, client.published])


def test_links_of_different_kinds_and_keys_differ(app: Flask) -> None:
    """128 bits that follow from the key and the kind."""
    people: Desk = app.extensions["imigr"].people
    links = {people.link(kind, "raoued", key).token for kind in "ar" for key in ("1", "2")}
    assert len(links) == 4


def test_every_family_has_a_status() -> None:
    """The one table of statuses is complete."""
    from imigr_gateway.problems import STATUS
    from imigr_kit.errors import FAMILIES

    assert set(STATUS) == {*FAMILIES, ImigrError.family}
