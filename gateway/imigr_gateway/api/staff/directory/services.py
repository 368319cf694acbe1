"""Services of the directory in one step, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import command
from imigr_gateway.api.staff.directory.blueprint import blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes import directory as shapes

PROPOSERS = ("manager", "editor", "partner_editor")


@blueprint.post("/<municipality>/services")
@blueprint.arguments(shapes.ServiceBody)
@blueprint.response(201, shapes.WrittenService)
@staff(*PROPOSERS)
def create_service(data: dict[str, Any], municipality: str) -> Any:
    """Add an entry to the directory: at once by a manager; by others it waits for review (`waiting`)."""
    service = {**data["service"], "municipality": municipality}
    return command("directory", "create_service", municipality, service=service)


@blueprint.put("/<municipality>/services/<service_id>")
@blueprint.arguments(shapes.ServiceChange)
@blueprint.response(200, shapes.WrittenService)
@staff(*PROPOSERS)
def update_service(data: dict[str, Any], municipality: str, service_id: str) -> Any:
    """Change an entry on the version that was read: at once by a manager; by others it waits for review."""
    service = {**data["service"], "municipality": municipality}
    return command(
        "directory", "update_service", municipality, service_id=service_id, version=data["version"], service=service
    )


@blueprint.post("/<municipality>/services/<service_id>/withdraw")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200, shapes.WrittenService)
@staff("manager")
def withdraw_service(data: dict[str, Any], municipality: str, service_id: str) -> Any:
    """Take an entry out of the directory."""
    return command("directory", "withdraw_service", municipality, service_id=service_id, version=data["version"])
