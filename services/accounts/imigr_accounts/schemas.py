"""Wire to domain: what RPC methods take."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from imigr_accounts.domain import REASONS, ROLES, Grant, names_a_function, normal_email
from imigr_kit.fields import Pattern
from imigr_kit.secret import Secret

ID = validate.Length(min=1, max=64)
PLACE = Pattern(r"(\*|[a-z0-9]+(-[a-z0-9]+)*)")
KEY = validate.Length(min=1, max=200)
LABEL = Pattern(r"[a-z]{2,20}(-[a-z]{2,20}){0,3}(-[0-9]{1,2})?")
"""What a machine is called: a few plain words, in which no number of a person finds room."""
MOST_PASSWORD = 1024


class Text(fields.String):
    """A text that UTF-8 can hold: JSON can carry halves of a letter, which no hash and no database takes."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError("Not a valid text.") from None
        if "\x00" in text:
            raise ValidationError("Not a valid text.")
        return text


class Hidden(Text):
    """A text that becomes a Secret at once."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(text) <= MOST_PASSWORD:
            raise ValidationError(f"Length must be between 1 and {MOST_PASSWORD}.")
        return Secret(text)


class Login(Schema):
    """Sign in."""

    email = Text(required=True, validate=validate.Length(min=3, max=254))
    password = Hidden(required=True)
    client_key = Text(required=True, validate=validate.Length(min=1, max=128))
    device_token = Text(load_default=None, allow_none=True, validate=validate.Length(max=200))


class OneSession(Schema):
    """Which session, of whom."""

    session_id = Text(required=True, validate=ID)
    staff_id = Text(required=True, validate=ID)


class Token(Schema):
    """Which machine."""

    token = Hidden(required=True)


class Role(Schema):
    """A role in a municipality."""

    municipality = Text(required=True, validate=PLACE)
    role = Text(required=True, validate=validate.OneOf(ROLES))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Grant:
        """A Grant."""
        return Grant(**data)


class ActorRole(Schema):
    """A role that the caller holds."""

    municipality = Text(required=True, validate=PLACE)
    role = Text(required=True, validate=validate.OneOf(ROLES))


class Actor(Schema):
    """Who asks, as the gateway has found out."""

    id = Text(required=True, validate=ID)
    kind = Text(required=True, validate=validate.OneOf(["staff", "machine"]))
    roles = fields.List(fields.Nested(ActorRole), required=True)


class SignedIn(Schema):
    """Who asks, and by which session."""

    actor = fields.Nested(Actor, required=True)
    session_id = Text(required=True, validate=ID)


class OwnPassword(SignedIn):
    """Another password of one's own."""

    old = Hidden(required=True)
    new = Hidden(required=True)


class ResetByLink(Schema):
    """A link, and the password that it sets."""

    reset_token = Hidden(required=True)
    password = Hidden(required=True)
    client_key = Text(required=True, validate=validate.Length(min=1, max=128))


class InMunicipality(Schema):
    """Who asks, and where."""

    actor = fields.Nested(Actor, required=True)
    municipality = Text(required=True, validate=PLACE)


class Granting(InMunicipality):
    """Something new that gets roles."""

    roles = fields.List(fields.Nested(Role), required=True, validate=validate.Length(min=1, max=20))
    idempotency_key = Text(required=True, validate=KEY)

    @post_load
    def without_repetition(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Each role once."""
        return data | {"roles": tuple(dict.fromkeys(data["roles"]))}


class NewStaff(Granting):
    """A staff account; ``display`` names a function, never a person."""

    email = Text(required=True, validate=[validate.Email(), validate.Length(max=254)])
    password = Hidden(required=True)
    display = Text(required=True, validate=validate.Length(min=1, max=80))

    @post_load
    def one_form(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The email as it is stored; what is shown names a function and its town."""
        if not names_a_function(data["display"], data["roles"]):
            raise ValidationError("a function such as 'Mediator 3, La Marsa', with a town of its roles", "display")
        return data | {"email": normal_email(data["email"])}


class NewToken(Granting):
    """A token for a machine."""

    label = Text(required=True, validate=LABEL)


class Ending(InMunicipality):
    """The end of an account or a token, with a reason for the audit trail if one is told."""

    reason = Text(load_default="", validate=validate.OneOf(["", *REASONS]))
    idempotency_key = Text(required=True, validate=KEY)


class OneStaff(Ending):
    """Which account."""

    staff_id = Text(required=True, validate=ID)


class OneToken(Ending):
    """Which token."""

    token_id = Text(required=True, validate=ID)


class Resetting(InMunicipality):
    """Whose password a link is to set."""

    staff_id = Text(required=True, validate=ID)
    idempotency_key = Text(required=True, validate=KEY)
