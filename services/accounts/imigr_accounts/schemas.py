"""Wire to domain: what RPC methods take."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_accounts.domain import ROLES, Grant
from imigr_kit.secret import Secret

ID = validate.Length(min=1, max=64)
PLACE = validate.Regexp(r"^(\*|[a-z0-9]+(-[a-z0-9]+)*)$")
KEY = validate.Length(min=1, max=200)


class _Hidden(fields.String):
    """A text that becomes a Secret at once."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return Secret(super()._deserialize(value, attr, data, **kwargs))


class Login(Schema):
    """Sign in."""

    email = fields.String(required=True, validate=validate.Length(min=3, max=254))
    password = _Hidden(required=True)
    client_key = fields.String(required=True, validate=validate.Length(min=1, max=128))


class Token(Schema):
    """Which machine."""

    token = _Hidden(required=True)


class Role(Schema):
    """A role in a municipality."""

    municipality = fields.String(required=True, validate=PLACE)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Grant:
        """A Grant."""
        return Grant(**data)


class InMunicipality(Schema):
    """Who asks, and where."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=PLACE)


class NewStaff(InMunicipality):
    """A staff account; ``display`` names a function, never a person."""

    email = fields.Email(required=True)
    password = _Hidden(required=True)
    display = fields.String(required=True, validate=validate.Length(min=1, max=80))
    roles = fields.List(fields.Nested(Role), required=True, validate=validate.Length(min=1, max=20))
    idempotency_key = fields.String(required=True, validate=KEY)


class OneStaff(InMunicipality):
    """Which account."""

    staff_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=KEY)


class NewToken(InMunicipality):
    """A token for a machine."""

    label = fields.String(required=True, validate=validate.Length(min=1, max=80))
    roles = fields.List(fields.Nested(Role), required=True, validate=validate.Length(min=1, max=20))
    idempotency_key = fields.String(required=True, validate=KEY)


class OneToken(InMunicipality):
    """Which token."""

    token_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=KEY)
