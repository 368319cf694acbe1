"""Requests and answers of accounts."""

from __future__ import annotations

from marshmallow import fields, validate

from imigr_gateway.shapes.base import Strict, says
from imigr_kit.access import ROLES


class Login(Strict):
    """Staff sign in."""

    email = fields.String(required=True, validate=validate.Length(min=3, max=254))
    password = fields.String(required=True, validate=validate.Length(min=1, max=1024))
    device_token = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata=says("What the last sign-in on this device answered: tries of strangers do not slow this device down"),
    )


class OwnPassword(Strict):
    """Another password of one's own."""

    old_password = fields.String(required=True, validate=validate.Length(min=1, max=1024))
    new_password = fields.String(required=True, validate=validate.Length(min=12, max=1024))


class ResetByLink(Strict):
    """A one-time link, and the password that it sets."""

    reset_token = fields.String(required=True, validate=validate.Length(min=1, max=200))
    password = fields.String(required=True, validate=validate.Length(min=12, max=1024))


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
