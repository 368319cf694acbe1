"""What readers said, for editors."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import feedback as shapes

blueprint = staff_blueprint("feedback", "What readers say of the directory, for editors.")


@blueprint.get("/<municipality>/feedback")
@blueprint.arguments(shapes.OpinionFilter, location="query")
@blueprint.response(200, shapes.Opinions)
@staff("manager", "editor")
def list_opinions(query: dict[str, Any], municipality: str) -> Any:
    """Opinions, gaps and corrections of the last 30 days, newest first, without remarks."""
    return call("directory", "list_opinions", municipality, municipality=municipality, **query)


@blueprint.get("/<municipality>/feedback-counts")
@blueprint.response(200, shapes.Tallies)
@staff("manager", "editor")
def count_opinions(municipality: str) -> Any:
    """Counts since the beginning, by record, search and gap."""
    return call("directory", "count_opinions", municipality, municipality=municipality)


@blueprint.post("/<municipality>/feedback/<opinion_id>/remark")
@blueprint.response(200, shapes.RemarkOut)
@staff("manager", "editor")
def read_remark(municipality: str, opinion_id: str) -> Any:
    """Read a remark; that it was read is written down first."""
    return command("directory", "read_remark", municipality, municipality=municipality, opinion_id=opinion_id)


@blueprint.post("/<municipality>/feedback/<opinion_id>/handle")
@blueprint.arguments(shapes.Handled)
@blueprint.response(200, shapes.OpinionOut)
@staff("manager", "editor")
def handle_opinion(data: dict[str, Any], municipality: str, opinion_id: str) -> Any:
    """Be done with it; its remark is destroyed at once."""
    return command(
        "directory", "handle_opinion", municipality, municipality=municipality, opinion_id=opinion_id, **data
    )


@blueprint.get("/<municipality>/feedback-reads")
@blueprint.arguments(shapes.ReadsQuery, location="query")
@blueprint.response(200, shapes.RemarkReads)
@staff("manager")
def list_remark_reads(query: dict[str, Any], municipality: str) -> Any:
    """Who read which remark."""
    return call("directory", "list_remark_reads", municipality, municipality=municipality, **query)
