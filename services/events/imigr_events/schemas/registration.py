"""Registrations on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_events.domain import Event, Registration
from imigr_events.handlers import Wanted
from imigr_events.schemas.base import HASH, ID, KEY, LANGUAGE, SLUG, Change, Manage
from imigr_events.schemas.event import event_out


class Register(Schema):
    """A registration without an account."""

    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)
    places = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 4))
    manage_hash = fields.String(required=True, validate=HASH)
    contact_id = fields.String(load_default=None, allow_none=True, validate=ID)
    channel = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["sms", "email"]))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)
    idempotency_key = fields.String(required=True, validate=KEY)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Wanted, str]:
        """What is wanted, and the idempotency key."""
        key = data.pop("idempotency_key")
        return Wanted(**data), key


class Registrations(Schema):
    """Whose list, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)


CHANGE = Change()
MANAGE = Manage()
REGISTER = Register()
REGISTRATIONS = Registrations()


def registrations_out(event: Event, rows: Iterable[Registration]) -> dict[str, Any]:
    """The list of an event for staff: no contact is in it."""
    items = [{"id": one.id, "places": one.places, "state": str(one.state), "version": one.version} for one in rows]
    return {"event": event_out(event), "items": items}
