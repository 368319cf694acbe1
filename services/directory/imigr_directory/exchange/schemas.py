"""What the methods of the exchange take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from imigr_directory.exchange.catalogue import Asked
from imigr_directory.exchange.exporting import FORMS as EXPORTS
from imigr_directory.exchange.feed import Change
from imigr_directory.exchange.sources import FORMS
from imigr_kit.fields import LANGUAGE, Moment

MOST_PER_PAGE = 500
KINDS = ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms")
_ID = validate.Length(min=1, max=64)


def _names() -> fields.Dict:
    """Names of theirs to names of ours."""
    words = fields.String(validate=validate.Length(min=1, max=200))
    return fields.Dict(keys=words, values=words, load_default=dict, validate=validate.Length(max=1000))


class HsdsQuery(Schema):
    """A list of HSDS."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    search = fields.String(load_default="", validate=validate.Length(max=200))
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 100_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, MOST_PER_PAGE))
    full = fields.Boolean(load_default=False)
    minimal = fields.Boolean(load_default=False)
    full_service = fields.Boolean(load_default=False)
    taxonomy_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    taxonomy_term_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    organization_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    modified_after = Moment(load_default=None, allow_none=True)
    postcode = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=2, max=12))
    proximity = fields.Float(load_default=None, allow_none=True, validate=validate.Range(0, 500_000))
    top_only = fields.Boolean(load_default=False)
    parent_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    after = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """A distance needs a point."""
        if data["proximity"] is not None and data["postcode"] is None:
            raise ValidationError("needs postcode", "proximity")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[str, Asked]:
        """The kind, and what is asked."""
        return data.pop("kind"), Asked(**data)


class HsdsOne(Schema):
    """One object of HSDS."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.String(required=True, validate=_ID)
    full_service = fields.Boolean(load_default=False)


class BeginImport(Schema):
    """An import that is about to be sent."""

    actor = fields.Dict(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(min=1, max=200))
    municipality = fields.String(required=True, validate=_ID)
    form = fields.String(required=True, validate=validate.OneOf(FORMS))
    source = fields.String(required=True, validate=validate.Length(min=1, max=100))
    language = fields.String(load_default="fr", validate=LANGUAGE)
    theme = fields.String(load_default=None, allow_none=True, validate=_ID)
    themes = _names()
    columns = _names()
    kinds = _names()
    licence = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))
    url = fields.Url(load_default=None, allow_none=True, schemes={"http", "https"})
    dry_run = fields.Boolean(load_default=False)


class OfImport(Schema):
    """One import."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=_ID)
    import_id = fields.String(required=True, validate=_ID)


class ImportPart(OfImport):
    """The next part of its file, in base64."""

    number = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1000))
    data = fields.String(required=True, validate=validate.Length(min=1, max=1_000_000))


class ImportLines(OfImport):
    """A page of what an import told."""

    sort = fields.String(required=True, validate=validate.OneOf(["remarks", "difference"]))
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 1000))


class Export(Schema):
    """A municipality's directory as a file."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=_ID)
    form = fields.String(required=True, validate=validate.OneOf(EXPORTS))


class Changes(Schema):
    """A part of the feed."""

    after = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    limit = fields.Integer(load_default=100, strict=True, validate=validate.Range(1, 500))
    municipality = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))


def change_out(change: Change) -> dict[str, Any]:
    """A change on the wire: the whole public content, or a tombstone."""
    told: dict[str, Any] = {
        "kind": change.kind,
        "id": change.id,
        "municipality": change.municipality,
        "version": change.version,
        "deleted": change.record is None,
    }
    if change.record is not None:
        told |= {
            "content": dict(change.record.content or {}),
            "verified_on": change.record.verified_on,
            "source": dict(change.record.source),
            "modified_at": change.record.at,
        }
    return told
