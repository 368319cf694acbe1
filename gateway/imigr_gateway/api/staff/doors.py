"""Doors of events, for staff: check-in and attendance."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import doors as shapes

blueprint = staff_blueprint("doors", "Doors of events, for staff: check-in and attendance.")


@blueprint.post("/<municipality>/events/<event_id>/scans")
@blueprint.arguments(shapes.Scans)
@blueprint.response(200, shapes.Outcomes)
@staff("manager", "editor", "mediator")
def record_scans(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Check in by ticket, by reference, or people without either; also what a device saw while it had no network.
    Every scan has its own id, so telling it again is harmless."""
    scans = [scan | {"at": scan["at"].isoformat() if scan["at"] else None} for scan in data["scans"]]
    return call("events", "record_scans", municipality, municipality=municipality, event_id=event_id, scans=scans)


@blueprint.get("/<municipality>/events/<event_id>/attendance")
@blueprint.response(200, shapes.AttendanceOut)
@staff("manager", "editor", "mediator")
def get_attendance(municipality: str, event_id: str) -> Any:
    """Counts by session, and tickets shown more than once: which door and when, no name."""
    return call("events", "get_attendance", municipality, municipality=municipality, event_id=event_id)


@blueprint.post("/<municipality>/events/<event_id>/attendance/corrections")
@blueprint.arguments(shapes.Correction)
@blueprint.response(200, shapes.CorrectionOut)
@staff("manager", "editor", "mediator")
def correct_attendance(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Make a check-in right on its day: another number of people, or nobody. Who did it stays with it."""
    named = {"municipality": municipality, "event_id": event_id}
    return command("events", "correct_attendance", municipality, **named, **data)
