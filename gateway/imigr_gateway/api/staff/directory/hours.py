"""Opening hours of services, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import command
from imigr_gateway.api.staff.directory.blueprint import blueprint
from imigr_gateway.api.staff.directory.services import PROPOSERS
from imigr_gateway.commands import backends
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes.directory import WrittenService
from imigr_gateway.shapes.directory import hours as shapes

OF_SERVICE = "/<municipality>/services/<service_id>"


@blueprint.put(f"{OF_SERVICE}/hours")
@blueprint.arguments(shapes.HoursBody)
@blueprint.response(200, WrittenService)
@staff(*PROPOSERS)
def set_hours(data: dict[str, Any], municipality: str, service_id: str) -> Any:
    """Set the weekly hours of a service, or take those of a template, on the version that was read: at once by a
    manager; by others they wait for review."""
    return command("directory", "set_service_hours", municipality, service_id=service_id, **data)


@blueprint.post(f"{OF_SERVICE}/pause")
@blueprint.arguments(shapes.PauseBody)
@blueprint.response(200, WrittenService)
@staff(*PROPOSERS)
def pause_service(data: dict[str, Any], municipality: str, service_id: str) -> Any:
    """Temporarily closed, in one call: from today and until further notice unless said otherwise. What the town's
    editors say of single days is seen at once; what a partner says waits for review."""
    return command(
        "directory", "pause_service", municipality, service_id=service_id, **_dates(data), reason=data["reason"]
    )


@blueprint.post(f"{OF_SERVICE}/resume")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, WrittenService)
@staff(*PROPOSERS)
def resume_service(data: dict[str, Any], municipality: str, service_id: str) -> Any:
    """Open again."""
    return command("directory", "resume_service", municipality, service_id=service_id)


@blueprint.post(f"{OF_SERVICE}/exceptions")
@blueprint.arguments(shapes.ExceptionBody)
@blueprint.response(201, WrittenService)
@staff(*PROPOSERS)
def except_service_days(data: dict[str, Any], municipality: str, service_id: str) -> Any:
    """A one-off closure (no spans), or an extra opening: other hours than the rules say on some days. Takes the place
    of the exception that begins on the same day."""
    more = {"spans": data["spans"], "reason": data["reason"]}
    return command("directory", "except_service_days", municipality, service_id=service_id, **_dates(data), **more)


@blueprint.post(f"{OF_SERVICE}/exceptions/<first>/remove")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, WrittenService)
@staff(*PROPOSERS)
def remove_service_exception(data: dict[str, Any], municipality: str, service_id: str, first: str) -> Any:
    """Take back the exception that begins on that day (RFC 3339)."""
    return command("directory", "remove_service_exception", municipality, service_id=service_id, first=first)


@blueprint.post("/<municipality>/hours/read")
@blueprint.arguments(shapes.HoursText)
@blueprint.response(200, shapes.HoursRead)
@staff("manager", "editor")
def read_hours(data: dict[str, Any], municipality: str) -> Any:
    """What a text such as "Lun-Ven 8h-17h" means, or why it could not be understood; nothing is stored."""
    return backends().call("directory", "read_hours", municipality, text=data["text"])


@blueprint.get("/<municipality>/hours/templates")
@blueprint.response(200, shapes.HoursTemplates)
@staff("manager", "editor")
def list_hours_templates(municipality: str) -> Any:
    """Hours to start from, to be confirmed by whoever works there."""
    return backends().call("directory", "list_hours_templates", municipality)


def _dates(data: dict[str, Any]) -> dict[str, str | None]:
    return {name: None if data[name] is None else data[name].isoformat() for name in ("first", "last")}
