"""Imports and exports of the directory, for staff."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from flask import Response, abort, request

from imigr_gateway import costly
from imigr_gateway.api.staff.calls import call, command
from imigr_gateway.api.staff.directory.blueprint import blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes.directory import exchange as shapes

MOST_BYTES = 20 * 1024 * 1024
PART = 512 * 1024
_TYPES = {"package": "application/zip", "json": "application/json", "ndjson": "application/x-ndjson"}
_FILE = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@blueprint.post("/<municipality>/directory/imports")
@blueprint.arguments(shapes.ImportOrder, location="query")
@blueprint.response(202, shapes.Import)
@blueprint.doc(requestBody=_FILE)
@staff("manager")
def import_directory(query: dict[str, Any], municipality: str) -> Any:
    """Send a directory (the body, at most 20 MB) to be imported in the background; `dry_run` only shows the difference.
    Follow it at the address of its id."""
    _whole_body()
    order = {name: value for name, value in query.items() if value is not None and name != "mapping"}
    order |= _mapping(query["mapping"])
    with costly.exchange.place(municipality):
        begun = command("directory", "begin_import", municipality, municipality=municipality, **order)
        job = {"municipality": municipality, "import_id": begun["id"]}
        for number, data in enumerate(iter(_part, b"")):
            text = base64.b64encode(data).decode()
            call("directory", "add_import_part", municipality, **job, number=number, data=text)
        return call("directory", "start_import", municipality, **job)


def parts_of_body() -> Iterator[bytes]:
    """The body of a request, up to 20 MB, in parts that a call can carry."""
    _whole_body()
    return iter(_part, b"")


def _whole_body() -> None:
    request.max_content_length = MOST_BYTES
    if (request.content_length or 0) > MOST_BYTES:
        abort(413)


def _part() -> bytes:
    """As much of the body as one call carries, however the network cuts it."""
    found = bytearray()
    while len(found) < PART and (some := request.stream.read(PART - len(found))):
        found += some
    return bytes(found)


def _mapping(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return {name: found[name] for name in ("columns", "themes", "kinds") if name in found}


@blueprint.get("/<municipality>/directory/imports/<import_id>")
@blueprint.response(200, shapes.Import)
@staff("manager")
def get_import(municipality: str, import_id: str) -> Any:
    """How far an import is, and its report."""
    return call("directory", "get_import", municipality, municipality=municipality, import_id=import_id)


@blueprint.get("/<municipality>/directory/imports/<import_id>/<any(remarks, difference):sort>")
@blueprint.arguments(shapes.LinesPage, location="query")
@blueprint.response(200, shapes.Lines)
@staff("manager")
def list_import_lines(query: dict[str, Any], municipality: str, import_id: str, sort: str) -> Any:
    """Row by row what was repaired, left out or put into quarantine and why; or the difference the import makes."""
    asked = {"municipality": municipality, "import_id": import_id, "sort": sort, **query}
    return call("directory", "list_import_lines", municipality, **asked)


@blueprint.get("/<municipality>/directory/export")
@blueprint.arguments(shapes.ExportOrder, location="query")
@blueprint.response(200)
@staff("manager", "editor")
def export_directory(query: dict[str, Any], municipality: str) -> Any:
    """The municipality's published directory as one file: a data package (zip), HSDS JSON or ndjson."""
    with costly.exchange.place(municipality):
        made = call("directory", "export_directory", municipality, municipality=municipality, form=query["form"])
    return Response(base64.b64decode(made["data"]), 200, content_type=_TYPES[query["form"]])
