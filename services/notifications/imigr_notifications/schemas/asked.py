"""What RPC methods are asked."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_kit.fields import SLUG
from imigr_notifications.domain import Consent
from imigr_notifications.schemas.fields_shared import ID


class Subject(Schema):
    """Whose messages."""

    subject = fields.String(required=True, validate=ID)


class Forget(Schema):
    """Which contact to destroy."""

    contact_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=validate.Length(min=1, max=200))


class OfContact(Schema):
    """Which contact."""

    contact_id = fields.String(required=True, validate=ID)


class SetConsent(Forget):
    """What the person allows from now on."""

    consents = fields.List(fields.String(validate=validate.OneOf([str(one) for one in Consent])), required=True)


class TakeReport(Schema):
    """Which provider, its token, and what it says: parameters by its own names."""

    provider = fields.String(required=True, validate=ID)
    token = fields.String(required=True, validate=ID)
    told = fields.Dict(
        keys=fields.String(validate=validate.Length(max=64)),
        values=fields.String(validate=validate.Length(max=500)),
        required=True,
        validate=validate.Length(max=40),
    )


class Unsubscribe(Schema):
    """The token of the link."""

    token = fields.String(required=True, validate=validate.Length(1, 200))
    idempotency_key = fields.String(required=True, validate=validate.Length(min=1, max=200))


class RevealContact(Schema):
    """Whose address, to whom, why."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=ID)
    subject = fields.String(required=True, validate=ID)
    reason = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=validate.Length(min=1, max=200))


class ListReveals(Schema):
    """Of which town, and for whom."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=ID)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class Figures(Schema):
    """Whose figures, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True)


class ChannelFigures(Figures):
    """Of how many days back."""

    days = fields.Integer(strict=True, load_default=30, validate=validate.Range(1, 30))


class OfMunicipality(Schema):
    """Who asks about which municipality."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)


class SearchMessages(OfMunicipality):
    """Whose messages staff look for: the id of an appointment, registration, campaign, or of a message."""

    reference = fields.String(required=True, validate=validate.Length(min=1, max=160))
