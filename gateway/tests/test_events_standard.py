"""Events over HTTP to the standard of the guichet: strict bodies, sizes, and links that tell nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from imigr_kit.errors import NotFound

from .conftest import FakeClient
from .test_events import STAFF, TOWN

Bearer = Callable[..., dict[str, str]]
TOKEN = "la-marsa.r-AAAAAAAAAAAAAAAAAAAAAA"
PUBLIC: dict[str, dict[str, Any]] = {
    "/api/v1/events/e/holds": {},
    "/api/v1/events/e/holds/h/release": {},
    "/api/v1/events/e/registrations": {},
    f"/api/v1/registrations/{TOKEN}/cancel": {},
    f"/api/v1/registrations/{TOKEN}/accept": {},
    f"/api/v1/registrations/{TOKEN}/decline": {},
    f"/api/v1/registrations/{TOKEN}/forget": {},
    f"/api/v1/registrations/{TOKEN}/certificate": {"holder": "Amina Ben Salah"},
    f"/api/v1/registrations/{TOKEN}/evaluation": {"answers": {}},
    "/api/v1/certificates/verify": {"code": "x"},
}
WRITING = {method: row for method, row in STAFF.items() if row[0] != "GET"}


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The problem document of a refused request."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text
    found: dict[str, Any] = answer.json
    assert found["status"] == status
    return found


@pytest.fixture
def web(app: Flask, client: FakeClient) -> Any:
    """A browser; the events service is one that must not be asked."""
    client.answers["get_event"] = {"municipality": "la-marsa"}
    return app.test_client()


def written(client: FakeClient) -> list[str]:
    """Methods that were called, but for the one that finds an event's town."""
    return [method for _, method, _ in client.calls if method != "get_event"]


def test_no_route_takes_a_field_that_it_does_not_know(web: Any, client: FakeClient, bearer: Bearer) -> None:
    """Of the public and of staff alike: 422 with the name of the field, nothing asked, nothing published. A name, a
    birth date or a nationality has nowhere to go."""
    manager = bearer("manager", "la-marsa")
    for path, body in PUBLIC.items():
        found = problem(web.post(path, json=body | {"birth_date": "1990-01-01"}), 422)
        assert [one["path"] for one in found["errors"]] == ["birth_date"], path
    for method, (verb, path, body, _) in WRITING.items():
        extra = (body or {}) | {"nationality": "x"}
        found = problem(web.open(TOWN + path, method=verb, json=extra, headers=manager), 422)
        assert "nationality" in [one["path"] for one in found["errors"]], method
    assert (written(client), client.published) == ([], [])


def test_what_is_too_large_or_no_json_is_refused_before_it_is_read(
    web: Any, client: FakeClient, bearer: Bearer
) -> None:
    """Ten megabytes, half a body, a list instead of an object."""
    manager = bearer("manager", "la-marsa")
    targets: list[tuple[str, dict[str, str]]] = [(path, {}) for path in PUBLIC] + [
        (TOWN + path, manager) for verb, path, _, _ in WRITING.values() if verb == "POST"
    ]
    large = b'{"a":"' + b"x" * 10_000_000 + b'"}'
    for path, headers in targets:
        for body, status in ((b'{"places"', 400), (b"[1]", 422)):
            found = web.post(path, data=body, content_type="application/json", headers=headers)
            assert problem(found, status)["code"].startswith("gateway."), path
    for path, headers in (targets[2], targets[-1]):
        assert problem(web.post(path, data=large, content_type="application/json", headers=headers), 413)
    assert (written(client), client.published) == ([], [])


class Unknown(NotFound):
    """As the events service raises it."""

    code = "events.unknown_registration"


FORGED = [
    TOKEN,
    "raoued.r-AAAAAAAAAAAAAAAAAAAAAA",
    "nowhere.r-AAAAAAAAAAAAAAAAAAAAAA",
    "la-marsa.a-AAAAAAAAAAAAAAAAAAAAAA",
    "la-marsa.r-",
    "la-marsa",
    "x" * 5_000,
    "la-marsa.r-' || 1==1",
]


ASKED = {
    "": "get_registration", "/ticket": "get_ticket", "/cancel": "cancel_registration", "/accept": "accept_offer",
    "/decline": "decline_offer", "/certificate": "sign_certificate", "/evaluation": "get_evaluation",
}  # fmt: skip
"""What the service is asked for, by the end of the address."""


def test_forged_links_are_all_alike(web: Any, client: FakeClient) -> None:
    """Case 26: unknown, foreign, of another kind, malformed, very long: one status, one body, one question to the
    service; so neither the answer nor its time says what was wrong with the link."""
    for action, method in ASKED.items():
        client.answers[method] = Unknown()
        seen = set()
        for token in FORGED:
            client.calls.clear()
            path = f"/api/v1/registrations/{token}{action}"
            body = {"holder": "Amina Ben Salah"} if action == "/certificate" else {}
            writes = action in ("/cancel", "/accept", "/decline", "/certificate")
            found = problem(web.post(path, json=body) if writes else web.get(path), 404)
            del found["correlation_id"]
            assert token not in json.dumps(found)
            assert [asked for _, asked, _ in client.calls] == [method]
            seen.add(json.dumps(found, sort_keys=True))
        assert len(seen) == 1, action


def test_a_link_preview_changes_nothing(web: Any, client: FakeClient) -> None:
    """Case 25: a GET of whatever changes something is refused, and asks nothing."""
    for path in PUBLIC:
        if not path.endswith("/evaluation"):  # which is read before it is answered
            assert web.get(path).status_code == 405, path
    assert client.calls == []


def test_staff_of_another_town_reach_nothing(web: Any, client: FakeClient, bearer: Bearer) -> None:
    """Tenancy: a manager of Raoued is refused under La Marsa's address before the service is asked."""
    foreign = bearer("manager", "raoued")
    for method, (verb, path, body, _) in STAFF.items():
        found = web.open(TOWN + path, method=verb, json=body, headers=foreign)
        assert problem(found, 403)["code"] == "kit.forbidden", method
    assert client.calls == []
