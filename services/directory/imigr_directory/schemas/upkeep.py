"""Translations, tasks and links on the wire."""

from __future__ import annotations

import base64
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from imigr_directory.domain import KINDS
from imigr_directory.domain.content import heading
from imigr_directory.domain.records import COMMON
from imigr_directory.domain.translations import DRAFT, IN_REVIEW, MACHINE, PUBLISHED, Line
from imigr_directory.handlers.freshness import Task
from imigr_directory.handlers.translations import Report, Words
from imigr_directory.links.domain import Link
from imigr_directory.schemas.fields import ID, KEY, Language, one_of
from imigr_directory.schemas.records import OnRecord
from imigr_kit.fields import SLUG, Pattern

MOST_PART, MOST_PARTS = 512 * 1024, 40
"""Of an upload: 20 MB in all."""
PATH = Pattern(r"[A-Za-z0-9_.-]{1,300}")


class Translate(OnRecord):
    """Words of one language by path."""

    language = Language(required=True)
    texts = fields.Dict(
        keys=fields.String(validate=PATH),
        values=fields.String(validate=validate.Length(min=1, max=8000)),
        required=True,
        validate=validate.Length(min=1, max=500),
    )
    state = fields.String(load_default=IN_REVIEW, validate=one_of(DRAFT, IN_REVIEW, PUBLISHED, MACHINE))

    def more(self, data: dict[str, Any]) -> dict[str, Any]:
        """As Words."""
        return {"words": Words(data["language"], data["texts"], data["state"])}


class OfTown(Schema):
    """Of a town, or of what is common to all."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)


class Export(OfTown):
    """Into which language, of which kinds; of some records only if they are named."""

    language = Language(required=True)
    kinds = fields.List(fields.String(validate=one_of(*KINDS)), load_default=lambda: list(KINDS))
    record_ids = fields.List(fields.String(validate=ID), load_default=list, validate=validate.Length(max=1000))


class FilePart(OfTown):
    """A part of a translators' file, in base64."""

    idempotency_key = fields.String(required=True, validate=KEY)
    number = fields.Integer(required=True, strict=True, validate=validate.Range(0, MOST_PARTS - 1))
    data = fields.String(required=True, validate=validate.Length(min=1, max=MOST_PART * 4 // 3 + 4))

    @post_load
    def decode(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """With the octets. Raises ValidationError."""
        try:
            return data | {"data": base64.b64decode(data["data"], validate=True)}
        except ValueError:
            raise ValidationError("not base64", "data") from None


class ReadFile(OfTown):
    """The whole file: take in some records from the ``first`` on (counted from 0)."""

    idempotency_key = fields.String(required=True, validate=KEY)
    parts = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_PARTS))
    first = fields.Integer(load_default=0, strict=True, validate=validate.Range(min=0))
    state = fields.String(load_default=IN_REVIEW, validate=one_of(DRAFT, IN_REVIEW, PUBLISHED))


class Import(OfTown):
    """A file, and what is to become of it: proposals, or published at once by a manager."""

    idempotency_key = fields.String(required=True, validate=KEY)
    xliff = fields.String(required=True, validate=validate.Length(min=1, max=20 * 1024 * 1024))
    state = fields.String(load_default=IN_REVIEW, validate=one_of(DRAFT, IN_REVIEW, PUBLISHED))


def line_out(line: Line) -> dict[str, Any]:
    """A text with its translations."""
    return {
        "path": line.path,
        "source_language": line.source_language,
        "texts": dict(line.texts),
        "states": dict(line.states),
    }


def report_out(report: Report) -> dict[str, Any]:
    """What became of a file."""
    return {
        "taken": report.taken,
        "unchanged": report.unchanged,
        "refused": report.refused,
        "records": report.records,
    }


def task_out(task: Task) -> dict[str, Any]:
    """Something to do about a record."""
    record = task.record
    shown = record.content or (record.proposal.content if record.proposal else {})
    return {
        "task": task.what,
        "kind": record.kind,
        "id": record.id,
        "municipality": record.municipality or COMMON,
        "name": dict(heading(record.kind, shown)),
        "revision": record.revision,
        "verified_on": record.verified_on,
        "due": task.due,
    }


def link_task_out(link: Link) -> dict[str, Any]:
    """A broken link as something to do."""
    return {"task": "link", "kind": "link", "municipality": link.municipality} | link_out(link)


def link_out(link: Link) -> dict[str, Any]:
    """A link for staff."""
    return {
        "id": link.id,
        "website": link.website,
        "state": link.state,
        "reason": link.reason,
        "status": link.status,
        "records": list(link.users),
        "checked_at": link.checked_at.isoformat() if link.checked_at else None,
    }
