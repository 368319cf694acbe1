"""Packs and brochures, for staff."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from imigr_gateway.api.staff.calls import command, staff_blueprint
from imigr_gateway.doors import staff

blueprint = staff_blueprint("editions", "Packs and brochures, for staff.")


class Asked(Schema):
    """They are looked at again within seconds."""

    asked = fields.Boolean()


@blueprint.post("/<municipality>/editions/rebuild")
@blueprint.response(202, Asked)
@staff("manager")
def rebuild_editions(municipality: str) -> Any:
    """Have packs and brochures looked at again now; what has not changed stays as it is."""
    return command("directory", "rebuild_editions", municipality, municipality=municipality)
