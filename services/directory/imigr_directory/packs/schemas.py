"""Packs on the wire."""

from __future__ import annotations

import base64
from typing import Any

from marshmallow import Schema, fields, validate

from imigr_directory.packs.domain import PackHead
from imigr_directory.packs.handlers import Manifest
from imigr_directory.schemas import LANGUAGE, SLUG
from imigr_kit.fields import Pattern

NAME = Pattern(r"[0-9a-f]{32}")
ENCODINGS = ("br", "gzip")


class ListPacks(Schema):
    """Of a town, or of all."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)


class GetPack(Schema):
    """``have`` is the name of the pack that the client has."""

    municipality = fields.String(required=True, validate=SLUG)
    language = fields.String(required=True, validate=LANGUAGE)
    have = fields.String(load_default=None, allow_none=True, validate=NAME)


class ReadPack(Schema):
    """Which, and how compressed."""

    name = fields.String(required=True, validate=NAME)
    encoding = fields.String(load_default="br", validate=validate.OneOf(ENCODINGS))


class ReadChange(Schema):
    """From which to which."""

    old = fields.String(required=True, validate=NAME)
    new = fields.String(required=True, validate=NAME)
    encoding = fields.String(load_default="br", validate=validate.OneOf(ENCODINGS))


class OfStaff(Schema):
    """Staff of a town."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    idempotency_key = fields.String(load_default="", validate=validate.Length(max=200))


def head_out(head: PackHead) -> dict[str, Any]:
    """A pack without its content."""
    return {
        "municipality": head.municipality,
        "language": head.language,
        "pack": head.name,
        "number": head.number,
        "size": head.size,
        "br_size": head.br_size,
        "gzip_size": head.gz_size,
        "made_at": head.made_at.isoformat(),
    }


def manifest_out(found: Manifest) -> dict[str, Any]:
    """A pack, and from which it can be had as a difference."""
    return head_out(found.head) | {"have": found.have}


def octets_out(content: bytes, encoding: str) -> dict[str, Any]:
    """Octets as JSON can carry them."""
    return {"encoding": encoding, "content": base64.b64encode(content).decode()}
