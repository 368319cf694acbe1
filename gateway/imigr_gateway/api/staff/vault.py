"""Contacts, for staff: shown for a stated reason, noted before."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.doors import persons, staff
from imigr_gateway.shapes import vault as shapes

blueprint = staff_blueprint("vault", "Contacts, for staff: shown for a stated reason, noted before.")


@blueprint.post("/<municipality>/contacts/<subject>/reveal")
@blueprint.arguments(shapes.RevealContact)
@blueprint.response(200, shapes.Revealed)
@persons("mediator", "manager")
def reveal_contact(data: dict[str, Any], municipality: str, subject: str) -> Any:
    """The phone number or email behind an appointment or a registration, by its id."""
    return command(
        "notifications",
        "reveal_contact",
        municipality,
        municipality=municipality,
        subject=subject,
        reason=data["reason"],
    )


@blueprint.get("/<municipality>/contacts/reveals")
@blueprint.response(200, shapes.Reveals)
@staff("manager")
def list_reveals(municipality: str) -> Any:
    """Who was shown an address, when and why."""
    return call("notifications", "list_reveals", municipality, municipality=municipality)
