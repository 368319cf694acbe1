"""Public reads: languages, cache, ETag, stale answers, and the pages people see."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate
from werkzeug.test import Client

from imigr_gateway.app import with_cache
from imigr_gateway.cache import CachedReads
from imigr_gateway.languages import chain
from imigr_kit.errors import Unavailable

from .conftest import FakeClient, written_page

SERVICE = {"id": "s", "municipality": "la-marsa", "name": {"ar": "صيدلية", "fr": "Pharmacie"}, "description": {}}
PAGE = {"items": [SERVICE], "total": 1, "page": 1, "per_page": 20, "version": 3}
PATH = "/api/v1/services?q=x"


@pytest.mark.parametrize(
    ("accept", "text", "language"),
    [("ar", "صيدلية", "ar"), ("de, fr;q=0.5", "Pharmacie", "fr"), ("", "Pharmacie", "fr")],
)
def test_texts_come_in_the_readers_language_and_say_which(
    app: Flask, client: FakeClient, accept: str, text: str, language: str
) -> None:
    """The chain of the reader, then fr, en, ar."""
    client.answers["write_services"] = written_page(PAGE)
    item = app.test_client().get(PATH, headers={"Accept-Language": accept}).json["items"][0]
    assert item["name"] == text
    assert item["text_languages"]["name"] == language


def test_the_chain_prefers_what_was_asked_for() -> None:
    """?lang before Accept-Language before the fallback; regions fall back to their language."""
    assert chain("en-GB,ar;q=0.3", "fr") == ("fr", "en-GB", "en", "ar")


@pytest.fixture
def cached(app: Flask, client: FakeClient) -> tuple[CachedReads, Client, FakeClient]:
    """The application behind its cache."""
    client.answers["write_services"] = written_page(PAGE)
    cache = with_cache(app)
    return cache, app.test_client(), client


def test_a_fresh_answer_is_told_without_asking_again(cached: tuple[CachedReads, Client, FakeClient]) -> None:
    """Second reader, same bytes, no call; a 304 for who has it already."""
    _, web, client = cached
    first, second = web.get(PATH), web.get(PATH)
    assert first.data == second.data
    assert len([call for call in client.calls if call[1] == "write_services"]) == 1
    assert second.headers["Cache-Status"] == "imigr-gateway; hit"
    again = web.get(PATH, headers={"If-None-Match": second.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_event_makes_the_answer_be_asked_anew(cached: tuple[CachedReads, Client, FakeClient]) -> None:
    """A change in the directory is seen by the next reader; events of others do not disturb."""
    cache, web, client = cached
    web.get(PATH)
    cache.distrust("events")
    assert web.get(PATH).headers["Cache-Status"] == "imigr-gateway; hit"
    cache.distrust("directory")
    client.answers["write_services"] = written_page(PAGE | {"total": 2})
    assert web.get(PATH).json["total"] == 2


def test_when_the_service_is_down_the_last_answer_is_told_with_its_age(
    cached: tuple[CachedReads, Client, FakeClient],
) -> None:
    """Promise 8: reads go on and say how old they are."""
    cache, web, client = cached
    web.get(PATH)
    cache.distrust()
    client.answers["write_services"] = Unavailable(code="kit.rpc_timeout")
    answer = web.get(PATH)
    assert answer.status_code == 200
    assert int(answer.headers["Age"]) >= 0
    assert "stale" in answer.headers["Cache-Status"]
    assert web.get("/api/v1/services?q=never-asked").status_code == 503


def test_languages_do_not_mix_in_the_cache(cached: tuple[CachedReads, Client, FakeClient]) -> None:
    """One entry per chain of languages."""
    _, web, _ = cached
    names = [web.get(PATH, headers={"Accept-Language": one}).json["items"][0]["name"] for one in ("ar", "fr", "ar")]
    assert names == ["صيدلية", "Pharmacie", "صيدلية"]


def test_a_head_request_does_not_empty_the_cache(cached: tuple[CachedReads, Client, FakeClient]) -> None:
    """HEAD has no body, the GET after it has one."""
    _, web, _ = cached
    assert web.head(PATH).data == b""
    assert web.get(PATH).json["total"] == 1


def test_the_description_is_valid_openapi(app: Flask) -> None:
    """OpenAPI 3.1, by the validator of the field."""
    spec: Any = app.test_client().get("/api/v1/openapi.json").json
    assert spec["openapi"] == "3.1.0"
    validate(spec)


@pytest.mark.parametrize(
    ("language", "direction", "word"), [("ar", "rtl", "خدمات"), ("fr", "ltr", "Services"), ("en", "ltr", "Services")]
)
def test_the_home_page_speaks_three_languages(app: Flask, language: str, direction: str, word: str) -> None:
    """Arabic right to left, links to documentation."""
    page = app.test_client().get(f"/?lang={language}")
    assert f'dir="{direction}"' in page.text
    assert word in page.text
    assert 'href="/api/v1/docs"' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_documentation_lists_every_operation(app: Flask) -> None:
    """Readable without any other host."""
    page = app.test_client().get("/api/v1/docs").text
    spec: Any = app.test_client().get("/api/v1/openapi.json").json
    for path in spec["paths"]:
        assert path.replace("{", "{") in page
    assert "https://" not in page.replace("https://imigr.tn", "")


def test_looking_at_a_manage_link_changes_nothing(app: Flask, client: FakeClient) -> None:
    """Case 25: a preview's GET cancels nothing; the button's POST does."""
    client.answers["get_appointment"] = {
        "id": "a", "municipality": "la-marsa", "guichet_id": "g", "guichet_name": {"fr": "Guichet"},
        "address": {"fr": "Mairie"}, "start": "2026-11-26T07:30:00Z", "timezone": "Africa/Tunis",
        "state": "confirmed", "reference": "ABCD-EFGH", "contact_id": None,
    }  # fmt: skip
    client.answers["cancel_appointment"] = {"state": "cancelled_by_visitor"}
    page = app.test_client().get("/m/la-marsa.a-x?lang=fr")
    assert "26/11/2026 08:30" in page.text
    assert [call[1] for call in client.calls] == ["get_appointment"]
    app.test_client().post("/m/la-marsa.a-x", data={"action": "cancel"})
    assert "cancel_appointment" in [call[1] for call in client.calls]


def test_health_names_the_part_that_is_down(app: Flask, client: FakeClient) -> None:
    """degraded, with the reason's type."""
    client.answers["probe"] = Unavailable()
    answer = app.test_client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["parts"]["broker"] == {"status": "degraded", "reason": "Unavailable"}
    assert app.test_client().get("/health/live").status_code == 200
