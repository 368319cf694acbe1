"""Pages of the waiting room: the screen on the wall, and the status of a ticket on a phone."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from imigr_gateway.api import visits
from imigr_gateway.commands import here
from imigr_gateway.doors import public
from imigr_gateway.languages import chain, localised
from imigr_gateway.waiting_words import SCREEN, TICKET
from imigr_kit.errors import Conflict, NotFound

blueprint = Blueprint("waiting-pages", __name__)

LANGUAGES = (("fr", "Français"), ("ar", "العربية"), ("en", "English"))
_QUEUED = frozenset({"waiting", "transferred"})
_LEAVABLE = frozenset({"waiting", "transferred", "called", "parked"})
TICKET_SECONDS = 20
"""A status page asks again so often while its ticket is open; it works without scripts."""


@blueprint.get("/screen/<guichet_id>")
@public
def screen(guichet_id: str) -> Response:
    """The screen of a waiting room: numbers and desks, followed live, without any name."""
    language = reader_language()
    board = localised(visits.read_board(guichet_id), chain(language))
    nonce = secrets.token_urlsafe(16)
    streams = here().streams_url
    response = page(
        "screen.html",
        language,
        words=SCREEN[language],
        title=SCREEN[language]["title"],
        board=board,
        nonce=nonce,
        stream=f"{streams}/streams/guichets/{guichet_id}/board",
    )
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; "
        f"connect-src 'self' {streams}; base-uri 'none'; frame-ancestors 'self'"
    )
    return response


@blueprint.get("/t/<manage_token>")
@public
def ticket(manage_token: str) -> Response:
    """What the link on a ticket shows. Looking changes nothing."""
    return _ticket(manage_token)


@blueprint.post("/t/<manage_token>")
@public
def ticket_change(manage_token: str) -> Response:
    """Leave the line, by button."""
    try:
        visits.leave(manage_token, str(uuid.uuid4()))
    except (NotFound, Conflict):
        pass
    return _ticket(manage_token)


def _ticket(manage_token: str) -> Response:
    language = reader_language()
    words = TICKET[language]
    try:
        found = visits.read_ticket(manage_token)
    except NotFound:
        made = page("turn.html", language, words=words, title=words["title"], ticket=None, refresh=0)
        made.status_code = 404
        return made
    return page(
        "turn.html",
        language,
        words=words,
        title=words["title"],
        ticket=found,
        queued=found["state"] in _QUEUED,
        leavable=found["state"] in _LEAVABLE,
        wait=_wait(words, found["wait_minutes"]),
        refresh=TICKET_SECONDS if found["state"] in _LEAVABLE else 0,
    )


def _wait(words: dict[str, str], minutes: int | None) -> str:
    if minutes is None:
        return words["no_desk"]
    return words["minutes"].format(minutes=minutes) if minutes else words["soon"]


def reader_language() -> str:
    """The first of the reader's languages that these pages have."""
    found = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
    return next(one for one in found if one in SCREEN)


def page(template: str, language: str, **values: Any) -> Response:
    """A private page: neither kept by caches nor told to other sites, and nothing runs in it."""
    response = make_response(render_template(template, language=language, languages=LANGUAGES, **values))
    response.headers["Content-Language"] = language
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
