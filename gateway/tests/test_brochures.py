"""Brochures at the gateway: three forms under one address each, whole or not at all, with a tag."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from flask import Flask

from imigr_kit.errors import Unavailable

from .conftest import FakeClient

PDF = b"%PDF-" + bytes(range(256)) * 10
EDITION = {
    "municipality": "la-marsa", "language": "ar", "number": 3, "issued_on": "2026-11-24", "pages": 6, "hash": "a" * 64,
    "sizes": {"pdf": len(PDF), "html": 3, "txt": 3}, "changes": {"added": ["x"], "changed": [], "removed": []},
}  # fmt: skip


def part(offset: int = 0, **_: Any) -> dict[str, Any]:
    """A thousand octets at a time."""
    content = base64.b64encode(PDF[offset : offset + 1000]).decode()
    return {"number": 3, "hash": "a" * 64, "size": len(PDF), "content": content}


@pytest.fixture
def directory(client: FakeClient) -> FakeClient:
    """A directory with an edition."""
    client.answers |= {
        "list_brochures": {"items": [dict(EDITION)]},
        "get_brochure": dict(EDITION),
        "read_brochure": part,
    }
    return client


def test_a_file_comes_whole_with_a_tag(app: Flask, directory: FakeClient) -> None:
    """Part by part from the directory, all of the same edition; asked for again it is a 304 and one part only."""
    web = app.test_client()
    answer = web.get("/brochures/la-marsa/ar.pdf")
    assert (answer.status_code, answer.data, answer.content_type) == (200, PDF, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="la-marsa-ar-3.pdf"'
    assert [payload.get("number") for _, _, payload in directory.calls] == [None, 3, 3]
    directory.calls.clear()
    again = web.get("/brochures/la-marsa/ar.pdf", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data, len(directory.calls)) == (304, b"", 1)
    assert web.head("/brochures/la-marsa/ar.pdf").headers["Content-Length"] == str(len(PDF))


def test_a_page_runs_nothing_and_loads_nothing(app: Flask, directory: FakeClient) -> None:
    """Its texts come from many hands."""
    policy = app.test_client().get("/brochures/la-marsa/ar.html").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy


def test_half_a_file_is_never_sent(app: Flask, directory: FakeClient) -> None:
    """The directory goes down after the first part: 503."""

    def failing(offset: int = 0, **_: Any) -> dict[str, Any]:
        if offset:
            raise Unavailable(retry_after=5)
        return part()

    directory.answers["read_brochure"] = failing
    answer = app.test_client().get("/brochures/la-marsa/ar.pdf")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", ["/brochures/la-marsa/ar.exe", "/brochures/la-marsa/ar.", "/brochures/la-marsa/.pdf"])
def test_other_forms_do_not_exist(app: Flask, directory: FakeClient, path: str) -> None:
    """404, and nobody is asked."""
    assert app.test_client().get(path).status_code == 404
    assert not directory.calls


def test_editions_say_what_they_changed_and_where_they_are(app: Flask, directory: FakeClient) -> None:
    """For the web page that offers them."""
    web = app.test_client()
    found: Any = web.get("/api/v1/brochures/la-marsa/ar").json
    assert found["urls"]["pdf"] == "/brochures/la-marsa/ar.pdf"
    assert found["changes"]["added"] == ["x"]
    listed: Any = web.get("/api/v1/brochures?municipality=la-marsa&language=ar").json
    assert [one["number"] for one in listed["items"]] == [3]
    assert web.get("/api/v1/brochures?most=0").status_code == 422
