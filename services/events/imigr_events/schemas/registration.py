"""Registrations on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_events.domain import CATEGORIES, Seats
from imigr_events.handlers import HoldWanted, Wanted
from imigr_events.handlers.deciding import REASONS
from imigr_events.schemas.base import CODE, ID, KEY, Change, Manage
from imigr_kit.fields import HASH, LANGUAGE, SLUG
from imigr_kit.pressure import Asker

PLACES = validate.Range(1, 4)
TAKEN_UP = frozenset({"client_key", "network_key", "proof", "places", "kinds", "sessions", "actor"})
"""What is wanted in another form."""


class SeatsIn(Schema):
    """Places that are never split."""

    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    places = fields.Integer(load_default=1, strict=True, validate=PLACES)
    kinds = fields.Dict(
        keys=fields.String(validate=validate.OneOf(CATEGORIES)),
        values=fields.Integer(strict=True, validate=PLACES),
        load_default=dict,
    )
    sessions = fields.List(fields.String(validate=ID), load_default=list, validate=validate.Length(max=100))
    client_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    network_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    proof = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))
    idempotency_key = fields.String(required=True, validate=KEY)


class HoldIn(SeatsIn):
    """Places to keep while a form is filled."""

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[HoldWanted, str]:
        """What is wanted, and the idempotency key."""
        seats = _seats(data)
        return HoldWanted(data["municipality"], data["event_id"], seats, _asker(data)), data["idempotency_key"]


class ReleaseHold(Schema):
    """Which hold to give back."""

    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)
    hold_id = fields.String(required=True, validate=ID)


class Register(SeatsIn):
    """A registration without an account."""

    manage_hash = fields.String(required=True, validate=HASH)
    contact_id = fields.String(load_default=None, allow_none=True, validate=ID)
    contact_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    contact_keys_before = fields.List(fields.String(validate=HASH), load_default=list, validate=validate.Length(max=2))
    channel = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["sms", "email"]))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)
    code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    hold_id = fields.String(load_default=None, allow_none=True, validate=ID)
    answers = fields.Dict(
        keys=fields.String(validate=CODE),
        values=fields.List(fields.String(validate=CODE), validate=validate.Length(max=20)),
        load_default=dict,
        validate=validate.Length(max=20),
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Wanted, str]:
        """What is wanted, and the idempotency key."""
        key = data.pop("idempotency_key")
        seats, asker = _seats(data), _asker(data)
        keys = (data.pop("contact_key"), *data.pop("contact_keys_before"))
        contacts = tuple(one for one in keys if one is not None)
        rest = {name: value for name, value in data.items() if name not in TAKEN_UP}
        return Wanted(**rest, seats=seats, asker=asker, contact_keys=contacts), key


class RegisterFor(Register):
    """A registration that staff make for somebody."""

    actor = fields.Dict(required=True)


class OwnRegistrations(Schema):
    """Whose list, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)


class ByReference(Schema):
    """A reference that a person reads aloud, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    reference = fields.String(required=True, validate=validate.Length(min=1, max=20))


class Decision(OwnRegistrations):
    """Which registration, by its id or its reference."""

    registration_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    idempotency_key = fields.String(required=True, validate=KEY)


class Rejection(Decision):
    """Why it is refused, from a closed list."""

    reason = fields.String(required=True, validate=validate.OneOf(REASONS))


class NoShow(Decision):
    """Marked, or unmarked again."""

    undo = fields.Boolean(load_default=False)


class Merge(Decision):
    """The one that ends, beside the one that stays."""

    other_id = fields.String(required=True, validate=ID)


BY_REFERENCE = ByReference()
CHANGE = Change()
DECISION = Decision()
HOLD = HoldIn()
MANAGE = Manage()
MERGE = Merge()
NO_SHOW = NoShow()
REGISTER = Register()
REGISTER_FOR = RegisterFor()
REGISTRATIONS = OwnRegistrations()
REJECTION = Rejection()
RELEASE_HOLD = ReleaseHold()


def _asker(data: dict[str, Any]) -> Asker | None:
    client, network = data["client_key"], data["network_key"]
    return Asker(client, network or client, data["proof"]) if client else None


def _seats(data: dict[str, Any]) -> Seats:
    return Seats(data["places"], data["kinds"], tuple(data["sessions"]))
