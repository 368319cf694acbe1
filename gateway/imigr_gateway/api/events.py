"""Events and registrations."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from imigr_gateway.api.contact_of import forget_contact_of, messages_of
from imigr_gateway.api.directory import speakable, written
from imigr_gateway.commands import (
    as_answered,
    backends,
    client_key,
    for_reader,
    here,
    idempotency_key,
    network_key,
    person_in,
    with_contact,
    with_link,
)
from imigr_gateway.doors import public
from imigr_gateway.languages import chain
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import events as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint(
    "events", __name__, url_prefix="/api/v1", description="Open days, trainings and registrations"
)


@blueprint.get("/events")
@blueprint.arguments(shapes.EventSearch, location="query")
@blueprint.response(200, shapes.Events)
@public
def list_events(query: dict[str, Any]) -> Any:
    """The public agenda, by start."""
    since = query["from_time"]
    answers = backends().gather(
        "events",
        "write_events",
        query["municipality"],
        municipality=query["municipality"],
        from_time=since.isoformat() if since else None,
        page=query["page"],
        per_page=query["per_page"],
        languages=list(speakable(chain(request.headers.get("Accept-Language", ""), query["lang"]))),
    )
    starting = sorted((item for answer in answers for item in answer["items"]), key=lambda item: item[0])
    texts = [text for _, text in starting[: query["per_page"]]]
    page = {"items": texts, "total": sum(answer["total"] for answer in answers)}
    return Response(written([page], query["page"], query["per_page"]), content_type="application/json")


@blueprint.get("/events/<event_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.EventOut)
@public
def get_event(query: dict[str, Any], event_id: str) -> Any:
    """One public event."""
    return for_reader(backends().find("events", "get_event", event_id=event_id))


@blueprint.post("/events/<event_id>/holds")
@blueprint.arguments(shapes.Seats)
@blueprint.response(201, shapes.Hold)
@public
def hold_places(data: dict[str, Any], event_id: str) -> Any:
    """Keep places for ten minutes while a form is filled; they become free again by themselves."""
    municipality = backends().municipality_of("events", "get_event", event_id=event_id)
    return backends().call(
        "events",
        "hold_places",
        municipality,
        **data,
        municipality=municipality,
        event_id=event_id,
        **_asker(),
        idempotency_key=idempotency_key(),
    )


@blueprint.post("/events/<event_id>/holds/<hold_id>/release")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.Released)
@public
def release_hold(data: dict[str, Any], event_id: str, hold_id: str) -> Any:
    """Give held places back before their time is over."""
    municipality = backends().municipality_of("events", "get_event", event_id=event_id)
    named = {"municipality": municipality, "event_id": event_id, "hold_id": hold_id}
    return backends().call("events", "release_hold", municipality, **named)


@blueprint.post("/events/<event_id>/registrations")
@blueprint.arguments(shapes.Register)
@blueprint.response(201, shapes.RegistrationOut)
@public
def register(data: dict[str, Any], event_id: str) -> Any:
    """Register without an account; when the event is full, a place in the waiting list."""
    key = idempotency_key()
    municipality = backends().municipality_of("events", "get_event", event_id=event_id)
    link = here().people.link("r", municipality, key)
    who = person_in(data)
    named = {"municipality": municipality, "event_id": event_id, "manage_hash": link.hash, "idempotency_key": key}
    answer = with_contact(
        who,
        link,
        municipality,
        key,
        lambda known: backends().call("events", "register", municipality, **data, **known, **_asker(), **named),
        once_in=event_id,
    )
    return as_answered(with_link(answer, link.token), 201)


@blueprint.get("/registrations/<manage_token>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.RegistrationOut)
@public
def get_registration(query: dict[str, Any], manage_token: str) -> Any:
    """The registration behind a manage link."""
    return for_reader(with_link(read(manage_token), manage_token))


@blueprint.post("/registrations/<manage_token>/cancel")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.RegistrationOut)
@public
def cancel_registration(data: dict[str, Any], manage_token: str) -> Any:
    """Give it up; the places go to those who wait."""
    return change("cancel_registration", manage_token)


@blueprint.post("/registrations/<manage_token>/accept")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.RegistrationOut)
@public
def accept_offer(data: dict[str, Any], manage_token: str) -> Any:
    """Take the places that an offer holds."""
    return change("accept_offer", manage_token)


@blueprint.post("/registrations/<manage_token>/decline")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.RegistrationOut)
@public
def decline_offer(data: dict[str, Any], manage_token: str) -> Any:
    """Leave the places of an offer to the next in line."""
    return change("decline_offer", manage_token)


@blueprint.get("/registrations/<manage_token>/messages")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, base.Messages)
@public
def list_messages(query: dict[str, Any], manage_token: str) -> Any:
    """Messages that are planned or were sent."""
    return messages_of(read(manage_token))


@blueprint.post("/registrations/<manage_token>/forget")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, base.Forgotten)
@public
def forget_contact(data: dict[str, Any], manage_token: str) -> Any:
    """Destroy the phone number or email at once; the registration stays."""
    return forget_contact_of("events", read(manage_token), manage_token, idempotency_key())


def change(method: str, manage_token: str) -> Any:
    """A command of the holder of a link, and the registration after it."""
    municipality, manage_hash = split_token(manage_token)
    named = {"municipality": municipality, "manage_hash": manage_hash, "idempotency_key": idempotency_key()}
    return for_reader(with_link(backends().call("events", method, municipality, **named), manage_token))


def _asker() -> dict[str, Any]:
    """Keyed hashes of who asks, and a proof of work when one was worked out."""
    proof = request.headers.get("X-Proof-Of-Work", "")[:100] or None
    return {"client_key": client_key(), "network_key": network_key(), "proof": proof}


def read(manage_token: str) -> dict[str, Any]:
    """The registration behind a token, with the id of its contact."""
    municipality, manage_hash = split_token(manage_token)
    found: dict[str, Any] = backends().call(
        "events", "get_registration", municipality, municipality=municipality, manage_hash=manage_hash
    )
    return found
