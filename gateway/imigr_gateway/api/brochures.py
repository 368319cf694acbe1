"""Brochures: the latest edition of a town in a language as PDF, as a page to print, and as plain text."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from imigr_gateway.commands import backends, for_reader
from imigr_gateway.doors import public
from imigr_gateway.shapes import editions as shapes
from imigr_gateway.strict import StrictBlueprint
from imigr_kit.errors import NotFound

blueprint = StrictBlueprint("brochures", __name__, url_prefix="/api/v1", description="Brochures on rights and services")
files = Blueprint("brochure-files", __name__)

FORMS = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "txt": "text/plain; charset=utf-8"}
A_WHILE = "public, max-age=300, stale-if-error=86400"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"


class UnknownEdition(NotFound):
    """No such brochure."""

    code = "directory.unknown_edition"


@blueprint.get("/brochures")
@blueprint.arguments(shapes.BrochureQuery, location="query")
@blueprint.response(200, shapes.Brochures)
@public
def list_brochures(query: dict[str, Any]) -> Any:
    """Editions, newest first, with what each of them changed."""
    wanted = {name: query[name] for name in ("municipality", "language", "most")}
    answers = backends().gather("directory", "list_brochures", query["municipality"], **wanted)
    return for_reader({"items": [_located(one) for answer in answers for one in answer["items"]]})


@blueprint.get("/brochures/<municipality>/<language>")
@blueprint.response(200, shapes.BrochureOut)
@public
def get_brochure(municipality: str, language: str) -> Any:
    """The latest edition."""
    wanted = {"municipality": municipality, "language": language}
    return _located(backends().call("directory", "get_brochure", municipality, **wanted))


@files.get("/brochures/<municipality>/<language>.<form>")
@public
def read_brochure(municipality: str, language: str, form: str) -> Response:
    """The latest edition as a file, under an address that can be printed on a poster."""
    if form not in FORMS:
        raise UnknownEdition
    wanted: dict[str, Any] = {"municipality": municipality, "language": language, "form": form}
    first = backends().call("directory", "read_brochure", municipality, **wanted)
    tag = f"{first['number']}-{first['hash'][:24]}-{form}"
    headers = {"Cache-Control": A_WHILE, "Content-Language": language, "X-Content-Type-Options": "nosniff"}
    if form == "html":
        headers["Content-Security-Policy"] = POLICY
    if form == "pdf":
        name = f"{municipality}-{language}-{first['number']}.pdf"
        headers["Content-Disposition"] = f'inline; filename="{name}"'
    if request.if_none_match.contains(tag):
        answer = Response(status=304, headers=headers)
    else:
        # Read before the answer begins, so that a directory that goes down meanwhile gives a problem, not half a file.
        answer = Response(b"".join(_parts(first, wanted)), headers=headers, content_type=FORMS[form])
    answer.set_etag(tag)
    return answer


def _parts(first: dict[str, Any], wanted: dict[str, Any]) -> Iterator[bytes]:
    part, got = first, 0
    while True:
        octets = base64.b64decode(part["content"])
        got += len(octets)
        yield octets
        if got >= first["size"] or not octets:
            return
        more = wanted | {"number": first["number"], "offset": got}
        part = backends().call("directory", "read_brochure", wanted["municipality"], **more)


def _located(edition: dict[str, Any]) -> dict[str, Any]:
    where = f"/brochures/{edition['municipality']}/{edition['language']}"
    return edition | {"urls": {form: f"{where}.{form}" for form in edition["sizes"]}}
