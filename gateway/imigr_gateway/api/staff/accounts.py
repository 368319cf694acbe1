"""Sign-in, staff accounts and tokens of machines."""

from __future__ import annotations

from typing import Any

from flask import current_app, g

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.commands import backends, client_key, here
from imigr_gateway.doors import own_account, persons, public, staff
from imigr_gateway.shapes import accounts as shapes
from imigr_gateway.shapes import base

blueprint = staff_blueprint("accounts", "Sign-in, staff accounts and tokens of machines.")


@blueprint.post("/login")
@blueprint.arguments(shapes.Login)
@blueprint.response(200)
@public
def login(data: dict[str, Any]) -> Any:
    """A bearer token of a quarter of an hour. Failures make the next try wait, longer each time; a device that sends
    the `device_token` of its last sign-in waits for its own failures only."""
    return backends().call("accounts", "login", None, **data, client_key=client_key())


@blueprint.post("/logout")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200)
@own_account
def logout(data: dict[str, Any]) -> Any:
    """End the session; its token is no longer good, within 10 seconds at the latest."""
    answer = backends().call("accounts", "logout", None, actor=g.actor, session_id=g.session)
    current_app.extensions["imigr_doors"].forget(g.session)
    return answer


@blueprint.put("/password")
@blueprint.arguments(shapes.OwnPassword)
@blueprint.response(200)
@own_account
def change_password(data: dict[str, Any]) -> Any:
    """Another password of one's own; all other sessions end."""
    words = {"old": data["old_password"], "new": data["new_password"]}
    return backends().call("accounts", "change_password", None, actor=g.actor, session_id=g.session, **words)


@blueprint.post("/password-resets")
@blueprint.arguments(shapes.ResetByLink)
@blueprint.response(200)
@public
def reset_password(data: dict[str, Any]) -> Any:
    """Set a password by a one-time link; all sessions of the account end."""
    return backends().call("accounts", "reset_password", None, **data, client_key=client_key())


@blueprint.post("/<municipality>/accounts/<staff_id>/password-reset")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(201)
@persons("manager", "admin")
def begin_reset(data: dict[str, Any], municipality: str, staff_id: str) -> Any:
    """A link by which somebody of this municipality's staff sets a password once, within an hour. A manager gives none
    to administrators, nor to staff of another municipality."""
    answer = command("accounts", "begin_reset", municipality, municipality=municipality, staff_id=staff_id)
    return answer | {"reset_url": f"{here().public_url}/password/{answer['reset_token']}"}


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
    """No further sign-in; running sessions end within 10 seconds."""
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
