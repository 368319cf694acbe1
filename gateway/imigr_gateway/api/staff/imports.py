"""Calendars of partners, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway import costly
from imigr_gateway.api.staff.calls import call, staff_blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import agenda as shapes

blueprint = staff_blueprint("imports", "Calendars of partners, for staff.")


@blueprint.post("/<municipality>/events/import")
@blueprint.arguments(shapes.CalendarImport)
@blueprint.response(200, shapes.ImportReport)
@staff("manager")
def import_calendar(data: dict[str, Any], municipality: str) -> Any:
    """Bring in a partner's calendar. Once for each UID and SEQUENCE, so telling it again is harmless; people in it
    stay outside, and the report says how many."""
    with costly.exchange.place(municipality):
        return call("events", "import_calendar", municipality, municipality=municipality, **data)
