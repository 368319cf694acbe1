"""Where providers of SMS bring what phones write to us: Kannel (get-url, post-url) and generic HTTP providers."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Response, request

from imigr_gateway.commands import here
from imigr_gateway.doors import public
from imigr_gateway.strict import StrictBlueprint
from imigr_kit.errors import FieldError, Invalid, NotFound
from imigr_kit.secret import Secret

blueprint = StrictBlueprint("providers", __name__, url_prefix="/api/v1", description="Doors for providers of SMS")

MOST_DIGITS = 15
"""E.164."""
MOST_LETTERS = 2_000
ADDRESS = ("from", "sender", "msisdn", "source")
TEXT = ("text", "message", "body")
REFERENCE = ("id", "message_id", "messageid")


class InvalidSms(Invalid):
    """A provider brought something that is no SMS from a phone."""

    code = "gateway.invalid_input"


class UnknownProvider(NotFound):
    """No such provider, or not its token: alike."""

    code = "gateway.not_found"


@blueprint.route("/providers/<provider>/sms", methods=["GET"])
@blueprint.response(200)
@public
def take_sms_by_get(provider: str) -> Any:
    """For providers that can only GET (Kannel: `get-url = .../sms?token=...&from=%p&text=%a&id=%I`). Prefer POST: what
    stands in an address is easily logged."""
    return _take(provider, dict(request.args))


@blueprint.route("/providers/<provider>/sms", methods=["POST"])
@blueprint.response(200)
@public
def take_sms(provider: str) -> Any:
    """An SMS from a phone: a form, JSON, or Kannel's post-url (headers `X-Kannel-From`, the text as body). The token
    goes in the query or as `X-Provider-Token`."""
    kannel = request.headers.get("X-Kannel-From")
    if kannel:
        charset = request.headers.get("X-Kannel-Charset", "UTF-8")
        try:
            text = request.get_data().decode(charset, "replace")
        except LookupError:
            raise InvalidSms(fields=[FieldError("text", "gateway.invalid_input", "unknown charset")]) from None
        found = {"from": kannel, "text": text}
    else:
        body = request.get_json(silent=True) if request.is_json else dict(request.form)
        found = {str(name): str(value) for name, value in body.items()} if isinstance(body, dict) else {}
    return _take(provider, dict(request.args) | found)


def _take(provider: str, given: dict[str, str]) -> Response:
    people = here().people
    token = request.headers.get("X-Provider-Token") or given.get("token", "")
    if not hmac.compare_digest(token.encode(), people.provider_token(provider).encode()):
        raise UnknownProvider
    digits = "".join(letter for letter in _first(given, ADDRESS) if letter.isdigit())
    text = _first(given, TEXT)
    if not 0 < len(digits) <= MOST_DIGITS:
        raise InvalidSms(fields=[FieldError("from", "gateway.invalid_input", "a number of 1 to 15 digits")])
    people.give_answer(Secret(f"+{digits}"), Secret(text[:MOST_LETTERS]), provider, _first(given, REFERENCE)[:100])
    return Response("", mimetype="text/plain")


def _first(given: dict[str, str], names: tuple[str, ...]) -> str:
    return next((given[name] for name in names if given.get(name)), "")
