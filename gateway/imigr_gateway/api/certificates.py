"""Certificates: printed for their holder, verified by anyone. The holder's name is in the body of one request, in the
memory of one printing process and in the file; it is in no address, call, event, log or database."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

import segno
from flask import Response, request

from imigr_gateway.attending import certificate, towns
from imigr_gateway.attending.printing import printed
from imigr_gateway.attending.words import CERTIFICATE
from imigr_gateway.commands import backends, here, idempotency_key
from imigr_gateway.doors import public
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import certificates as shapes
from imigr_gateway.strict import StrictBlueprint
from imigr_kit.secret import Secret

blueprint = StrictBlueprint("certificates", __name__, url_prefix="/api/v1", description="Certificates of attendance")


@blueprint.post("/registrations/<manage_token>/certificate")
@blueprint.arguments(shapes.CertificateWish)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf", description="PDF/UA-1")
@public
def print_certificate(data: dict[str, Any], manage_token: str) -> Response:
    """The certificate of a registration, with a name that is printed and signed but kept nowhere."""
    return pdf(manage_token, certificate.holder(data.pop("holder")), data["language"])


@blueprint.post("/certificates/verify")
@blueprint.arguments(shapes.CertificateCode)
@blueprint.response(200, shapes.Verification)
@public
def verify_certificate(data: dict[str, Any]) -> Any:
    """Whether a certificate is genuine, and what it says: nothing that is not printed on it."""
    return verified(Secret(data.pop("code")))


@blueprint.get("/municipalities/<municipality>/revoked-certificates")
@blueprint.arguments(base.Nothing, location="query")
@blueprint.response(200, shapes.RevokedList)
@public
def revoked_certificates(query: dict[str, Any], municipality: str) -> Any:
    """Numbers of certificates that hold no longer, signed, for devices without a network."""
    return backends().call("events", "revoked_certificates", municipality, municipality=municipality)


def pdf(manage_token: str, name: Secret[str], language: str) -> Response:
    """The file, for its holder alone. With an Idempotency-Key the same request gives the same code."""
    municipality, manage_hash = split_token(manage_token)
    salt = _salt(name)
    signed = backends().call(
        "events",
        "sign_certificate",
        municipality,
        municipality=municipality,
        manage_hash=manage_hash,
        commitment=certificate.commitment(name, salt),
        language=language,
    )
    code = certificate.composed(signed, name, salt)
    made = printed(fields(signed["statement"], name, code, here().public_url), f"certificate {manage_hash}")
    headers = {
        "Content-Disposition": f'attachment; filename="certificate-{signed["statement"]["number"]}.pdf"',
        "Cache-Control": "no-store",
        "Content-Language": language,
    }
    return Response(made, content_type="application/pdf", headers=headers)


def verified(code: Secret[str]) -> dict[str, Any]:
    """What anybody learns of a code."""
    municipality = certificate.municipality_of(code)
    keys = {} if municipality is None else backends().call("events", "public_keys", municipality)["keys"]
    found = certificate.verify(code, keys)
    if found is None:
        return {"is_genuine": False}
    state = backends().call(
        "events", "certificate_state", municipality, municipality=municipality, number=found.statement["number"]
    )
    revoked = {"is_revoked": state["is_revoked"], "revoked_on": state["revoked_on"]}
    return {"is_genuine": True, "holder": found.holder.reveal(), **found.statement, **revoked}


def fields(statement: Mapping[str, Any], name: Secret[str], code: Secret[str], public_url: str) -> dict[str, Any]:
    """What the printer is given."""
    language = statement["language"]
    words = CERTIFICATE[language]
    hours, minutes = divmod(statement["minutes"], 60)
    whole = statement["attended"] == statement["sessions"]
    link = f"{public_url}/c#{code.reveal()}"
    picture = segno.make(link, error="l", micro=False).svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
    return {
        "words": words,
        "language": language,
        "holder": name.reveal(),
        "title": statement["title"],
        "extent": words["all"] if whole else words["some"].format(**statement),
        "days": [written_day(day) for day in statement["days"]],
        "comma": "،" if language == "ar" else ",",
        "duration": words["hours"].format(hours=hours, minutes=minutes),
        "municipality": towns.name(statement["municipality"], language),
        "issued_on": written_day(statement["issued_on"]),
        "number": statement["number"],
        "qr": picture,
        "address": f"{public_url}/c",
    }


def written_day(day: str) -> str:
    """As it is written in Tunisia, in three languages: 12/12/2026."""
    return f"{date.fromisoformat(day):%d/%m/%Y}"


def _salt(name: Secret[str]) -> bytes:
    if "Idempotency-Key" not in request.headers:
        return secrets.token_bytes(certificate.SALT_OCTETS)
    digest = here().people.salt(idempotency_key(), name)
    return digest[: certificate.SALT_OCTETS]
