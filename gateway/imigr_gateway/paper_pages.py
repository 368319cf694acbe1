"""Pages on paper and for who waits: the slip to print, and what the link of the waiting list opens."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, request

from imigr_gateway.api import slips, waiting_list
from imigr_gateway.api.tickets import qr_svg
from imigr_gateway.commands import backends
from imigr_gateway.doors import public
from imigr_gateway.languages import chain, localised
from imigr_gateway.waiting_pages import page, reader_language
from imigr_gateway.waiting_words import SLIP, WAITING, local_time
from imigr_kit.errors import Conflict, Gone, NotFound

blueprint = Blueprint("paper-pages", __name__)

ACTIONS = {"accept": "accept_offer", "decline": "decline_offer", "leave": "leave_list"}


@blueprint.get("/m/<manage_token>/slip")
@public
def slip(manage_token: str) -> Response:
    """The slip of an appointment, to print or to show."""
    language = reader_language()
    words = SLIP[language]
    try:
        found = slips.read_slip(manage_token)
    except (NotFound, Conflict):
        made = page("slip.html", language, words=words, title=words["title"], slip=None)
        made.status_code = 404
        return made
    shown = localised(found, chain(language))
    return page(
        "slip.html",
        language,
        words=words,
        title=words["title"],
        slip=shown,
        when=local_time(found["start"], found["timezone"], language),
        token=manage_token,
        qr=qr_svg(found["slip"]),
    )


@blueprint.get("/w/<manage_token>")
@public
def waiting(manage_token: str) -> Response:
    """What the link of the waiting list shows. Looking changes nothing, so link previews are harmless."""
    return _waiting(manage_token, "")


@blueprint.post("/w/<manage_token>")
@public
def waiting_change(manage_token: str) -> Response:
    """Accept, decline or leave, by button."""
    words = WAITING[reader_language()]
    try:
        waiting_list.change(ACTIONS[request.form.get("action", "")], manage_token, str(uuid.uuid4()))
    except Gone:
        return _waiting(manage_token, words["too_late"])
    except (KeyError, NotFound, Conflict):
        return _waiting(manage_token, "")
    return _waiting(manage_token, "")


def _waiting(manage_token: str, told: str) -> Response:
    language = reader_language()
    words = WAITING[language]
    try:
        entry = waiting_list.read_entry(manage_token)
    except NotFound:
        made = page("waiting.html", language, words=words, title=words["title"], entry=None, told="")
        made.status_code = 404
        return made
    guichet = backends().call("guichet", "get_guichet", entry["municipality"], guichet_id=entry["guichet_id"])
    zone = guichet["timezone"]
    return page(
        "waiting.html",
        language,
        words=words,
        title=words["title"],
        entry=entry,
        told=told,
        place=localised(guichet, chain(language)),
        when=local_time(entry["start"], zone, language) if entry["start"] else "",
        until=local_time(entry["offer_until"], zone, language) if entry["offer_until"] else "",
    )
