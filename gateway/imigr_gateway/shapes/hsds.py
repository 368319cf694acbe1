"""Requests and answers of the HSDS interface. The objects themselves are in contracts/hsds-profile/schema.json."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import ID, Strict, says
from imigr_kit.fields import Moment


class Root(Schema):
    """Where to find what."""

    version = fields.String(metadata=says("Version of HSDS"))
    profile = fields.String(metadata=says("What our profile adds", format="uri"))
    openapi_url = fields.String(metadata=says("This description", format="uri"))


class Page(Schema):
    """HSDS's envelope of a list."""

    total_items = fields.Integer()
    total_pages = fields.Integer()
    page_number = fields.Integer()
    size = fields.Integer(metadata=says("Objects in this page"))
    first_page = fields.Boolean()
    last_page = fields.Boolean()
    empty = fields.Boolean()
    contents = fields.List(fields.Dict())


class Listed(Strict):
    """Parameters of every list; they combine as AND."""

    search = fields.String(load_default="", validate=validate.Length(max=200))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    per_page = fields.Integer(load_default=20, validate=validate.Range(1, 500))
    format = fields.String(
        load_default="json",
        validate=validate.OneOf(["json", "ndjson"]),
        metadata=says("ndjson streams all that matches, without pages"),
    )


class _ByTheme(Listed):
    taxonomy_term_id = fields.String(load_default=None, validate=ID, metadata=says("A term; those below it count too"))
    taxonomy_id = fields.String(load_default=None, validate=ID)


class Services(_ByTheme):
    """Parameters of the list of services."""

    organization_id = fields.String(load_default=None, validate=ID)
    modified_after = Moment(load_default=None, metadata=says("At this moment or later, with its offset"))
    minimal = fields.Boolean(load_default=None)
    full = fields.Boolean(load_default=None)


class ServiceAtLocations(_ByTheme):
    """Parameters of the list of services at locations."""

    organization_id = fields.String(load_default=None, validate=ID)
    modified_after = Moment(load_default=None, metadata=says("At this moment or later, with its offset"))
    full = fields.Boolean(load_default=None)
    postcode = fields.String(load_default=None, validate=validate.Length(min=2, max=12))
    proximity = fields.Float(
        load_default=None, validate=validate.Range(0, 500_000), metadata=says("Metres from the centre of postcode")
    )


class Organization(Strict):
    """Parameters of one organization."""

    full_service = fields.Boolean(load_default=False)


class Organizations(_ByTheme):
    """Parameters of the list of organizations."""

    full = fields.Boolean(load_default=None)
    full_service = fields.Boolean(load_default=None)


class Terms(Listed):
    """Parameters of the list of terms."""

    taxonomy_id = fields.String(load_default=None, validate=ID)
    top_only = fields.Boolean(load_default=None)
    parent_id = fields.String(load_default=None, validate=ID)
