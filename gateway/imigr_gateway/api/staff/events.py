"""Events, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes import events as shapes

blueprint = staff_blueprint("events", "Events, for staff.")


@blueprint.post("/<municipality>/events")
@blueprint.arguments(shapes.EventBody)
@blueprint.response(201)
@staff("manager", "editor")
def create_event(data: dict[str, Any], municipality: str) -> Any:
    """Store an event as a draft."""
    event = {**data["event"], "municipality": municipality}
    return command("events", "create_event", municipality, event=event)


@blueprint.post("/<municipality>/events/<event_id>/publish")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200)
@staff("manager")
def publish_event(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Make a draft public."""
    return command("events", "publish_event", municipality, event_id=event_id, version=data["version"])


@blueprint.post("/<municipality>/events/<event_id>/cancel")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200)
@staff("manager")
def cancel_event(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Call a public event off."""
    return command("events", "cancel_event", municipality, event_id=event_id, version=data["version"])


@blueprint.get("/<municipality>/events/<event_id>/registrations")
@blueprint.response(200)
@staff("manager", "editor", "mediator")
def list_registrations(municipality: str, event_id: str) -> Any:
    """Registrations in order of arrival; no contact is in it."""
    return call("events", "list_registrations", municipality, municipality=municipality, event_id=event_id)
