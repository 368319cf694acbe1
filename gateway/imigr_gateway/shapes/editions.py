"""Answers about packs and brochures."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Read, says

NAME = validate.Regexp(r"^[0-9a-f]{32}$")
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
