"""What providers and mail programs call: reports of deliveries, and one click against more emails."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, make_response, render_template, request

from imigr_gateway.commands import backends
from imigr_gateway.doors import public
from imigr_gateway.languages import chain
from imigr_gateway.words import HOME, UNSUBSCRIBE
from imigr_kit.errors import NotFound

blueprint = Blueprint("inbound", __name__)
MOST_FIELDS = 40


@blueprint.route("/api/v1/reports/<provider>/<token>", methods=["GET", "POST"])
@public
def take_report(provider: str, token: str) -> Response:
    """A provider tells what became of a message; Kannel can only ask with GET. The token is the provider's own."""
    fields = {**request.args.to_dict(), **request.form.to_dict()}
    body = request.get_json(silent=True)
    if isinstance(body, dict):
        fields |= {str(name): str(value) for name, value in body.items() if isinstance(value, str | int)}
    taken = {name[:64]: value[:500] for name, value in list(fields.items())[:MOST_FIELDS]}
    backends().call("notifications", "take_report", None, provider=provider, token=token, told=taken)
    return Response(status=204)


@blueprint.get("/u/<municipality>/<token>")
@public
def ask_unsubscribe(municipality: str, token: str) -> Response:
    """A page with a button. Looking changes nothing: mail scanners look."""
    return _page("", 200)


@blueprint.post("/u/<municipality>/<token>")
@public
def unsubscribe(municipality: str, token: str) -> Response:
    """RFC 8058: one POST, without a session, ends all emails to the address."""
    language = _language()
    try:
        backends().call("notifications", "unsubscribe", municipality, token=token, idempotency_key=str(uuid.uuid4()))
    except NotFound:
        return _page(UNSUBSCRIBE[language]["unknown"], 404)
    return _page(UNSUBSCRIBE[language]["done"], 200)


def _language() -> str:
    found = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
    return next(one for one in found if one in HOME)


def _page(said: str, status: int) -> Response:
    language = _language()
    words = UNSUBSCRIBE[language]
    languages = (("fr", "Français"), ("ar", "العربية"), ("en", "English"))
    page = make_response(
        render_template(
            "unsubscribe.html", language=language, languages=languages, words=words, title=words["heading"], said=said
        )
    )
    page.status_code = status
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    return page
