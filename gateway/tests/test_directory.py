"""Reading the directory: filters and facets, linked data, links to pass on, the sitemap, nonsense."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask

from imigr_gateway.app import with_cache
from imigr_kit.errors import NotFound

from .conftest import FakeClient, written_page

SERVICE: dict[str, Any] = {
    "id": "0190",
    "municipality": "la-marsa",
    "name": {"fr": "Pharmacie <b>Amal</b>", "ar": "صيدلية أمل"},
    "name_is_generic": False,
    "description": {"ar": "أدوية"},
    "organization": {},
    "taxonomy": ["health.pharmacy"],
    "location": {"lat": 36.88, "lon": 10.33},
    "address": {"fr": "1 rue du Lac"},
    "phones": ["+21671000000"],
    "languages": ["ar", "fr"],
    "accessibility": ["wheelchair"],
    "fees": "free",
    "website": None,
    "source": {"name": "OpenStreetMap contributors", "licence": "ODbL-1.0"},
    "verified_on": "2026-11-01",
    "demonstration": False,
    "state": "published",
    "version": 3,
    "distance_km": None,
    "code": "abcde23456",
}
PAGE = {"items": [SERVICE], "total": 1, "page": 1, "per_page": 20, "version": 3}
LINKED = {"Accept": "application/ld+json"}


def told(app: Flask, path: str) -> dict[str, Any]:
    """The JSON of an address."""
    found: dict[str, Any] = json.loads(app.test_client().get(path).data)
    return found


def test_filters_reach_the_service(app: Flask, client: FakeClient) -> None:
    """Lists with commas, booleans, order; the reader's languages for the order of names."""
    client.answers["write_services"] = written_page(PAGE)
    path = "/api/v1/services?speaks=fr,ar&accessibility=wheelchair&free=true&sort=name&facets=true"
    assert app.test_client().get(path, headers={"Accept-Language": "ar"}).status_code == 200
    asked = client.calls[-1][2]
    assert asked["spoken"] == ["fr", "ar"]
    assert asked["accessibility"] == ["wheelchair"]
    assert (asked["free"], asked["sort"], asked["facets"]) == (True, "name", True)
    assert asked["languages"][0] == "ar"


def test_facets_are_told_when_asked_for(app: Flask, client: FakeClient) -> None:
    """Group, value, count; an answer without them has no such field."""
    facets = {"taxonomy": {"health": 3}}
    client.answers["write_services"] = written_page(PAGE | {"facets": facets})
    assert told(app, "/api/v1/services?facets=true")["facets"] == facets
    client.answers["write_services"] = written_page(PAGE)
    assert "facets" not in told(app, "/api/v1/services")


def test_help_is_told_when_nothing_is_found(app: Flask, client: FakeClient) -> None:
    """As the directory gives it, and not beside what was found."""
    helped = {"did_you_mean": "pharmacie", "without": {"open": 3}, "nearest_km": 4.2}
    client.answers["write_services"] = written_page({"items": [], "total": 0, "help": helped})
    assert told(app, "/api/v1/services?q=farmasi")["help"] == helped
    client.answers["write_services"] = written_page(PAGE)
    assert "help" not in told(app, "/api/v1/services")


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "x" * 201,
        "latitude=91&longitude=0",
        "radius_km=0&latitude=1&longitude=1",
        "radius_km=nan&latitude=1&longitude=1",
        "latitude=inf&longitude=1",
        "sort=rank",
        "speaks=" + ",".join(["fr"] * 11),
        "speaks=not%20a%20language",
        "free=perhaps",
        "open_at=2026-11-24T10:00:00",
        "open_at=tomorrow",
        "page=0",
        "page=999999999999999999999",
        "per_page=101",
        "unknown=1",
    ],
)
def test_nonsense_is_named_field_by_field(app: Flask, client: FakeClient, query: str) -> None:
    """422 with the field, and no service is asked."""
    answer = app.test_client().get(f"/api/v1/services?{query}")
    assert answer.status_code == 422
    assert json.loads(answer.data)["errors"]
    assert client.calls == []


