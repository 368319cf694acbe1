"""Answers about packs and brochures."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Read, says
from imigr_kit.fields import LANGUAGE, SLUG, Pattern

NAME = Pattern(r"[0-9a-f]{32}")
MOMENT = says("RFC 3339, UTC", format="date-time")


class PackQuery(Read):
    """What the client has."""

    have = fields.String(load_default=None, validate=NAME, metadata=says("Name of the pack that the client has"))


class PackOut(Schema):
    """An offline pack: everything of a town in one language, as one JSON document with a record a line."""

    municipality = fields.String()
    language = fields.String()
    pack = fields.String(metadata=says("Its name: the first 32 hexadecimal digits of the SHA-256 of its text"))
    number = fields.Integer(metadata=says("Counts the packs of this town and language"))
    size = fields.Integer(metadata=says("Octets of the text"))
    br_size = fields.Integer(metadata=says("Octets on the wire, by brotli"))
    gzip_size = fields.Integer(metadata=says("Octets on the wire, by gzip"))
    made_at = fields.String(metadata=MOMENT)
    url = fields.String(metadata=says("Where it is; it never changes"))
    change_url = fields.String(
        allow_none=True,
        metadata=says("Where the difference from the pack at hand is; null: fetch it whole"),
    )


class Packs(Schema):
    """The present packs."""

    items = fields.List(fields.Nested(PackOut))


class BrochureQuery(Read):
    """Which editions."""

    municipality = fields.String(load_default=None, validate=SLUG, metadata=says("Slug, such as la-marsa"))
    language = fields.String(load_default=None, validate=LANGUAGE, metadata=says("BCP 47"))
    most = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class Changes(Schema):
    """Names of what is new, other, and gone."""

    added = fields.List(fields.String())
    changed = fields.List(fields.String())
    removed = fields.List(fields.String())


class BrochureOut(Schema):
    """An edition of a brochure."""

    municipality = fields.String()
    language = fields.String()
    number = fields.Integer()
    issued_on = fields.String(metadata=says("ISO 8601", format="date"))
    pages = fields.Integer()
    hash = fields.String(metadata=says("SHA-256 of its content"))
    sizes = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=says("Octets by form: pdf, html, txt"))
    changes = fields.Nested(Changes, metadata=says("Since the edition before"))
    urls = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata=says("Where the latest edition is, by form")
    )


class Brochures(Schema):
    """Editions."""

    items = fields.List(fields.Nested(BrochureOut))
