"""Messages, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, staff_blueprint
from imigr_gateway.doors import staff

blueprint = staff_blueprint("notifications", "Messages, for staff.")


@blueprint.get("/<municipality>/messages/figures")
@blueprint.response(200)
@staff("manager")
def message_figures(municipality: str) -> Any:
    """How many messages of which kind and channel are in which state."""
    return call("notifications", "figures", municipality, municipality=municipality)
