"""Paper and the waiting list, for staff."""

from __future__ import annotations

from typing import Any

from flask import Response

from imigr_gateway.api.slips import as_pdf
from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.doors import staff
from imigr_gateway.languages import chain
from imigr_gateway.shapes import visits as shapes

blueprint = staff_blueprint("paper", "Paper and the waiting list, for staff.")


@blueprint.get("/<municipality>/guichets/<guichet_id>/waiting-list")
@blueprint.response(200)
@staff("manager", "mediator")
def list_waiting(municipality: str, guichet_id: str) -> Any:
    """Who waits or has an offer, first come first; no contact is in it."""
    return call("guichet", "list_waiting", municipality, municipality=municipality, guichet_id=guichet_id)


@blueprint.get("/<municipality>/appointments/<appointment_id>/slip")
@blueprint.response(200)
@staff("manager", "mediator")
def get_slip(municipality: str, appointment_id: str) -> Any:
    """The slip to print for somebody at the desk."""
    return call(
        "guichet", "get_slip_for_visitor", municipality, municipality=municipality, appointment_id=appointment_id
    )


@blueprint.get("/<municipality>/appointments/<appointment_id>/slip.pdf")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf", description="A6")
@staff("manager", "mediator")
def slip_pdf(municipality: str, appointment_id: str) -> Response:
    """The same as a file, in the language of the visit when pages have it."""
    found = call(
        "guichet", "get_slip_for_visitor", municipality, municipality=municipality, appointment_id=appointment_id
    )
    return as_pdf(found, chain(found["language"]))


@blueprint.post("/<municipality>/guichets/<guichet_id>/check-ins")
@blueprint.arguments(shapes.CheckIn)
@blueprint.response(200)
@staff("manager", "mediator")
def check_in(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Check in by slip or spoken reference; forged, foreign and unknown ones are alike."""
    return command("guichet", "check_in", municipality, municipality=municipality, guichet_id=guichet_id, **data)


@blueprint.get("/<municipality>/guichets/<guichet_id>/offline-day")
@blueprint.arguments(shapes.OfflineDay, location="query")
@blueprint.response(200)
@staff("manager", "mediator")
def list_for_day(query: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """What a desk keeps for a day without a network: who is expected by reference, and the keys of slips."""
    day = query["day"].isoformat()
    return call("guichet", "list_for_day", municipality, municipality=municipality, guichet_id=guichet_id, day=day)


@blueprint.post("/<municipality>/guichets/<guichet_id>/offline-day")
@blueprint.arguments(shapes.MergeDay)
@blueprint.response(200)
@staff("manager", "mediator")
def merge_day(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Take in what a desk did without a network. Each entry has its own id, so the same body again changes nothing;
    `conflicts` lists what people have to settle."""
    entries = [_plain(one) for one in data["entries"]]
    return call("guichet", "merge_day", municipality, municipality=municipality, guichet_id=guichet_id, entries=entries)


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    moments = {name: entry[name].isoformat() for name in ("at", "start") if entry[name] is not None}
    return entry | moments
