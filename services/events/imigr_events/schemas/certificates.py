"""Certificates on the wire; no name of anybody is."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from imigr_events.domain.certificates import Below, Rule, Withdrawn
from imigr_events.schemas.base import ID, KEY, Manage
from imigr_kit.fields import HASH, LANGUAGE, SLUG, Pattern


class CertificateRule(Schema):
    """From which share of its sessions an event certifies."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)
    minimum_percent = fields.Integer(required=True, strict=True, validate=validate.Range(1, 100))
    below = fields.String(load_default="refuse", validate=validate.OneOf([str(one) for one in Below]))
    version = fields.Integer(load_default=0, strict=True, validate=validate.Range(0))
    idempotency_key = fields.String(required=True, validate=KEY)


class SignCertificate(Manage):
    """A commitment to the holder's name, and the language of the certificate."""

    commitment = fields.String(required=True, validate=HASH)
    language = fields.String(required=True, validate=LANGUAGE)


class OneCertificate(Schema):
    """Which certificate."""

    municipality = fields.String(required=True, validate=SLUG)
    number = fields.String(required=True, validate=Pattern(r"[0-9a-f]{20}"))


class RevokeCertificate(OneCertificate):
    """Who revokes it, and why."""

    actor = fields.Dict(required=True)
    reason = fields.String(required=True, validate=validate.OneOf([str(one) for one in Withdrawn]))
    idempotency_key = fields.String(required=True, validate=KEY)


class Town(Schema):
    """Whose."""

    municipality = fields.String(required=True, validate=SLUG)


CERTIFICATE_RULE = CertificateRule()
ONE_CERTIFICATE = OneCertificate()
REVOKE_CERTIFICATE = RevokeCertificate()
TOWN = Town()
SIGN_CERTIFICATE = SignCertificate()


def rule_of(data: dict[str, Any]) -> Rule:
    """The rule in loaded CertificateRule data."""
    below = Below(data["below"])
    return Rule(data["event_id"], data["municipality"], data["minimum_percent"], below, data["version"] + 1)


def rule_out(rule: Rule | None, event_id: str, issued: int | None = None) -> dict[str, Any]:
    """A rule for staff; an event without one gives no certificates."""
    found: dict[str, Any] = {"event_id": event_id, "gives_certificates": rule is not None, "version": 0}
    if rule is not None:
        found |= {"minimum_percent": rule.minimum_percent, "below": str(rule.below), "version": rule.version}
    return found if issued is None else found | {"issued": issued}
