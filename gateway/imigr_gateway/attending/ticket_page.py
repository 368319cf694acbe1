"""The page of a ticket, to be shown on a phone or printed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, render_template, request

from imigr_gateway.api.tickets import qr_svg, read_ticket
from imigr_gateway.attending.words import LANGUAGES, TICKET
from imigr_gateway.doors import public
from imigr_gateway.languages import chain, localised
from imigr_kit.errors import Conflict, NotFound

blueprint = Blueprint("ticket-page", __name__)

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"


@blueprint.get("/m/<manage_token>/ticket")
@public
def ticket_page(manage_token: str) -> Response:
    """QR code and reference, with when and where; nobody is named."""
    language = reader_language()
    words = TICKET[language]
    try:
        found = localised(read_ticket(manage_token), chain(language))
    except (NotFound, Conflict) as error:
        page = private_page("ticket.html", language, words=words, title=words["heading"], ticket=None)
        page.status_code = 404 if isinstance(error, NotFound) else 409
        return page
    return private_page(
        "ticket.html",
        language,
        words=words,
        title=words["heading"],
        ticket=found,
        qr=qr_svg(found["ticket"]),
        times=[_time(one, found["timezone"]) for one in found["sessions"]],
        token=manage_token,
    )


def reader_language() -> str:
    """The language of a page: ?lang, then Accept-Language, then French."""
    found = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
    return next(one for one in found if one in TICKET)


def private_page(template: str, language: str, **values: Any) -> Response:
    """A page that no cache keeps and no other page is told of."""
    response = make_response(render_template(template, language=language, languages=LANGUAGES, **values))
    response.headers["Content-Language"] = language
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _time(session: dict[str, Any], timezone: str) -> dict[str, str]:
    zone = ZoneInfo(timezone)
    start, end = (datetime.fromisoformat(session[name]).astimezone(zone) for name in ("starts_at", "ends_at"))
    return {
        "title": session.get("title") or "",
        "when": f"{start:%d/%m/%Y %H:%M} - {end:%H:%M}",
        "state": session["state"],
    }
