"""Commands and questions on records of every kind, and what they give."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from imigr_directory.domain import KINDS, Record
from imigr_directory.domain.content import heading
from imigr_directory.domain.freshness import is_stale
from imigr_directory.domain.records import COMMON, DRAFT, IN_REVIEW, REASONS, STATES
from imigr_directory.domain.translations import PUBLISHED
from imigr_directory.handlers.records import New, Target
from imigr_directory.schemas.content import content_in
from imigr_directory.schemas.fields import ID, KEY, one_of
from imigr_directory.schemas.services import NAMESPACE
from imigr_kit.fields import SLUG, Day


class Kind(Schema):
    """Of which kind."""

    kind = fields.String(required=True, validate=one_of(*KINDS))


class Command(Kind):
    """A write by a signed-in actor."""

    actor = fields.Dict(required=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class Open(Command):
    """A new record. ``state`` published: at once, for those who may."""

    municipality = fields.String(required=True, validate=SLUG)
    owner = fields.String(load_default=None, allow_none=True, validate=ID)
    content = fields.Dict(keys=fields.String(), required=True)
    state = fields.String(load_default=IN_REVIEW, validate=one_of(DRAFT, IN_REVIEW, PUBLISHED))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """With complete content and a New."""
        key, kind = data["idempotency_key"], data["kind"]
        identity = str(uuid.uuid5(NAMESPACE, f"{kind}:{key}"))
        home = home_in(data["municipality"])
        new = New(kind, identity, home, data["owner"])
        return data | {"new": new, "content": _content(kind, data["content"], key)}


class OnRecord(Command):
    """A step on the revision that was read."""

    record_id = fields.String(required=True, validate=ID)
    revision = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))

    @post_load
    def aim(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """With its Target."""
        target = Target(data["kind"], data["record_id"], data["revision"])
        return data | {"target": target} | self.more(data)

    def more(self, data: dict[str, Any]) -> dict[str, Any]:
        """What a step adds."""
        return {}


class Write(OnRecord):
    """Other content: as a draft, for review, or at once."""

    content = fields.Dict(keys=fields.String(), required=True)
    state = fields.String(load_default=IN_REVIEW, validate=one_of(DRAFT, IN_REVIEW, PUBLISHED))

    def more(self, data: dict[str, Any]) -> dict[str, Any]:
        """Complete content."""
        return {"content": _content(data["kind"], data["content"], data["idempotency_key"])}


class Decline(OnRecord):
    """With a reason of the list."""

    reason = fields.String(required=True, validate=one_of(*REASONS))


class Verify(OnRecord):
    """On a day; today when none is named."""

    on = Day(load_default=None, allow_none=True)


class Restore(OnRecord):
    """An earlier version."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))


class OneRecord(Kind):
    """A question about one record."""

    actor = fields.Dict(required=True)
    record_id = fields.String(required=True, validate=ID)


class Hands(Schema):
    """An organization's entries and who holds them."""

    actor = fields.Dict(required=True)
    organization_id = fields.String(required=True, validate=ID)
    staff_id = fields.String(required=True, validate=ID)


class ListRecords(Kind):
    """A page of a town's records."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    state = fields.String(load_default=None, allow_none=True, validate=one_of(*STATES))
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))


class PublicList(Kind):
    """What readers see of a town, with what is common to all; of everywhere when no town is named."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    taxonomy = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))


class PublicOne(Kind):
    """One record that readers see."""

    record_id = fields.String(required=True, validate=ID)


def home_in(municipality: str) -> str | None:
    """None for what is common to all."""
    return None if municipality == COMMON else municipality


def _content(kind: str, written: dict[str, Any], key: str) -> dict[str, Any]:
    try:
        return content_in(kind, written, key)
    except ValidationError as error:
        raise ValidationError({"content": error.messages}) from error


def care_out(record: Record, today: date) -> dict[str, Any]:
    """How far a record can be relied upon. ``translations`` names the texts in whose languages something is to be
    known: outdated, or made by a machine."""
    flagged = [
        {"path": path, "language": language, "state": state}
        for path, states in record.translations.items()
        for language, state in states.items()
        if state != PUBLISHED
    ]
    return {
        "verified_on": record.verified_on,
        "stale": is_stale(record.kind, record.verified_on, today),
        "updated_at": record.at or None,
        "translations": flagged,
    }


def public_out(record: Record, today: date) -> dict[str, Any]:
    """A record for everyone."""
    return {
        "id": record.id,
        "kind": record.kind,
        "municipality": record.municipality or COMMON,
        "version": record.version,
        "source": dict(record.source),
        "demonstration": record.demonstration,
        **care_out(record, today),
        **(record.content or {}),
    }


def record_out(record: Record) -> dict[str, Any]:
    """A record for staff, with what waits in it; texts in all their languages."""
    waiting = record.proposal
    return {
        "id": record.id,
        "kind": record.kind,
        "municipality": record.municipality or COMMON,
        "owner": record.owner,
        "state": record.state,
        "version": record.version,
        "revision": record.revision,
        "content": record.content,
        "proposal": None if waiting is None else asdict(waiting),
        "translations": record.translations,
        "verified_on": record.verified_on,
        "expires_on": record.expires_on,
        "source": dict(record.source),
        "demonstration": record.demonstration,
        "published_by": record.by or None,
        "published_at": record.at or None,
    }


def row_out(record: Record) -> dict[str, Any]:
    """A record in a list for staff."""
    shown = record.content or (record.proposal.content if record.proposal else {})
    return {
        "id": record.id,
        "kind": record.kind,
        "municipality": record.municipality or COMMON,
        "owner": record.owner,
        "name": dict(heading(record.kind, shown)),
        "state": record.state,
        "waiting": None if record.proposal is None else record.proposal.state,
        "version": record.version,
        "revision": record.revision,
        "verified_on": record.verified_on,
        "expires_on": record.expires_on,
    }


def versions_out(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Versions, the latest first."""
    names = ("version", "state", "by", "at", "verified_on", "content")
    return {"items": [{name: row[name] for name in names} for row in rows]}


def listed_out(rows: list[dict[str, Any]], total: int, page: tuple[int, int]) -> dict[str, Any]:
    """A page of a list."""
    return {"items": rows, "total": total, "page": page[0], "per_page": page[1]}
