"""Pages of a referral: what the person sees and can take back, and where a partner reads it once."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request

from imigr_gateway.api import visits
from imigr_gateway.doors import public
from imigr_gateway.languages import chain, localised
from imigr_gateway.referral_words import FETCH, OWN
from imigr_gateway.waiting_pages import page, reader_language
from imigr_kit.errors import Conflict, Gone, ImigrError, Invalid, NotFound

blueprint = Blueprint("referral-pages", __name__)

_REVOCABLE = frozenset({"proposed", "consented", "sent", "accepted", "in_progress"})


@blueprint.get("/o/<manage_token>")
@public
def own(manage_token: str) -> Response:
    """What the person's link shows. Looking changes nothing."""
    return _own(manage_token)


@blueprint.post("/o/<manage_token>")
@public
def own_change(manage_token: str) -> Response:
    """Take the consent back, by button."""
    try:
        visits.revoke(manage_token, str(uuid.uuid4()))
    except (NotFound, Conflict):
        pass
    return _own(manage_token)


@blueprint.get("/referral")
@public
def fetch_form() -> Response:
    """Where a partner without a program of its own puts the code in."""
    return _fetch(None, "")


@blueprint.post("/referral")
@public
def fetch() -> Response:
    """The details, once. The code travels in the body, never in an address that stays in a history."""
    language = reader_language()
    try:
        found = visits.fetch(request.form.get("token", "").strip()[:200], str(uuid.uuid4()))
    except (NotFound, Gone, Conflict, Invalid) as error:
        return _fetch(None, FETCH[language]["gone"], error)
    return _fetch(localised(found, chain(language)), "")


def _own(manage_token: str) -> Response:
    language = reader_language()
    words = OWN[language]
    try:
        found = visits.read_referral(manage_token)
    except NotFound:
        made = page("referral.html", language, words=words, title=words["title"], referral=None)
        made.status_code = 404
        return made
    return page(
        "referral.html",
        language,
        words=words,
        title=words["title"],
        referral=found,
        revocable=found["state"] in _REVOCABLE,
    )


def _fetch(found: dict[str, Any] | None, told: str, error: ImigrError | None = None) -> Response:
    language = reader_language()
    words = FETCH[language]
    made = page("referral_fetch.html", language, words=words, title=words["title"], found=found, told=told)
    if error is not None:
        made.status_code = 404
    return made
