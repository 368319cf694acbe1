"""The blueprint on which every module of the directory puts its public routes."""

from __future__ import annotations

from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint(
    "directory", __name__, url_prefix="/api/v1", description="Local services in several languages"
)