def test_a_service_is_told_as_linked_data(app: Flask, client: FakeClient) -> None:
    """schema.org: the kind of place, its point, its names by language, its licence; nothing that is not known."""
    client.answers["get_service"] = SERVICE
    answer = app.test_client().get("/api/v1/services/0190.jsonld?lang=fr")
    assert answer.content_type == "application/ld+json"
    found = json.loads(answer.data)
    assert (found["@context"], found["@type"]) == ("https://schema.org", "Service")
    place = found["availableChannel"]["serviceLocation"]
    assert place["@type"] == "Pharmacy"
    assert place["geo"] == {"@type": "GeoCoordinates", "latitude": 36.88, "longitude": 10.33}
    assert found["alternateName"] == [{"@language": "ar", "@value": "صيدلية أمل"}]
    assert found["license"].startswith("https://opendatacommons.org")
    assert "sameAs" not in found
    assert "provider" not in found


def test_linked_data_and_json_do_not_mix_in_the_cache(app: Flask, client: FakeClient) -> None:
    """The same address, told by what is accepted, from memory too."""
    with_cache(app)
    client.answers["get_service"] = SERVICE
    web = app.test_client()
    kinds = [web.get("/api/v1/services/0190", headers=headers).content_type for headers in ({}, LINKED, {}, LINKED)]
    assert kinds == ["application/json", "application/ld+json"] * 2


def test_a_service_says_its_link_to_pass_on(app: Flask, client: FakeClient) -> None:
    """Short, and the same whatever the language."""
    client.answers["get_service"] = SERVICE
    assert told(app, "/api/v1/services/0190")["share_url"].endswith("/s/abcde23456")


def test_the_page_of_a_link_is_canonical_in_each_language(app: Flask, client: FakeClient) -> None:
    """Canonical address, alternates by language, JSON-LD inside; texts are shown escaped."""
    client.answers["get_shared_service"] = SERVICE
    answer = app.test_client().get("/s/abcde23456?lang=ar")
    page = answer.get_data(as_text=True)
    assert 'dir="rtl"' in page
    assert '<link rel="canonical" href="' in page
    assert "/s/abcde23456?lang=ar" in page
    assert all(f'hreflang="{language}"' in page for language in ("fr", "ar", "en", "x-default"))
    assert "صيدلية أمل" in page
    french = app.test_client().get("/s/abcde23456?lang=fr").get_data(as_text=True)
    assert "<b>Amal" not in french
    assert "&lt;b&gt;Amal" in french


def test_a_link_to_nothing_is_a_page_that_says_so(app: Flask, client: FakeClient) -> None:
    """404 for people; capitals are led to the address that counts."""
    client.answers["get_shared_service"] = NotFound()
    assert app.test_client().get("/s/zzzz").status_code == 404
    assert app.test_client().get("/s/ABC").headers["Location"].endswith("/s/abc")


def test_the_sitemap_names_every_service_in_every_language(app: Flask, client: FakeClient) -> None:
    """An index of files; in a file one address per language with its alternates and its day."""
    items = [{"code": "abcde23456", "changed_on": "2026-11-01"}, {"code": "bcdef34567", "changed_on": None}]
    client.answers["list_service_links"] = lambda page, per_page: {"items": items if page == 1 else [], "total": 2}
    web = app.test_client()
    index = ElementTree.fromstring(web.get("/sitemap.xml").data)  # noqa: S314  # our own text
    assert len(index) == 1
    urls = ElementTree.fromstring(web.get("/sitemap/services-1.xml").data)  # noqa: S314  # our own text
    assert len(urls) == 6
    assert all(len(url.findall("{http://www.w3.org/1999/xhtml}link")) == 4 for url in urls)
    assert web.get("/sitemap/services-2.xml").status_code == 404
