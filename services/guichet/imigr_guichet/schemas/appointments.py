"""Appointments on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.text import wire_time
from imigr_guichet.handlers.booking import Booking
from imigr_guichet.schemas.fields import CODE, HASH, ID, KEY, LANGUAGE, SLUG, Instant


class Manage(Schema):
    """Who holds the link of an appointment."""

    municipality = fields.String(required=True, validate=SLUG)
    manage_hash = fields.String(required=True, validate=HASH)


class Change(Manage):
    """A repeatable command on an appointment."""

    idempotency_key = fields.String(required=True, validate=KEY)


class Move(Change):
    """To another start."""

    start = Instant(required=True)


class Book(Schema):
    """A booking without an account; ``contact_id`` names a contact in the vault, or is absent."""

    municipality = fields.String(required=True, validate=SLUG)
    guichet_id = fields.String(required=True, validate=ID)
    start = Instant(required=True)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE)
    manage_hash = fields.String(required=True, validate=HASH)
    contact_id = fields.String(load_default=None, allow_none=True, validate=ID)
    channel = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["sms", "email"]))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)
    idempotency_key = fields.String(required=True, validate=KEY)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Booking, str]:
        """The booking and its idempotency key."""
        key = data.pop("idempotency_key")
        return Booking(**data), key


class Agenda(Schema):
    """Which day of which guichet, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    guichet_id = fields.String(required=True, validate=ID)
    date = fields.Date(required=True)


# One instance of each is enough, and making one costs more than a load.
AGENDA = Agenda()
BOOK = Book()
CHANGE = Change()
MANAGE = Manage()
MOVE = Move()


def agenda_out(appointments: Iterable[Appointment]) -> dict[str, Any]:
    """The agenda of a day for staff; no contact is in it."""
    return {"items": [agenda_row(one) for one in appointments]}


def agenda_row(one: Appointment) -> dict[str, Any]:
    """One appointment as staff see it."""
    return {
        "id": one.id,
        "municipality": one.municipality,
        "guichet_id": one.guichet_id,
        "desk": one.desk,
        "start": wire_time(one.start),
        "end": wire_time(one.end),
        "topic": one.topic,
        "language": one.language,
        "state": str(one.state),
        "version": one.version,
    }


def with_place(said: dict[str, Any], guichet: Guichet | None) -> dict[str, Any]:
    """An answer about an appointment with the name and address of where it is."""
    if guichet is None:
        return said
    place = {"guichet_name": dict(guichet.name), "address": dict(guichet.address), "timezone": guichet.timezone}
    return said | place
