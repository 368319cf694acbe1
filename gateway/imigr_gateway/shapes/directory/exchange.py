"""Requests and answers of imports and exports."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates

from imigr_gateway.shapes.base import Strict, says
from imigr_kit.fields import LANGUAGE


class ImportOrder(Strict):
    """What the body is and how it is to be read."""

    form = fields.String(required=True, validate=validate.OneOf(["package", "hsds", "csv", "osm"]))
    source = fields.String(
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata=says("Publisher of the file; its keys that are no UUIDs count within it"),
    )
    language = fields.String(load_default=None, validate=LANGUAGE, metadata=says("Of texts that do not say"))
    theme = fields.String(load_default=None, metadata=says("For services without a theme that the taxonomy knows"))
    licence = fields.String(load_default=None, validate=validate.Length(max=100))
    url = fields.Url(load_default=None)
    dry_run = fields.Boolean(load_default=None)
    mapping = fields.String(
        load_default=None,
        validate=validate.Length(max=8000),
        metadata=says("JSON object with any of: columns (column to table.field), themes, kinds (key=value to theme)"),
    )

    @validates("mapping")
    def check(self, text: str | None, **_: Any) -> None:
        """An object of objects."""
        try:
            found = json.loads(text) if text else {}
        except ValueError:
            raise ValidationError("not JSON") from None
        if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
            raise ValidationError("an object of objects")


class Import(Schema):
    """An import."""

    id = fields.String()
    municipality = fields.String()
    form = fields.String()
    source = fields.String()
    dry_run = fields.Boolean()
    state = fields.String(metadata=says("receiving, waiting, running, done or failed"))
    step = fields.String(metadata=says("reading, understanding or writing"))
    done = fields.Integer()
    total = fields.Integer()
    bytes = fields.Integer()
    changes = fields.Integer()
    report = fields.Dict(metadata=says("Counts: came_in, repaired, quarantined, left_out, reasons, outcome"))
    error = fields.String(metadata=says("Code of what made it fail"))
    error_params = fields.Dict()
    created = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    ended = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class LinesPage(Strict):
    """A page of 500."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 1000))


class Lines(Schema):
    """Remarks, or changes."""

    items = fields.List(fields.Dict())
    page = fields.Integer()
    more = fields.Boolean()


class ExportOrder(Strict):
    """In which form."""

    form = fields.String(load_default="package", validate=validate.OneOf(["package", "json", "ndjson"]))
