"""Requests and answers of accounts."""

from __future__ import annotations

from marshmallow import fields, validate

from imigr_gateway.shapes.base import Strict, says
from imigr_kit.access import ROLES


class Login(Strict):
    """Staff sign in."""

    email = fields.String(required=True, validate=validate.Length(min=3, max=254))
    password = fields.String(required=True, validate=validate.Length(min=1, max=1024))


class Role(Strict):
    """A role in a municipality."""

    municipality = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))


class NewStaff(Strict):
    """A staff account."""

    email = fields.String(required=True, validate=validate.Length(min=3, max=254))
    password = fields.String(required=True, validate=validate.Length(min=12, max=1024))
    display = fields.String(
        required=True,
        validate=validate.Length(min=1, max=80),
        metadata=says("A function of the list; no name"),
    )
    roles = fields.List(fields.Nested(Role), required=True, validate=validate.Length(min=1, max=20))


class NewToken(Strict):
    """A token for a machine."""

    label = fields.String(required=True, validate=validate.Length(min=1, max=80))
    roles = fields.List(fields.Nested(Role), required=True, validate=validate.Length(min=1, max=20))
