"""Rules of certificates, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import certificates as shapes

blueprint = staff_blueprint("certificates", "Rules of certificates, for staff.")


@blueprint.get("/<municipality>/events/<event_id>/certificate-rule")
@blueprint.response(200, shapes.CertificateRuleOut)
@staff("manager", "editor", "mediator")
def get_certificate_rule(municipality: str, event_id: str) -> Any:
    """From which share of its sessions an event certifies, and how many certificates it has issued."""
    return call("events", "get_certificate_rule", municipality, municipality=municipality, event_id=event_id)


@blueprint.put("/<municipality>/events/<event_id>/certificate-rule")
@blueprint.arguments(shapes.CertificateRule)
@blueprint.response(200, shapes.CertificateRuleOut)
@staff("manager", "editor")
def set_certificate_rule(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Decide it; without a rule an event gives no certificates."""
    return command("events", "set_certificate_rule", municipality, municipality=municipality, event_id=event_id, **data)


@blueprint.post("/<municipality>/certificates/<number>/revoke")
@blueprint.arguments(shapes.Revoke)
@blueprint.response(200, shapes.Revoked)
@staff("manager")
def revoke_certificate(data: dict[str, Any], municipality: str, number: str) -> Any:
    """A certificate holds no longer, for good; whoever verifies it is told."""
    return command("events", "revoke_certificate", municipality, municipality=municipality, number=number, **data)
