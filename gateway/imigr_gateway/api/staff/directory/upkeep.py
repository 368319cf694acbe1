"""Translations, tasks and links, for staff."""

from __future__ import annotations

import base64
import itertools
import time
from typing import Any

from flask import Response, g

from imigr_gateway.api.staff.directory.blueprint import blueprint
from imigr_gateway.api.staff.directory.exchange import parts_of_body
from imigr_gateway.api.staff.directory.records import AT_REVISION, ONE, PROPOSERS, READERS, of_kind, step
from imigr_gateway.commands import as_json, backends, idempotency_key
from imigr_gateway.doors import staff
from imigr_gateway.shapes.directory import upkeep as shapes
from imigr_kit.errors import FieldError, Invalid


class EmptyFile(Invalid):
    """Nothing was sent."""

    code = "gateway.invalid_input"


FILE_SECONDS = 25.0
"""A proxy waits longer than that for an answer."""
_FILE = {"required": True, "content": {"application/xliff+xml": {"schema": {"type": "string", "format": "binary"}}}}


@blueprint.get(f"{ONE}/texts")
@blueprint.response(200, shapes.Lines)
@staff(*READERS)
def list_record_texts(municipality: str, kind: str, record_id: str) -> Any:
    """Every text of a record with its translations and their states."""
    return as_json(of_kind("list_record_texts", municipality, kind, record_id=record_id))


@blueprint.put(f"{ONE}/texts")
@blueprint.arguments(shapes.TextsBody)
@blueprint.response(200, shapes.Changed)
@blueprint.doc(**AT_REVISION)
@staff(*PROPOSERS)
def translate_record(data: dict[str, Any], municipality: str, kind: str, record_id: str) -> Any:
    """Words in one language, by path: proposed, or published at once by a manager."""
    return step("translate_record", municipality, kind, record_id, **data)


@blueprint.get("/<municipality>/directory/translations")
@blueprint.arguments(shapes.ExportQuery, location="query")
@blueprint.response(200, content_type="application/xliff+xml")
@staff("manager", "editor")
def export_translations(query: dict[str, Any], municipality: str) -> Any:
    """A file for translators (XLIFF 1.2): what readers see, with the translations there are and their states."""
    asked = {"language": query["language"]}
    if query["kind"]:
        asked["kinds"] = query["kind"]
    if query["record"]:
        asked["record_ids"] = query["record"]
    answer = _of_town("export_translations", municipality, **asked)
    name = f"{municipality}-{query['language']}.xlf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(answer["xliff"], 200, headers, content_type="application/xliff+xml")


@blueprint.post("/<municipality>/directory/translations")
@blueprint.arguments(shapes.ImportBody)
@blueprint.response(200, shapes.TranslationReport)
@staff("manager", "editor")
def import_translations(data: dict[str, Any], municipality: str) -> Any:
    """A translators' file. The same file twice is the same as once; what was made from a source that changed since is
    refused and listed."""
    return as_json(_of_town("import_translations", municipality, idempotency_key=idempotency_key(), **data))


@blueprint.post("/<municipality>/directory/translations/file")
@blueprint.arguments(shapes.FileState, location="query")
@blueprint.response(200, shapes.TranslationReport)
@blueprint.doc(requestBody=_FILE)
@staff("manager", "editor")
def import_translations_file(query: dict[str, Any], municipality: str) -> Any:
    """A translators' file of up to 20 MB as the body (XLIFF 1.2). The same file twice is the same as once."""
    key, numbers = {"idempotency_key": idempotency_key()}, itertools.count()
    for data in parts_of_body():
        text = base64.b64encode(data).decode()
        _of_town("add_translations_part", municipality, **key, number=next(numbers), data=text)
    asked = {**key, "parts": next(numbers), "state": query["state"]}
    if not asked["parts"]:
        raise EmptyFile(fields=[FieldError("body", EmptyFile.code, "is empty")])
    report: dict[str, Any] = {"taken": 0, "unchanged": 0, "refused": [], "records": []}
    first, until = 0, time.monotonic() + FILE_SECONDS
    while first is not None and time.monotonic() < until:
        some = _of_town("import_translations_file", municipality, **asked, first=first)
        first = some.pop("next")
        report = {name: report[name] + some[name] for name in report}
    return as_json(report | {"complete": first is None})


@blueprint.get("/<municipality>/directory/tasks")
@blueprint.response(200, shapes.Tasks)
@staff("manager", "editor", "mediator")
def list_tasks(municipality: str) -> Any:
    """What waits: to review, to verify, to translate, and links that lead nowhere."""
    return as_json(_of_town("list_tasks", municipality))


@blueprint.get("/<municipality>/directory/broken-links")
@blueprint.response(200, shapes.Links)
@staff("manager", "editor", "mediator")
def list_broken_links(municipality: str) -> Any:
    """Links that lead nowhere any more, with the records that name them."""
    return as_json(_of_town("list_broken_links", municipality))


def _of_town(method: str, municipality: str, /, **payload: Any) -> Any:
    return backends().call("directory", method, municipality, actor=g.actor, municipality=municipality, **payload)
