"""Packs at the gateway: kept for ever, in the encoding that the client takes, also while the directory is down."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from flask import Flask

from imigr_gateway.api.packs import Shelf
from imigr_kit.errors import NotFound, Unavailable

from .conftest import FakeClient

TEXT = b'{"format":1,"records":[\n\n]}\n'
NAME, OLD = "0123456789abcdef" * 2, "fedcba9876543210" * 2
HEAD = {
    "municipality": "la-marsa", "language": "fr", "pack": NAME, "number": 2, "size": 28, "br_size": 20, "gzip_size": 30,
    "made_at": "2026-11-23T08:00:00+00:00", "have": None,
}  # fmt: skip


def octets(encoding: str, **_: Any) -> dict[str, Any]:
    """What the directory answers."""
    made = brotli.compress(TEXT) if encoding == "br" else gzip.compress(TEXT)
    return {"encoding": encoding, "content": base64.b64encode(made).decode()}


@pytest.fixture(autouse=True)
def empty_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with nothing kept."""
    monkeypatch.setattr("imigr_gateway.api.packs.SHELF", Shelf(1_000_000))


@pytest.fixture
def directory(client: FakeClient) -> FakeClient:
    """A directory with a pack."""
    client.answers |= {
        "list_packs": {"items": [dict(HEAD)]},
        "get_pack": lambda **asked: HEAD | {"have": asked["have"]},
        "read_pack": octets,
        "read_pack_change": octets,
    }
    return client


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("identity", None),
        ("", None),
        (None, None),
        ("*", "br"),
        ("\u00e9, ;;;q=x", None),
    ],
)
def test_a_pack_comes_in_the_encoding_that_is_taken(
    app: Flask, directory: FakeClient, accepted: str | None, encoding: str | None
) -> None:
    """RFC 9110 12.5.3, and caches are told on what it depends."""
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = app.test_client().get(f"/api/v1/pack-files/la-marsa/{NAME}.json", headers=headers)
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, encoding)
    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert decode(answer.data) == TEXT
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (answer.headers["Vary"], answer.content_type) == ("Accept-Encoding", "application/json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_each_encoding_has_its_own_tag(app: Flask, directory: FakeClient) -> None:
    """A 304 needs the tag of the very octets."""
    web, path = app.test_client(), f"/api/v1/pack-files/la-marsa/{NAME}.json"
    tags = {web.get(path, headers={"Accept-Encoding": one}).headers["ETag"] for one in ("br", "gzip", "identity")}
    assert len(tags) == 3
    tag = web.get(path, headers={"Accept-Encoding": "br"}).headers["ETag"]
    again = web.get(path, headers={"Accept-Encoding": "br", "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert web.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": tag}).status_code == 200


def test_a_pack_that_was_fetched_can_be_had_while_the_directory_is_down(app: Flask, directory: FakeClient) -> None:
    """It cannot change, so it cannot be stale."""
    web, path = app.test_client(), f"/api/v1/pack-files/la-marsa/{NAME}.json"
    first = web.get(path, headers={"Accept-Encoding": "br"})
    directory.answers["read_pack"] = Unavailable(retry_after=5)
    assert web.get(path, headers={"Accept-Encoding": "br"}).data == first.data
    assert web.get(path, headers={"Accept-Encoding": "gzip"}).status_code == 503


def test_the_shelf_is_bounded() -> None:
    """What was asked for last stays."""
    shelf = Shelf(10)
    fetched: list[str] = []

    def fetching(name: str) -> Callable[[], bytes]:
        def fetch() -> bytes:
            fetched.append(name)
            return b"x" * 4

        return fetch

    for name in "ababcbca":
        shelf.get((name,), fetching(name))
    assert fetched == ["a", "b", "c", "a"]
    assert shelf.get(("large",), lambda: b"y" * 11) == b"y" * 11


def test_the_manifest_says_where_and_whether_the_difference_is_enough(app: Flask, directory: FakeClient) -> None:
    """With the pack that the client has; a name that is none is refused."""
    web = app.test_client()
    plain: Any = web.get("/api/v1/packs/la-marsa/fr").json
    assert (plain["url"], plain["change_url"]) == (f"/api/v1/pack-files/la-marsa/{NAME}.json", None)
    change: Any = web.get(f"/api/v1/packs/la-marsa/fr?have={OLD}").json
    assert change["change_url"] == f"/api/v1/pack-changes/la-marsa/{OLD}/{NAME}.json"
    assert gzip.decompress(web.get(change["change_url"], headers={"Accept-Encoding": "gzip"}).data) == TEXT
    assert web.get("/api/v1/packs/la-marsa/fr?have=../etc").status_code == 422
    listed: Any = web.get("/api/v1/packs").json
    assert [one["pack"] for one in listed["items"]] == [NAME]


@pytest.mark.parametrize("name", ["x", "0" * 31, "0" * 33, "G" * 32, "..%2f" * 6, "0" * 31 + "%00"])
def test_what_cannot_be_a_name_is_not_asked_for(app: Flask, directory: FakeClient, name: str) -> None:
    """404, and the directory is left alone."""
    assert app.test_client().get(f"/api/v1/pack-files/la-marsa/{name}.json").status_code == 404
    assert not directory.calls


def test_a_pack_that_is_kept_no_more_is_a_problem(app: Flask, directory: FakeClient) -> None:
    """And not kept as one."""
    directory.answers["read_pack"] = NotFound(code="directory.unknown_edition")
    answer = app.test_client().get(f"/api/v1/pack-files/la-marsa/{NAME}.json")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert "immutable" not in answer.headers["Cache-Control"]
