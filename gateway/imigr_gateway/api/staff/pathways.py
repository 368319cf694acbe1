"""Training pathways, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import pathways as shapes

blueprint = staff_blueprint("pathways", "Training pathways, for staff: in functions and numbers.")


@blueprint.get("/<municipality>/pathways")
@blueprint.response(200, shapes.Pathways)
@staff("manager", "editor", "mediator")
def list_pathways(municipality: str) -> Any:
    """Pathways of the municipality, the newest first."""
    return call("events", "list_pathways", municipality, municipality=municipality)


@blueprint.post("/<municipality>/pathways")
@blueprint.arguments(shapes.NewPathway)
@blueprint.response(201, shapes.PathwayOut)
@staff("manager", "editor")
def create_pathway(data: dict[str, Any], municipality: str) -> Any:
    """Plan a pathway: courses, trainers by function, focal points by role, coaching days, questionnaire."""
    return command("events", "create_pathway", municipality, municipality=municipality, **data)


@blueprint.get("/<municipality>/pathways/<pathway_id>")
@blueprint.response(200, shapes.PathwayOut)
@staff("manager", "editor", "mediator")
def get_pathway(municipality: str, pathway_id: str) -> Any:
    """One pathway with its courses."""
    return call("events", "get_pathway", municipality, municipality=municipality, pathway_id=pathway_id)


@blueprint.put("/<municipality>/pathways/<pathway_id>")
@blueprint.arguments(shapes.PathwayChange)
@blueprint.response(200, shapes.PathwayOut)
@staff("manager", "editor")
def change_pathway(data: dict[str, Any], municipality: str, pathway_id: str) -> Any:
    """Plan it anew, on the version that was read; coaching days that took place stay."""
    return command("events", "change_pathway", municipality, pathway_id=pathway_id, **data)


@blueprint.post("/<municipality>/pathways/<pathway_id>/coaching/<coaching_id>/done")
@blueprint.arguments(shapes.CoachingDone)
@blueprint.response(200, shapes.PathwayOut)
@staff("manager", "editor")
def note_coaching(data: dict[str, Any], municipality: str, pathway_id: str, coaching_id: str) -> Any:
    """A coaching day took place."""
    told = data | {"done_on": data["done_on"].isoformat()}
    return command("events", "note_coaching", municipality, pathway_id=pathway_id, coaching_id=coaching_id, **told)


@blueprint.get("/<municipality>/pathways/<pathway_id>/evaluation")
@blueprint.response(200, shapes.EvaluationResults)
@staff("manager", "editor", "mediator")
def evaluation_results(municipality: str, pathway_id: str) -> Any:
    """Counted answers of those who took part; small counts are not shown."""
    return call("events", "evaluation_results", municipality, municipality=municipality, pathway_id=pathway_id)
