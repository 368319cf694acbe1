"""The page of a local service that people pass on: a short link, readable, with OpenGraph and JSON-LD in it; and the
sitemap that names all these pages in all languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from flask import Blueprint, Response, make_response, redirect, render_template, request

from imigr_gateway.commands import backends, here
from imigr_gateway.directory import jsonld
from imigr_gateway.directory.words import WORDS
from imigr_gateway.doors import public
from imigr_gateway.languages import chain, pick
from imigr_kit.errors import NotFound

blueprint = Blueprint("service-page", __name__)

LANGUAGES = (("fr", "Français"), ("ar", "العربية"), ("en", "English"))
PER_FILE = 10_000
"""Services in one file of the sitemap: with three languages each, under the 50,000 addresses of sitemaps.org."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"


@blueprint.get("/s/<code>")
@public
def service_page(code: str) -> Response:
    """One service, for people and for those who show a preview of the link."""
    languages = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
    language = next(one for one in languages if one in WORDS)
    if code != code.lower():
        return make_response(redirect(f"/s/{code.lower()}", 301))
    try:
        one = backends().find("directory", "get_shared_service", code=code)
    except NotFound:
        page = _page("service.html", language, words=WORDS[language], title=WORDS[language]["unknown"], one=None)
        page.status_code = 404
        return page
    address = f"{here().public_url}/s/{code}"
    name, name_language = pick(one["name"], languages)
    return _page(
        "service.html",
        language,
        words=WORDS[language],
        title=name,
        one=one,
        name_language=name_language,
        description=pick(one["description"], languages),
        rows=list(_rows(one, languages, WORDS[language])),
        address=address,
        schema=jsonld.service(one, languages, here().public_url),
    )


@blueprint.get("/sitemap.xml")
@public
def sitemap() -> Response:
    """The files of the sitemap."""
    total = sum(answer["total"] for answer in _links(1, 1))
    files = range(1, (total + PER_FILE - 1) // PER_FILE + 1)
    rows = "".join(f"<sitemap><loc>{escape(here().public_url)}/sitemap/services-{n}.xml</loc></sitemap>" for n in files)
    return _xml(f'<sitemapindex xmlns="{_SITEMAP}">{rows}</sitemapindex>')


@blueprint.get("/sitemap/services-<int:number>.xml")
@public
def sitemap_file(number: int) -> Response:
    """Addresses of services, each in its languages, with the day of the last change."""
    items = [item for answer in _links(number, PER_FILE) for item in answer["items"]]
    if not items:
        raise NotFound
    urls = "".join(_url(item) for item in items)
    return _xml(f'<urlset xmlns="{_SITEMAP}" xmlns:xhtml="{_XHTML}">{urls}</urlset>')


def _links(page: int, per_page: int) -> list[dict[str, Any]]:
    return backends().gather("directory", "list_service_links", None, page=page, per_page=per_page)


def _url(item: dict[str, Any]) -> str:
    address = escape(f"{here().public_url}/s/{item['code']}")
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{address}?lang={code}"/>' for code, _ in LANGUAGES
    )
    others += f'<xhtml:link rel="alternate" hreflang="x-default" href="{address}"/>'
    day = f"<lastmod>{item['changed_on']}</lastmod>" if item["changed_on"] else ""
    return "".join(f"<url><loc>{address}?lang={code}</loc>{day}{others}</url>" for code, _ in LANGUAGES)


def _rows(one: dict[str, Any], languages: tuple[str, ...], words: dict[str, str]) -> Iterator[tuple[str, str]]:
    for field in ("organization", "address"):
        text = pick(one[field], languages)[0]
        if text:
            yield words[field], text
    if one["phones"]:
        yield words["phones"], ", ".join(one["phones"])
    if one["fees"] in words:
        yield words["fees"], words[one["fees"]]
    yield from _hours(one, languages, words)
    for field in ("application", "interpretation"):
        text = pick(one.get(field) or {}, languages)[0]
        if text:
            yield words[field], text
    eligible = pick((one.get("eligibility") or {}).get("text") or {}, languages)[0]
    if eligible:
        yield words["eligibility"], eligible
    papers = [pick(paper["name"], languages)[0] for paper in one.get("documents") or ()]
    if papers:
        yield words["documents"], ", ".join(papers)
    if one["verified_on"]:
        yield words["verified"], one["verified_on"]


def _hours(one: dict[str, Any], languages: tuple[str, ...], words: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Open or why not, as of now; nothing when no hours are known."""
    if one.get("open_now"):
        yield words["hours"], words["open"]
    elif one.get("why_closed"):
        yield words["hours"], pick(one["why_closed"]["description"], languages)[0]


def _page(template: str, language: str, **values: Any) -> Response:
    response = make_response(render_template(template, language=language, languages=LANGUAGES, **values))
    response.headers["Content-Language"] = language
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["Vary"] = "Accept-Language"
    return response


def _xml(text: str) -> Response:
    headers = {"Cache-Control": "public, max-age=3600"}
    written = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
    return Response(written, 200, headers, content_type="application/xml; charset=utf-8")
