"""The guichet, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, staff_blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import guichet as shapes

blueprint = staff_blueprint("guichet", "The guichet, for staff.")


@blueprint.get("/<municipality>/guichets/<guichet_id>/appointments")
@blueprint.arguments(shapes.Agenda, location="query")
@blueprint.response(200)
@staff("manager", "mediator")
def list_appointments(query: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """The agenda of a day; no contact is in it."""
    return call(
        "guichet", "list_appointments", municipality, guichet_id=guichet_id, municipality=municipality,
        date=query["date"].isoformat(),
    )  # fmt: skip
