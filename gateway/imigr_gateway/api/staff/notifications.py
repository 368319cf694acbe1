"""Messages, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.commands import here
from imigr_gateway.doors import staff
from imigr_gateway.shapes import notifications as shapes
from imigr_gateway.shapes.guichet import ByReference
from imigr_kit.errors import NotFound

blueprint = staff_blueprint("notifications", "Messages, for staff.")


@blueprint.get("/<municipality>/messages/figures")
@blueprint.response(200)
@staff("manager")
def message_figures(municipality: str) -> Any:
    """How many messages of which kind and channel are in which state."""
    return call("notifications", "figures", municipality, municipality=municipality)


@blueprint.get("/<municipality>/messages/channels")
@blueprint.arguments(shapes.OfDays, location="query")
@blueprint.response(200, shapes.ChannelFigures)
@staff("manager")
def channel_figures(query: dict[str, Any], municipality: str) -> Any:
    """Success, time and cost by channel and provider; sums only."""
    return call("notifications", "channel_figures", municipality, municipality=municipality, **query)


@blueprint.get("/<municipality>/messages/rules")
@blueprint.response(200, shapes.RulesOut)
@staff("manager", "mediator")
def get_message_rules(municipality: str) -> Any:
    """When people are reminded, and when nobody is written to."""
    return call("notifications", "get_rules", municipality, municipality=municipality)


@blueprint.put("/<municipality>/messages/rules")
@blueprint.arguments(shapes.SetRules)
@blueprint.response(200, shapes.RulesOut)
@staff("manager")
def set_message_rules(data: dict[str, Any], municipality: str) -> Any:
    """Settle them on the version that was read; planned reminders follow within seconds."""
    return command("notifications", "set_rules", municipality, municipality=municipality, **data)


@blueprint.get("/<municipality>/messages/providers/<provider>")
@blueprint.response(200, shapes.ProviderDoor)
@staff("admin")
def get_provider_door(municipality: str, provider: str) -> Any:
    """Where a provider of SMS brings what phones write, and the token it shows there."""
    token = here().people.provider_token(provider)
    return {"url": f"{here().public_url}/api/v1/providers/{provider}/sms", "token": token}


@blueprint.get("/<municipality>/messages")
@blueprint.arguments(shapes.SearchMessages, location="query")
@blueprint.response(200, shapes.Paths)
@staff("manager", "mediator")
def search_messages(query: dict[str, Any], municipality: str) -> Any:
    """The ways of messages by reference, each step with its moment."""
    return call("notifications", "search_messages", municipality, municipality=municipality, **query)


@blueprint.post("/<municipality>/messages/find")
@blueprint.arguments(ByReference)
@blueprint.response(200, shapes.Paths)
@staff("manager", "mediator")
def find_messages(data: dict[str, Any], municipality: str) -> Any:
    """The ways of the messages about an appointment or a registration, by the reference that a person reads aloud."""
    try:
        found = call("guichet", "find_appointment", municipality, municipality=municipality, **data)
    except NotFound:
        found = call("events", "find_registration", municipality, municipality=municipality, **data)
    return call("notifications", "search_messages", municipality, municipality=municipality, reference=found["id"])
