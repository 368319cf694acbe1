"""HSDS, the feed of changes and imports over HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from imigr_gateway.app import with_cache
from imigr_kit.errors import Unavailable

from .conftest import FakeClient

Headers = Callable[..., dict[str, str]]


def pages(objects: list[dict[str, Any]], per: int) -> Callable[..., Any]:
    """A directory that answers lists in pages behind an id."""

    def answer(after: str = "", **_: Any) -> dict[str, Any]:
        left = [one for one in objects if one["id"] > after]
        return {"page": {"contents": left[:per], "last_page": len(left) <= per}, "version": 7}

    return answer


def test_hsds_is_open_to_every_origin_and_says_what_it_is(app: Flask) -> None:
    """Root, profile, and the header that browsers ask for."""
    root = app.test_client().get("/hsds/v3/")
    assert root.headers["Access-Control-Allow-Origin"] == "*"
    assert root.json is not None
    assert (root.json["version"], root.json["profile"].endswith("/hsds/v3/profile")) == ("3.1", True)
    profile = app.test_client().get("/hsds/v3/profile").json
    assert profile is not None
    assert "service.json" in profile["profile"]


def test_ndjson_streams_everything_and_answers_304(app: Flask, client: FakeClient) -> None:
    """All pages as lines; the same version again is not sent again."""
    client.answers["list_hsds"] = pages([{"id": f"{n:03}"} for n in range(7)], 3)
    answer = app.test_client().get("/hsds/v3/services?format=ndjson&full=true&per_page=2")
    assert [json.loads(line)["id"] for line in answer.text.splitlines()] == [f"{n:03}" for n in range(7)]
    assert answer.content_type == "application/x-ndjson"
    again = app.test_client().get(
        "/hsds/v3/services?format=ndjson&full=true&per_page=2", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_lists_and_changes_have_an_etag(app: Flask, client: FakeClient) -> None:
    """From the cache in front, as everything public."""
    client.answers["list_hsds"] = pages([{"id": "1"}], 3)
    client.answers["list_changes"] = {"items": [], "cursor": "abc", "more": False}
    with_cache(app)
    for path in ("/hsds/v3/services", "/api/v1/directory/changes"):
        first = app.test_client().get(path)
        assert first.status_code == 200
        again = app.test_client().get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("services?full=true", {"kind": "services", "full": True}),
        ("services?minimal=true", {"kind": "services", "minimal": True}),
        ("services?search=dent", {"kind": "services", "search": "dent"}),
        (
            "services?modified_after=2026-01-01T00:00:00Z",
            {"kind": "services", "modified_after": "2026-01-01T00:00:00+00:00"},
        ),
        (
            "services?taxonomy_term_id=a&taxonomy_id=b&organization_id=c&page=2&per_page=5",
            {
                "kind": "services",
                "taxonomy_term_id": "a",
                "taxonomy_id": "b",
                "organization_id": "c",
                "page": 2,
                "per_page": 5,
            },
        ),
        (
            "organizations?full_service=true&taxonomy_term_id=a",
            {"kind": "organizations", "full_service": True, "taxonomy_term_id": "a"},
        ),
        (
            "service_at_locations?postcode=2083&proximity=500",
            {"kind": "service_at_locations", "postcode": "2083", "proximity": 500.0},
        ),
        ("taxonomies?search=x", {"kind": "taxonomies", "search": "x"}),
        (
            "taxonomy_terms?top_only=true&taxonomy_id=b",
            {"kind": "taxonomy_terms", "top_only": True, "taxonomy_id": "b"},
        ),
        ("taxonomy_terms?parent_id=p", {"kind": "taxonomy_terms", "parent_id": "p"}),
    ],
)
def test_every_parameter_reaches_the_directory(
    app: Flask, client: FakeClient, path: str, asked: dict[str, Any]
) -> None:
    """As it was meant; what was not said is not said on, and the answer is open to every origin."""
    client.answers["list_hsds"] = pages([{"id": "1"}], 3)
    answer = app.test_client().get(f"/hsds/v3/{path}")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    sent = client.calls[-1][2]
    assert asked.items() <= sent.items()
    unsaid = {name: value for name, value in sent.items() if name not in asked}
    assert all(value in (False, "", 1, 20) or name.startswith("_") for name, value in unsaid.items()), unsaid


def test_bad_parameters_are_problems(app: Flask, client: FakeClient) -> None:
    """Field by field, and nothing is asked."""
    for path in (
        "services?per_page=0",
        "services?format=xml",
        "services?modified_after=yesterday",
        "services?modified_after=2026-01-01",
        "services?unknown=1",
        "taxonomy_terms?top_only=perhaps",
        "service_at_locations?proximity=far",
    ):
        answer = app.test_client().get(f"/hsds/v3/{path}")
        assert answer.status_code == 422, path
        assert answer.json is not None
        assert answer.json["errors"]
    assert client.calls == []


def test_an_outage_is_told_before_a_stream_begins(app: Flask, client: FakeClient) -> None:
    """A problem, not an empty stream."""
    client.answers["list_hsds"] = Unavailable()
    assert app.test_client().get("/hsds/v3/services?format=ndjson").status_code == 503


IMPORTS = "/api/v1/staff/raoued/directory/imports?form=package&source=x"


def taking(client: FakeClient) -> list[bytes]:
    """A directory that takes an upload; its parts."""
    parts: list[bytes] = []
    job = {"id": "j", "state": "waiting"}

    def add(data: str, **_: Any) -> dict[str, Any]:
        parts.append(base64.b64decode(data))
        return job

    client.answers |= {"begin_import": job, "add_import_part": add, "start_import": job}
    return parts


def test_an_upload_goes_on_in_parts(app: Flask, client: FakeClient, bearer: Headers) -> None:
    """Larger than any other body may be, whole and in order."""
    parts = taking(client)
    body = bytes(range(256)) * 5000
    answer = app.test_client().post(IMPORTS, data=body, headers=bearer("manager", "raoued"))
    assert (answer.status_code, b"".join(parts), len(parts)) == (202, body, 3)


def test_fifty_megabytes_are_refused_clearly(app: Flask, client: FakeClient, bearer: Headers) -> None:
    """Before anything is read or begun."""
    taking(client)
    body = bytes(50 * 1024 * 1024)
    answer = app.test_client().post(IMPORTS, data=body, headers=bearer("manager", "raoued"))
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"
    assert client.calls == []


def test_only_managers_of_the_municipality_import(app: Flask, client: FakeClient, bearer: Headers) -> None:
    """Nobody else gets as far as sending a byte on."""
    taking(client)
    for role, town in (("editor", "raoued"), ("mediator", "raoued"), ("manager", "la-marsa")):
        answer = app.test_client().post(IMPORTS, data=b"x", headers=bearer(role, town))
        assert answer.status_code == 403
    assert client.calls == []


def test_a_mapping_that_is_none_is_refused(app: Flask, client: FakeClient, bearer: Headers) -> None:
    """Before anything is sent on."""
    taking(client)
    for mapping in ("{", "[]", '{"columns": 1}'):
        asked = {"form": "csv", "source": "x", "mapping": mapping}
        headers = bearer("manager", "raoued")
        answer = app.test_client().post(IMPORTS.partition("?")[0], query_string=asked, headers=headers)
        assert answer.status_code == 422
    assert client.calls == []
