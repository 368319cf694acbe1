"""The page of an event that people open and pass on: readable, with OpenGraph and JSON-LD in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from imigr_gateway.agenda import feeds, jsonld
from imigr_gateway.agenda.entries import Entry
from imigr_gateway.agenda.words import CODES, TONGUES, WORDS, spoken
from imigr_gateway.api.agenda import find
from imigr_gateway.commands import here
from imigr_gateway.doors import public
from imigr_gateway.languages import chain
from imigr_kit.errors import NotFound

blueprint = Blueprint("event-page", __name__)

LANGUAGES = (("fr", "Français"), ("ar", "العربية"), ("en", "English"))
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_LOCALES = {"fr": "fr_TN", "ar": "ar_TN", "en": "en_GB"}


@blueprint.get("/e/<event_id>")
@public
def event_page(event_id: str) -> Response:
    """One event, for people and for those who show a preview of the link."""
    language = _language()
    words = spoken(language)
    try:
        one = find(event_id)
    except NotFound:
        page = _page("event.html", language, words=words, title=words["agenda"], one=None)
        page.status_code = 404
        return page
    address = f"{here().public_url}/e/{one.id}"
    return _page(
        "event.html",
        language,
        words=words,
        title=feeds.headline(one),
        one=one,
        rows=list(_rows(one, language)),
        description=feeds.in_short(one).replace("\n", " "),
        address=address,
        locale=_LOCALES[language],
        other_locales=[locale for name, locale in _LOCALES.items() if name != language],
        schema=jsonld.event(one, here().public_url),
    )


def _rows(one: Entry, language: str) -> Iterator[tuple[str, str]]:
    words, known = spoken(language), CODES[language]
    comma = "، " if language == "ar" else ", "
    listed = comma.join
    yield words["when"], feeds.when(one)
    if one.where:
        yield words["where"], one.where
    if one.organisers:
        yield words["organisers"], listed(one.organisers)
    if one.languages:
        yield words["languages"], listed([TONGUES.get(code, code) for code in one.languages])
    if one.audience and "everyone" not in one.audience:
        yield words["audience"], listed([known.get(code, code) for code in one.audience])
    if one.accessibility:
        yield words["accessibility"], listed([known.get(code, code) for code in one.accessibility])
    if one.childcare:
        yield words["childcare"], words["yes"]
    if one.registration != "none" and one.free_places is not None and one.state == "published":
        yield words["places"], str(one.free_places)
        if one.closes_at is not None:
            yield words["closes"], f"{one.closes_at:%d/%m/%Y %H:%M}"


def _language() -> str:
    found = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
    return next(one for one in found if one in WORDS)


def _page(template: str, language: str, **values: Any) -> Response:
    response = make_response(render_template(template, language=language, languages=LANGUAGES, **values))
    response.headers["Content-Language"] = language
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["Vary"] = "Accept-Language"
    return response
