"""Requests and answers of the feed of changes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Strict, says
from imigr_kit.fields import SLUG


class AfterCursor(Strict):
    """From where, how many."""

    after = fields.String(
        load_default=None, validate=validate.Length(max=200), metadata=says("The cursor of the answer before")
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))
    municipality = fields.String(
        load_default=None, validate=SLUG, metadata=says("Only of this one, and what is common to all")
    )


class Change(Schema):
    """An entry as it is now."""

    kind = fields.String(metadata=says("organization, service, location, article or alert"))
    id = fields.String()
    municipality = fields.String(allow_none=True, metadata=says("null: common to all"))
    version = fields.Integer()
    deleted = fields.Boolean(metadata=says("A tombstone: nothing but this is left"))
    content = fields.Dict(metadata=says("The entry in all its languages"))
    verified_on = fields.String(allow_none=True, metadata=says("RFC 3339", format="date"))
    source = fields.Dict()
    modified_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class Changes(Schema):
    """A part of the feed."""

    items = fields.List(fields.Nested(Change))
    cursor = fields.String(metadata=says("Opaque; give it as `after` next time, also when there were no items"))
    more = fields.Boolean(metadata=says("Whether to ask again at once"))
