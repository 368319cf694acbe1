"""Requests and answers about contacts."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Strict, says

CONSENTS = ["messages", "reminders", "campaigns"]
REASONS = ["asked_to_be_called", "closed_at_short_notice", "correction", "not_reached", "safety"]


class Purpose(Schema):
    """Why a contact is kept."""

    subject = fields.String(metadata=says("Id of an appointment or a registration"))
    until = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class Held(Schema):
    """What is held about a contact."""

    held = fields.Boolean(required=True)
    channel = fields.String()
    hint = fields.String(metadata=says("Enough to recognise one's own address, and no more"))
    language = fields.String(allow_none=True)
    consents = fields.List(fields.String(validate=validate.OneOf(CONSENTS)))
    kept_until = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    purposes = fields.List(fields.Nested(Purpose))


class SetConsent(Strict):
    """What may be written about from now on."""

    consents = fields.List(fields.String(validate=validate.OneOf(CONSENTS)), required=True)


class RevealContact(Strict):
    """Why the address must be seen."""

    reason = fields.String(required=True, validate=validate.OneOf(REASONS))


class Revealed(Schema):
    """The address behind an appointment or a registration."""

    channel = fields.String(required=True)
    address = fields.String(required=True)


class Reveal(Schema):
    """Who was shown an address, and why."""

    number = fields.Integer(required=True)
    at = fields.String(required=True, metadata=says("RFC 3339, UTC", format="date-time"))
    actor = fields.String(required=True)
    municipality = fields.String(required=True)
    subject = fields.String(required=True)
    reason = fields.String(required=True)
    outcome = fields.String(
        required=True,
        validate=validate.OneOf(["shown", "refused"]),
        metadata=says("refused: the hour's limit of this member of staff was reached; one row an hour"),
    )


class Reveals(Schema):
    """Newest first."""

    items = fields.List(fields.Nested(Reveal), required=True)
