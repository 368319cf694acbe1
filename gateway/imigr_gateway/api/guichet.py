"""Guichets, their slots, and appointments."""

from __future__ import annotations

from typing import Any

from imigr_gateway.commands import as_json, backends, contact, for_reader, here, idempotency_key, with_link
from imigr_gateway.doors import public
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import guichet as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint("guichet", __name__, url_prefix="/api/v1", description="Guichets, slots and appointments")


@blueprint.get("/guichets")
@blueprint.arguments(base.OfMunicipality, location="query")
@blueprint.response(200, shapes.Guichets)
@public
def list_guichets(query: dict[str, Any]) -> Any:
    """Guichets that are open to the public."""
    answers = backends().gather("guichet", "list_guichets", query["municipality"], municipality=query["municipality"])
    mine = {item["id"]: item for answer in answers for item in answer["items"]}
    return for_reader({"items": sorted(mine.values(), key=lambda item: (item["municipality"], item["id"]))})


@blueprint.get("/guichets/<guichet_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.GuichetOut)
@public
def get_guichet(query: dict[str, Any], guichet_id: str) -> Any:
    """One guichet."""
    return for_reader(backends().find("guichet", "get_guichet", guichet_id=guichet_id))


@blueprint.get("/guichets/<guichet_id>/slots")
@blueprint.arguments(shapes.SlotSearch, location="query")
@blueprint.response(200, shapes.Slots)
@public
def list_slots(query: dict[str, Any], guichet_id: str) -> Any:
    """Free slots for a topic, in a language or any; times are UTC, days are the guichet's."""
    first = query["from_date"]
    asked = {name: query[name] for name in ("topic", "language", "days", "limit")}
    return backends().call(
        "guichet",
        "list_slots",
        _home(guichet_id),
        guichet_id=guichet_id,
        from_date=first.isoformat() if first else None,
        **asked,
    )


@blueprint.post("/appointments")
@blueprint.arguments(shapes.BookAppointment())
@blueprint.response(201, shapes.AppointmentOut)
@public
def book_appointment(data: dict[str, Any]) -> Any:
    """Book a slot without an account. 409 with `params.next_slots` when it is gone."""
    key = idempotency_key()
    municipality = _home(data["guichet_id"])
    link = here().people.link("a", municipality, key)
    known = contact(data, link, municipality, key)
    answer = backends().call(
        "guichet",
        "book_appointment",
        municipality,
        **{**data, "start": data["start"].isoformat()},
        **known,
        municipality=municipality,
        manage_hash=link.hash,
        idempotency_key=key,
    )
    return as_json(for_reader(with_link(answer, link.token)), 201)


@blueprint.get("/appointments/<manage_token>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.AppointmentOut)
@public
def get_appointment(query: dict[str, Any], manage_token: str) -> Any:
    """The appointment behind a manage link."""
    return for_reader(with_link(read(manage_token), manage_token))


@blueprint.post("/appointments/<manage_token>/move")
@blueprint.arguments(shapes.MoveAppointment)
@blueprint.response(200, shapes.AppointmentOut)
@public
def move_appointment(data: dict[str, Any], manage_token: str) -> Any:
    """Move to another slot of the same guichet, or keep the old one."""
    return _change(manage_token, "move_appointment", start=data["start"].isoformat())


@blueprint.post("/appointments/<manage_token>/cancel")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.AppointmentOut)
@public
def cancel_appointment(data: dict[str, Any], manage_token: str) -> Any:
    """Cancel, and free the place."""
    return _change(manage_token, "cancel_appointment")


@blueprint.get("/appointments/<manage_token>/messages")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, base.Messages)
@public
def list_messages(query: dict[str, Any], manage_token: str) -> Any:
    """Messages that are planned or were sent."""
    appointment = read(manage_token)
    return backends().call("notifications", "list_messages", appointment["municipality"], subject=appointment["id"])


@blueprint.post("/appointments/<manage_token>/forget")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, base.Forgotten)
@public
def forget_contact(data: dict[str, Any], manage_token: str) -> Any:
    """Destroy the phone number or email at once; the appointment stays."""
    appointment = read(manage_token)
    if appointment["contact_id"] is None:
        return {"forgotten": True}
    return backends().call(
        "notifications",
        "forget_contact",
        appointment["municipality"],
        contact_id=appointment["contact_id"],
        idempotency_key=idempotency_key(),
    )


def read(manage_token: str) -> dict[str, Any]:
    """The appointment behind a token, with the id of its contact."""
    municipality, manage_hash = split_token(manage_token)
    found: dict[str, Any] = backends().call(
        "guichet", "get_appointment", municipality, municipality=municipality, manage_hash=manage_hash
    )
    return found


def _change(manage_token: str, method: str, **more: Any) -> Any:
    municipality, manage_hash = split_token(manage_token)
    answer = backends().call(
        "guichet",
        method,
        municipality,
        municipality=municipality,
        manage_hash=manage_hash,
        idempotency_key=idempotency_key(),
        **more,
    )
    return for_reader(with_link(answer, manage_token))


def _home(guichet_id: str) -> str:
    """The municipality of a guichet; it never changes, so it is asked once per process."""
    return backends().municipality_of("guichet", "get_guichet", guichet_id=guichet_id)
