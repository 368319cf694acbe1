"""Exprimer mon avis: opinions, what could not be found, corrections. Anonymous; remarks are for editors only."""

from __future__ import annotations

from typing import Any

from imigr_gateway.commands import backends, client_key, for_reader, idempotency_key
from imigr_gateway.doors import public
from imigr_gateway.shapes import base
from imigr_gateway.shapes import feedback as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint("feedback", __name__, url_prefix="/api/v1", description="What readers say, anonymously")


@blueprint.get("/feedback/choices")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.Choices)
@public
def list_feedback_choices(query: dict[str, Any]) -> Any:
    """The closed answers, in the reader's language."""
    return for_reader(backends().call("directory", "list_feedback_choices", None))


@blueprint.post("/feedback")
@blueprint.arguments(shapes.OpinionBody)
@blueprint.response(201, shapes.Received)
@public
def give_opinion(data: dict[str, Any]) -> Any:
    """Say whether a service, an article or the search was useful, and what was wrong."""
    return _said("give_opinion", data)


@blueprint.post("/feedback/not-found")
@blueprint.arguments(shapes.GapBody)
@blueprint.response(201, shapes.Received)
@public
def report_gap(data: dict[str, Any]) -> Any:
    """Say what could not be found."""
    return _said("report_gap", data)


@blueprint.post("/services/<service_id>/corrections")
@blueprint.arguments(shapes.CorrectionBody)
@blueprint.response(201, shapes.Received)
@public
def suggest_correction(data: dict[str, Any], service_id: str) -> Any:
    """Say what is wrong in an entry; editors look at it."""
    town = backends().municipality_of("directory", "get_service", service_id=service_id)
    return _said("suggest_correction", data | {"municipality": town, "record_id": service_id})


def _said(method: str, data: dict[str, Any]) -> Any:
    town, key = data["municipality"], idempotency_key()
    return backends().call("directory", method, town, **data, client_key=client_key(), idempotency_key=key)
