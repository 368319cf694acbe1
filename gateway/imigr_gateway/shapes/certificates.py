"""Requests and answers of certificates."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.attending.words import CERTIFICATE
from imigr_gateway.shapes.base import Strict, says


class CertificateWish(Strict):
    """What to print."""

    holder = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata=says("Name to be printed and signed; it is kept nowhere"),
    )
    language = fields.String(load_default="fr", validate=validate.OneOf(sorted(CERTIFICATE)))


class CertificateCode(Strict):
    """The text of a certificate's QR code, without the address before it."""

    code = fields.String(required=True, validate=validate.Length(1, 4000))


class Verification(Schema):
    """What is printed on a genuine certificate; of any other, nothing."""

    is_genuine = fields.Boolean()
    holder = fields.String(metadata=says("As the code itself says; nobody has kept it"))
    number = fields.String()
    municipality = fields.String()
    language = fields.String()
    title = fields.String()
    days = fields.List(fields.String(metadata=says("Day of attendance", format="date")))
    attended = fields.Integer(metadata=says("Sessions attended"))
    sessions = fields.Integer(metadata=says("Sessions in all"))
    minutes = fields.Integer(metadata=says("Length of the attended sessions"))
    issued_on = fields.String(metadata=says("ISO 8601", format="date"))
    is_revoked = fields.Boolean(metadata=says("It was genuine and holds no longer"))
    revoked_on = fields.String(allow_none=True, metadata=says("ISO 8601", format="date"))


class Revoke(Strict):
    """Why it holds no longer."""

    reason = fields.String(
        required=True, validate=validate.OneOf(["issued_by_mistake", "attendance_corrected", "misused"])
    )


class Revoked(Schema):
    """A certificate that holds no longer."""

    number = fields.String()
    event_id = fields.String()
    is_revoked = fields.Boolean()
    revoked_on = fields.String(metadata=says("ISO 8601", format="date"))
    reason = fields.String()
    by = fields.String(metadata=says("Id of a staff account"))


class RevokedNumber(Schema):
    """One number of the list."""

    number = fields.String()
    revoked_on = fields.String(metadata=says("ISO 8601", format="date"))


class RevokedStatement(Schema):
    """What is signed: JSON with sorted names, no spaces, UTF-8, after ``imigr-revoked-1``."""

    municipality = fields.String()
    as_of = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    revoked = fields.List(fields.Nested(RevokedNumber))


class RevokedList(Schema):
    """Revoked certificates of a municipality, signed."""

    statement = fields.Nested(RevokedStatement)
    key_id = fields.String()
    signature = fields.String(metadata=says("Ed25519, base64"))


class CertificateRule(Strict):
    """From which share of its sessions an event certifies."""

    minimum_percent = fields.Integer(required=True, strict=True, validate=validate.Range(1, 100))
    below = fields.String(
        load_default="refuse",
        validate=validate.OneOf(["refuse", "state"]),
        metadata=says("Below the share: no certificate, or one that states the sessions attended"),
    )
    version = fields.Integer(load_default=0, strict=True, metadata=says("Of the rule that was seen; 0 for none"))


class CertificateRuleOut(Schema):
    """The rule of an event."""

    event_id = fields.String()
    gives_certificates = fields.Boolean()
    minimum_percent = fields.Integer()
    below = fields.String()
    version = fields.Integer()
    issued = fields.Integer()
