"""The blueprint on which every module of the directory puts its staff routes."""

from __future__ import annotations

from imigr_gateway.api.staff.calls import staff_blueprint

blueprint = staff_blueprint("directory", "The directory, for staff.")
