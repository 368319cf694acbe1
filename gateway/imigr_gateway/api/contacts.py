"""A person's own contact, by manage link: what is held, what is allowed."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api import appointments, events
from imigr_gateway.commands import backends, idempotency_key
from imigr_gateway.doors import public
from imigr_gateway.shapes import base
from imigr_gateway.shapes import vault as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint(
    "contacts", __name__, url_prefix="/api/v1", description="A person's own contact: what is held, what is allowed"
)
NOTHING = {"held": False}


@blueprint.get("/appointments/<manage_token>/contact")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.Held)
@public
def held_for_appointment(query: dict[str, Any], manage_token: str) -> Any:
    """What is held about the phone number or email of an appointment."""
    return _ask(appointments.read(manage_token), "held_contact")


@blueprint.get("/registrations/<manage_token>/contact")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.Held)
@public
def held_for_registration(query: dict[str, Any], manage_token: str) -> Any:
    """What is held about the phone number or email of a registration."""
    return _ask(events.read(manage_token), "held_contact")


@blueprint.post("/appointments/<manage_token>/consent")
@blueprint.arguments(shapes.SetConsent)
@blueprint.response(200, shapes.Held)
@public
def allow_for_appointment(data: dict[str, Any], manage_token: str) -> Any:
    """What may be written about from now on."""
    return _ask(appointments.read(manage_token), "set_consent", **data, idempotency_key=idempotency_key())


@blueprint.post("/registrations/<manage_token>/consent")
@blueprint.arguments(shapes.SetConsent)
@blueprint.response(200, shapes.Held)
@public
def allow_for_registration(data: dict[str, Any], manage_token: str) -> Any:
    """What may be written about from now on."""
    return _ask(events.read(manage_token), "set_consent", **data, idempotency_key=idempotency_key())


def _ask(record: dict[str, Any], method: str, **payload: Any) -> Any:
    if record["contact_id"] is None:
        return NOTHING
    return backends().call("notifications", method, record["municipality"], contact_id=record["contact_id"], **payload)
