"""Brochures on the wire."""

from __future__ import annotations

import base64
from typing import Any

from marshmallow import Schema, fields, validate

from imigr_directory.brochure.domain import FORMS, Edition
from imigr_directory.schemas import LANGUAGE, SLUG


class ListBrochures(Schema):
    """Of a town and language, or of all."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)
    most = fields.Integer(load_default=50, strict=True, validate=validate.Range(1, 200))


class GetBrochure(Schema):
    """The latest, or the one with a number."""

    municipality = fields.String(required=True, validate=SLUG)
    language = fields.String(required=True, validate=LANGUAGE)
    number = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 1_000_000))


class ReadBrochure(GetBrochure):
    """A part of one of its files."""

    form = fields.String(required=True, validate=validate.OneOf(tuple(FORMS)))
    offset = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 100_000_000))


def edition_out(edition: Edition) -> dict[str, Any]:
    """An edition without its files."""
    return {
        "municipality": edition.municipality,
        "language": edition.language,
        "number": edition.number,
        "issued_on": edition.issued_on.isoformat(),
        "pages": edition.pages,
        "hash": edition.content_hash,
        "sizes": {form: size for form, (_, size) in edition.files.items()},
        "changes": {name: list(getattr(edition.changes, name)) for name in ("added", "changed", "removed")},
    }


def part_out(edition: Edition, part: bytes, size: int) -> dict[str, Any]:
    """A part of a file, and of which edition it is."""
    return {
        "number": edition.number,
        "hash": edition.content_hash,
        "size": size,
        "content": base64.b64encode(part).decode(),
    }
