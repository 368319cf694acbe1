"""What the RPC methods of the waiting list take."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_guichet.handlers.waiting_list import Wish
from imigr_guichet.schemas.fields import CODE, ID, KEY
from imigr_guichet.schemas.tickets import OfStaff
from imigr_kit.fields import HASH, LANGUAGE, SLUG, Day


class JoinList(Schema):
    """What somebody waits for."""

    municipality = fields.String(required=True, validate=SLUG)
    guichet_id = fields.String(required=True, validate=ID)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE)
    token_hash = fields.String(required=True, validate=HASH)
    place_hash = fields.String(required=True, validate=HASH)
    contact_id = fields.String(load_default=None, allow_none=True, validate=ID)
    channel = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["sms", "email"]))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)
    first_day = Day(load_default=None, allow_none=True)
    last_day = Day(load_default=None, allow_none=True)
    idempotency_key = fields.String(required=True, validate=KEY)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Wish:
        """The wish."""
        del data["idempotency_key"]
        return Wish(**data)


class OfPerson(Schema):
    """Who holds the link of an entry."""

    municipality = fields.String(required=True, validate=SLUG)
    token_hash = fields.String(required=True, validate=HASH)


class PersonCommand(OfPerson):
    """A repeatable command of the person."""

    idempotency_key = fields.String(required=True, validate=KEY)


class ListWaiting(OfStaff):
    """Of which guichet."""

    guichet_id = fields.String(required=True, validate=ID)


JOIN_LIST = JoinList()
OF_PERSON = OfPerson()
PERSON_COMMAND = PersonCommand()
LIST_WAITING = ListWaiting()
