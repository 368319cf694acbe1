"""Sign-in, staff accounts and tokens of machines."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.commands import backends, client_key
from imigr_gateway.doors import public, staff
from imigr_gateway.shapes import accounts as shapes
from imigr_gateway.shapes import base

blueprint = staff_blueprint("accounts", "Sign-in, staff accounts and tokens of machines.")


@blueprint.post("/login")
@blueprint.arguments(shapes.Login)
@blueprint.response(200)
@public
def login(data: dict[str, Any]) -> Any:
    """A bearer token of a quarter of an hour."""
    return backends().call("accounts", "login", None, **data, client_key=client_key())


@blueprint.get("/<municipality>/accounts")
@blueprint.response(200)
@staff("admin")
def list_staff(municipality: str) -> Any:
    """Staff of the municipality."""
    return call("accounts", "list_staff", municipality, municipality=municipality)


@blueprint.post("/<municipality>/accounts")
@blueprint.arguments(shapes.NewStaff)
@blueprint.response(201)
@staff("admin")
def create_staff(data: dict[str, Any], municipality: str) -> Any:
    """A new staff account; its roles lie in this municipality."""
    return command("accounts", "create_staff", municipality, municipality=municipality, **data)


@blueprint.post("/<municipality>/accounts/<staff_id>/disable")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200)
@staff("admin")
def disable_staff(data: dict[str, Any], municipality: str, staff_id: str) -> Any:
    """No further sign-in; running tokens end within a quarter of an hour."""
    return command("accounts", "disable_staff", municipality, municipality=municipality, staff_id=staff_id)


@blueprint.post("/<municipality>/tokens")
@blueprint.arguments(shapes.NewToken)
@blueprint.response(201)
@staff("admin")
def create_token(data: dict[str, Any], municipality: str) -> Any:
    """A token for a machine; it is shown this once."""
    return command("accounts", "create_api_token", municipality, municipality=municipality, **data)


@blueprint.post("/<municipality>/tokens/<token_id>/revoke")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200)
@staff("admin")
def revoke_token(data: dict[str, Any], municipality: str, token_id: str) -> Any:
    """The token is no longer good."""
    return command("accounts", "revoke_api_token", municipality, municipality=municipality, token_id=token_id)
