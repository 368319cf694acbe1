"""What staff and machines do, each in their municipality."""

from __future__ import annotations

from typing import Any

from flask import g, request

from imigr_gateway import shapes
from imigr_gateway.commands import backends, for_reader, here, idempotency_key
from imigr_gateway.doors import public, staff
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint(
    "staff", __name__, url_prefix="/api/v1/staff", description="For staff and machines, with a token"
)


@blueprint.post("/login")
@blueprint.arguments(shapes.Login)
@blueprint.response(200)
@public
def login(data: dict[str, Any]) -> Any:
    """A bearer token of a quarter of an hour."""
    client_key = here().people.client_key(request.remote_addr or "")
    return backends().call("accounts", "login", None, **data, client_key=client_key)


@blueprint.get("/<municipality>/guichets/<guichet_id>/appointments")
@blueprint.arguments(shapes.Agenda, location="query")
@blueprint.response(200)
@staff("manager", "mediator")
def list_appointments(query: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """The agenda of a day; no contact is in it."""
    return _call(
        "guichet", "list_appointments", municipality, guichet_id=guichet_id, municipality=municipality,
        date=query["date"].isoformat(),
    )  # fmt: skip


@blueprint.post("/<municipality>/events")
@blueprint.arguments(shapes.EventBody)
@blueprint.response(201)
@staff("manager", "editor")
def create_event(data: dict[str, Any], municipality: str) -> Any:
    """Store an event as a draft."""
    event = {**data["event"], "municipality": municipality}
    return _command("events", "create_event", municipality, event=event)


@blueprint.post("/<municipality>/events/<event_id>/publish")
@blueprint.arguments(shapes.AtVersion)
@blueprint.response(200)
@staff("manager")
def publish_event(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Make a draft public."""
    return _command("events", "publish_event", municipality, event_id=event_id, version=data["version"])


@blueprint.post("/<municipality>/events/<event_id>/cancel")
@blueprint.arguments(shapes.AtVersion)
@blueprint.response(200)
@staff("manager")
def cancel_event(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Call a public event off."""
    return _command("events", "cancel_event", municipality, event_id=event_id, version=data["version"])


@blueprint.get("/<municipality>/events/<event_id>/registrations")
@blueprint.response(200)
@staff("manager", "editor", "mediator")
def list_registrations(municipality: str, event_id: str) -> Any:
    """Registrations in order of arrival; no contact is in it."""
    return _call("events", "list_registrations", municipality, municipality=municipality, event_id=event_id)


@blueprint.post("/<municipality>/services")
@blueprint.arguments(shapes.ServiceBody)
@blueprint.response(201)
@staff("manager", "editor")
def create_service(data: dict[str, Any], municipality: str) -> Any:
    """Add an entry to the directory."""
    service = {**data["service"], "municipality": municipality}
    return _command("directory", "create_service", municipality, service=service)


@blueprint.put("/<municipality>/services/<service_id>")
@blueprint.arguments(shapes.ServiceChange)
@blueprint.response(200)
@staff("manager", "editor")
def update_service(data: dict[str, Any], municipality: str, service_id: str) -> Any:
    """Change an entry on the version that was read."""
    service = {**data["service"], "municipality": municipality}
    return _command(
        "directory", "update_service", municipality, service_id=service_id, version=data["version"], service=service
    )


@blueprint.post("/<municipality>/services/<service_id>/withdraw")
@blueprint.arguments(shapes.AtVersion)
@blueprint.response(200)
@staff("manager")
def withdraw_service(data: dict[str, Any], municipality: str, service_id: str) -> Any:
    """Take an entry out of the directory."""
    return _command("directory", "withdraw_service", municipality, service_id=service_id, version=data["version"])


@blueprint.get("/<municipality>/accounts")
@blueprint.response(200)
@staff("admin")
def list_staff(municipality: str) -> Any:
    """Staff of the municipality."""
    return _call("accounts", "list_staff", municipality, municipality=municipality)


@blueprint.post("/<municipality>/accounts")
@blueprint.arguments(shapes.NewStaff)
@blueprint.response(201)
@staff("admin")
def create_staff(data: dict[str, Any], municipality: str) -> Any:
    """A new staff account; its roles lie in this municipality."""
    return _command("accounts", "create_staff", municipality, municipality=municipality, **data)


@blueprint.post("/<municipality>/accounts/<staff_id>/disable")
@blueprint.arguments(shapes.Nothing, required=False)
@blueprint.response(200)
@staff("admin")
def disable_staff(data: dict[str, Any], municipality: str, staff_id: str) -> Any:
    """No further sign-in; running tokens end within a quarter of an hour."""
    return _command("accounts", "disable_staff", municipality, municipality=municipality, staff_id=staff_id)


@blueprint.post("/<municipality>/tokens")
@blueprint.arguments(shapes.NewToken)
@blueprint.response(201)
@staff("admin")
def create_token(data: dict[str, Any], municipality: str) -> Any:
    """A token for a machine; it is shown this once."""
    return _command("accounts", "create_api_token", municipality, municipality=municipality, **data)


@blueprint.post("/<municipality>/tokens/<token_id>/revoke")
@blueprint.arguments(shapes.Nothing, required=False)
@blueprint.response(200)
@staff("admin")
def revoke_token(data: dict[str, Any], municipality: str, token_id: str) -> Any:
    """The token is no longer good."""
    return _command("accounts", "revoke_api_token", municipality, municipality=municipality, token_id=token_id)


@blueprint.get("/<municipality>/messages/figures")
@blueprint.response(200)
@staff("manager")
def message_figures(municipality: str) -> Any:
    """How many messages of which kind and channel are in which state."""
    return _call("notifications", "figures", municipality, municipality=municipality)


def _call(service: str, method: str, home: str, /, **payload: Any) -> Any:
    return for_reader(backends().call(service, method, home, actor=g.actor, **payload))


def _command(service: str, method: str, home: str, /, **payload: Any) -> Any:
    return _call(service, method, home, idempotency_key=idempotency_key(), **payload)
