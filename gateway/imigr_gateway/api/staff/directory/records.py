"""Records of every kind, for staff: editors propose, managers publish; a change names the revision that was read."""

from __future__ import annotations

import re
from typing import Any

from flask import g, request
from werkzeug.exceptions import NotFound

from imigr_gateway.api.staff.directory.blueprint import blueprint
from imigr_gateway.commands import as_json, backends, idempotency_key
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes.directory import records as shapes
from imigr_kit.errors import FieldError, Invalid

KINDS = {
    "organizations": "organization",
    "services": "service",
    "locations": "location",
    "articles": "article",
    "alerts": "alert",
}
PROPOSERS = ("manager", "editor", "partner_editor")
READERS = (*PROPOSERS, "mediator")
_ETAG = re.compile(r'^"([0-9]{1,9})"\Z')
AT_REVISION = {"parameters": [{"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}]}
ROOT = "/<municipality>/directory/<kind>"
ONE = f"{ROOT}/<record_id>"


class NoRevision(Invalid):
    """The request does not say which revision its author has read."""

    code = "gateway.invalid_input"


@blueprint.get(ROOT)
@blueprint.arguments(shapes.RecordList, location="query")
@blueprint.response(200, shapes.Records)
@staff(*READERS)
def list_records(query: dict[str, Any], municipality: str, kind: str) -> Any:
    """A page of a town's records; `all` for those common to all."""
    asked = {name: value for name, value in query.items() if name != "lang"}
    return of_kind("list_records", municipality, kind, municipality=municipality, **asked)


@blueprint.post(ROOT)
@blueprint.arguments(shapes.NewRecord)
@blueprint.response(201, shapes.RecordOut)
@staff(*PROPOSERS)
def open_record(data: dict[str, Any], municipality: str, kind: str) -> Any:
    """A new record: a draft, for review, or published at once by a manager."""
    made = of_kind("open_record", municipality, kind, municipality=municipality, **_key(), **data)
    return _tagged(made, 201)


@blueprint.get(ONE)
@blueprint.response(200, shapes.RecordOut)
@staff(*READERS)
def get_record(municipality: str, kind: str, record_id: str) -> Any:
    """One record with what waits in it. Its ETag is what If-Match wants."""
    return _tagged(of_kind("get_record", municipality, kind, record_id=record_id))


@blueprint.put(ONE)
@blueprint.arguments(shapes.RecordBody)
@blueprint.response(200, shapes.RecordOut)
@blueprint.doc(**AT_REVISION)
@staff(*PROPOSERS)
def write_record(data: dict[str, Any], municipality: str, kind: str, record_id: str) -> Any:
    """Other content: a draft, for review, or published at once by a manager."""
    return step("write_record", municipality, kind, record_id, **data)


@blueprint.post(f"{ONE}/submit")
@blueprint.arguments(base.Nothing)
@blueprint.response(200, shapes.RecordOut)
@blueprint.doc(**AT_REVISION)
@staff(*PROPOSERS)
def submit_record(data: dict[str, Any], municipality: str, kind: str, record_id: str) -> Any:
    """The draft waits for review now."""
    return step("submit_record", municipality, kind, record_id)


@blueprint.post(f"{ONE}/decline")
@blueprint.arguments(shapes.Declined)
@blueprint.response(200, shapes.RecordOut)
@blueprint.doc(**AT_REVISION)
@staff("manager")
def decline_record(data: dict[str, Any], municipality: str, kind: str, record_id: str) -> Any:
    """What was proposed goes back to its author, with a reason."""
    return step("decline_record", municipality, kind, record_id, **data)


@blueprint.post(f"{ONE}/publish")
@blueprint.arguments(base.Nothing)
@blueprint.response(200, shapes.RecordOut)
@blueprint.doc(**AT_REVISION)
@staff("manager")
def publish_record(data: dict[str, Any], municipality: str, kind: str, record_id: str) -> Any:
    """What was proposed is what readers see."""
    return step("publish_record", municipality, kind, record_id)


@blueprint.post(f"{ONE}/withdraw")
@blueprint.arguments(base.Nothing)
@blueprint.response(200, shapes.RecordOut)
@blueprint.doc(**AT_REVISION)
@staff("manager")
def withdraw_record(data: dict[str, Any], municipality: str, kind: str, record_id: str) -> Any:
    """Readers no longer see it."""
    return step("withdraw_record", municipality, kind, record_id)


@blueprint.post(f"{ONE}/verify")
@blueprint.arguments(shapes.Verified)
@blueprint.response(200, shapes.RecordOut)
@blueprint.doc(**AT_REVISION)
@staff("manager", "editor")
def verify_record(data: dict[str, Any], municipality: str, kind: str, record_id: str) -> Any:
    """Somebody has looked, and it is still true."""
    on = data["on"].isoformat() if data["on"] else None
    return step("verify_record", municipality, kind, record_id, on=on)


@blueprint.get(f"{ONE}/versions")
@blueprint.response(200, shapes.Versions)
@staff(*READERS)
def list_record_versions(municipality: str, kind: str, record_id: str) -> Any:
    """Every version that readers have seen, with who and when."""
    return of_kind("list_record_versions", municipality, kind, record_id=record_id)


@blueprint.post(f"{ONE}/versions/<int:version>/restore")
@blueprint.arguments(base.Nothing)
@blueprint.response(200, shapes.RecordOut)
@blueprint.doc(**AT_REVISION)
@staff("manager")
def restore_record(data: dict[str, Any], municipality: str, kind: str, record_id: str, version: int) -> Any:
    """An earlier version, as a new one."""
    return step("restore_record", municipality, kind, record_id, version=version)


@blueprint.post("/<municipality>/directory/organizations/<record_id>/editors")
@blueprint.arguments(shapes.StaffId)
@blueprint.response(200, shapes.Editors)
@staff("manager")
def entrust_organization(data: dict[str, Any], municipality: str, record_id: str) -> Any:
    """Put an organization's entries into the hands of a partner editor."""
    return _hands("entrust_organization", municipality, record_id, data["staff_id"])


@blueprint.delete("/<municipality>/directory/organizations/<record_id>/editors/<staff_id>")
@blueprint.response(200, shapes.Editors)
@staff("manager")
def release_organization(municipality: str, record_id: str, staff_id: str) -> Any:
    """Take them out of these hands."""
    return _hands("release_organization", municipality, record_id, staff_id)


def revision_read() -> int:
    """The revision in If-Match. Raises NoRevision: without it, two people would overwrite each other."""
    match = _ETAG.match(request.headers.get("If-Match", ""))
    if match is None:
        raise NoRevision(fields=[FieldError("If-Match", "gateway.invalid_input", 'the record\'s ETag, such as "3"')])
    return int(match.group(1))


def of_kind(method: str, municipality: str, kind: str, /, **payload: Any) -> Any:
    """Call a method on records of a kind, on behalf of the signed-in actor. Raises NotFound."""
    if kind not in KINDS:
        raise NotFound
    return backends().call("directory", method, municipality, actor=g.actor, kind=KINDS[kind], **payload)


def step(method: str, municipality: str, kind: str, record_id: str, /, **payload: Any) -> Any:
    """A change on the revision that was read, under the request's idempotency key."""
    known = {"record_id": record_id, "revision": revision_read()}
    return _tagged(of_kind(method, municipality, kind, **known, **_key(), **payload))


def _key() -> dict[str, str]:
    return {"idempotency_key": idempotency_key()}


def _tagged(record: dict[str, Any], status: int = 200) -> Any:
    answer = as_json(record, status)
    answer.headers["ETag"] = f'"{record["revision"]}"'
    return answer


def _hands(method: str, municipality: str, organization_id: str, staff_id: str) -> Any:
    return backends().call(
        "directory", method, municipality, actor=g.actor, organization_id=organization_id, staff_id=staff_id
    )
