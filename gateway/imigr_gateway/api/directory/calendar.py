"""The calendar of a municipality."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.directory.blueprint import blueprint
from imigr_gateway.commands import as_answered, backends
from imigr_gateway.doors import public
from imigr_gateway.shapes import base
from imigr_gateway.shapes.directory import calendar as shapes


@blueprint.get("/municipalities/<municipality>/calendar")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.CalendarOut)
@public
def get_calendar(query: dict[str, Any], municipality: str) -> Any:
    """Public holidays (estimated, confirmed or moved), Ramadan and closures, this year and the next."""
    return as_answered(backends().call("directory", "get_calendar", municipality, municipality=municipality))
