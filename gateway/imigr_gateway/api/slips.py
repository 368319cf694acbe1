"""Slips: paper as an equal choice, checked at the desk without a network."""

from __future__ import annotations

import base64
from typing import Any

from flask import Response, request

from imigr_gateway.api.tickets import qr_svg
from imigr_gateway.attending.printing import printed
from imigr_gateway.commands import backends, for_reader
from imigr_gateway.doors import public
from imigr_gateway.languages import chain, localised
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import visits as shapes
from imigr_gateway.strict import StrictBlueprint
from imigr_gateway.waiting_words import SLIP, local_time

blueprint = StrictBlueprint("slips", __name__, url_prefix="/api/v1", description="Slips, checked without a network")


@blueprint.get("/appointments/<manage_token>/slip")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.SlipOut)
@public
def get_slip(query: dict[str, Any], manage_token: str) -> Any:
    """The signed slip of an appointment; whoever shows it is served."""
    return for_reader(read_slip(manage_token))


@blueprint.get("/appointments/<manage_token>/slip.svg")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, {"type": "string"}, content_type="image/svg+xml", description="QR code")
@public
def slip_image(query: dict[str, Any], manage_token: str) -> Response:
    """The slip as a QR code."""
    return Response(qr_svg(read_slip(manage_token)["slip"]), content_type="image/svg+xml")


@blueprint.get("/appointments/<manage_token>/slip.pdf")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf", description="A6")
@public
def slip_pdf(query: dict[str, Any], manage_token: str) -> Response:
    """The slip to print: when, where, the reference and the QR code, in the reader's language."""
    languages = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
    return as_pdf(read_slip(manage_token), languages)


@blueprint.get("/municipalities/<municipality>/slip-keys")
@blueprint.arguments(base.Nothing, location="query")
@blueprint.response(200, shapes.SlipKeys)
@public
def slip_keys(query: dict[str, Any], municipality: str) -> Any:
    """Public keys that slips of a municipality's guichets are verified with, without asking again."""
    return backends().call("guichet", "slip_keys", municipality) | {"municipality": municipality}


def read_slip(manage_token: str) -> dict[str, Any]:
    """The slip behind a manage token, texts in all languages."""
    municipality, manage_hash = split_token(manage_token)
    found: dict[str, Any] = backends().call(
        "guichet", "get_slip", municipality, municipality=municipality, manage_hash=manage_hash
    )
    return found


def as_pdf(found: dict[str, Any], languages: tuple[str, ...]) -> Response:
    """A slip, printed on A6; nobody but its holder keeps it."""
    language = next(one for one in languages if one in SLIP)
    shown = localised(found, languages)
    picture = base64.b64encode(qr_svg(found["slip"]).encode()).decode()
    fields = {name: shown[name] for name in ("guichet_name", "address", "desk", "reference")} | {
        "language": language,
        "words": SLIP[language],
        "when": local_time(found["start"], found["timezone"], language),
        "qr": f"data:image/svg+xml;base64,{picture}",
    }
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": 'inline; filename="slip.pdf"'}
    return Response(
        printed(fields, f"slip {found['reference']}", "slip"), content_type="application/pdf", headers=headers
    )
