"""Tickets: the signed text, its QR code, and what a device needs to check it without a network."""

from __future__ import annotations

import io
from typing import Any

import segno
from flask import Response, request

from imigr_gateway.agenda import ics
from imigr_gateway.agenda.entries import entry
from imigr_gateway.commands import backends, for_reader, here
from imigr_gateway.doors import public
from imigr_gateway.languages import chain
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import doors as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint("tickets", __name__, url_prefix="/api/v1", description="Tickets, checked without a network")

CALENDAR = "text/calendar; charset=utf-8; component=VEVENT"


@blueprint.get("/registrations/<manage_token>/ticket")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.EventTicketOut)
@public
def get_ticket(query: dict[str, Any], manage_token: str) -> Any:
    """The signed ticket of a registration that has its places."""
    return for_reader(read_ticket(manage_token))


@blueprint.get("/registrations/<manage_token>/ticket.svg")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, {"type": "string"}, content_type="image/svg+xml", description="QR code")
@public
def ticket_image(query: dict[str, Any], manage_token: str) -> Response:
    """The ticket as a QR code."""
    return Response(qr_svg(read_ticket(manage_token)["ticket"]), content_type="image/svg+xml")


@blueprint.get("/registrations/<manage_token>/calendar.ics")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/calendar", description="RFC 5545")
@public
def registration_calendar(query: dict[str, Any], manage_token: str) -> Response:
    """The event of a registration, for one's own calendar; nothing in it tells who is registered."""
    municipality, manage_hash = split_token(manage_token)
    found = backends().call(
        "events", "get_registration", municipality, municipality=municipality, manage_hash=manage_hash
    )
    event = backends().call("events", "get_agenda_entry", municipality, event_id=found["event_id"])
    one = entry(event, chain(request.headers.get("Accept-Language", ""), query["lang"]))
    made = ics.calendar([one], one.title, one.language, here().public_url)
    headers = {"Content-Disposition": 'attachment; filename="event.ics"'}
    return Response(made, content_type=CALENDAR, headers=headers)


@blueprint.get("/events/<event_id>/cancelled-tickets")
@blueprint.arguments(base.Nothing, location="query")
@blueprint.response(200, shapes.Cancelled)
@public
def cancelled_tickets(query: dict[str, Any], event_id: str) -> Any:
    """Tickets that no longer open the doors of an event, for devices without a network."""
    return backends().find("events", "cancelled_tickets", event_id=event_id)


@blueprint.get("/municipalities/<municipality>/event-keys")
@blueprint.arguments(base.Nothing, location="query")
@blueprint.response(200, shapes.Keys)
@public
def public_keys(query: dict[str, Any], municipality: str) -> Any:
    """Public keys that tickets and certificates of a municipality are verified with."""
    return backends().call("events", "public_keys", municipality) | {"municipality": municipality}


def read_ticket(manage_token: str) -> dict[str, Any]:
    """The ticket behind a manage token."""
    municipality, manage_hash = split_token(manage_token)
    found: dict[str, Any] = backends().call(
        "events", "get_ticket", municipality, municipality=municipality, manage_hash=manage_hash
    )
    return found


def qr_svg(text: str, scale: float = 4) -> str:
    """A QR code as an SVG element of error level M (ISO/IEC 18004), readable with 15 % of it damaged. It has a view
    box, so that a page can give it any size."""
    code = segno.make(text, error="m", micro=False)
    width, height = code.symbol_size(scale)
    out = io.BytesIO()
    code.save(out, kind="svg", scale=scale, xmldecl=False, svgns=True, omitsize=True)
    return out.getvalue().decode().replace("<svg ", f'<svg width="{width:g}" height="{height:g}" ', 1)
