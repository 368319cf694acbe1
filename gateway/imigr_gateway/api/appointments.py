"""Appointments, holds and seats, for everybody who has their link."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from flask import request

from imigr_gateway.api.contact_of import forget_contact_of, messages_of
from imigr_gateway.api.guichet import home_of
from imigr_gateway.commands import (
    as_calendar,
    as_json,
    backends,
    client_key,
    device_token,
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
from imigr_gateway.people import Link, split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import guichet as shapes
from imigr_gateway.strict import StrictBlueprint
from imigr_kit.errors import FieldError, Invalid

blueprint = StrictBlueprint(
    "appointments", __name__, url_prefix="/api/v1", description="Appointments, holds and seats in group sessions"
)

ONCE_IN = "guichet"
"""Where "one appointment per phone and day" is meant: see contact_keys."""


class InvalidStart(Invalid):
    """A page sent what is no instant."""

    code = "gateway.invalid_input"


@blueprint.post("/appointments")
@blueprint.arguments(shapes.BookAppointment())
@blueprint.response(201, shapes.AppointmentOut)
@public
def book_appointment(data: dict[str, Any]) -> Any:
    """Book a slot without an account. 409 with `params.next_slots` when it is gone.

    When many bookings come from a network address within minutes, the next is answered 429 `kit.effort_needed` with
    `params.challenge` and `params.bits`. Find a number n for which SHA-256 of `challenge:n` begins with so many zero
    bits, and send the same request again under the same Idempotency-Key with n in the header X-Proof-Of-Work; or send
    it again without n after `params.wait_seconds`.
    """
    return _claim("book_appointment", data)


@blueprint.post("/holds")
@blueprint.arguments(shapes.HoldPlace())
@blueprint.response(201, shapes.AppointmentOut)
@public
def hold_place(data: dict[str, Any]) -> Any:
    """Keep a slot for some minutes (`expires_at`) while a form is filled in; it expires by itself."""
    return _claim("hold_place", data)


@blueprint.post("/holds/<manage_token>/take-up")
@blueprint.arguments(base.Reachable())
@blueprint.response(200, shapes.AppointmentOut)
@public
def take_up_hold(data: dict[str, Any], manage_token: str) -> Any:
    """Make an appointment of a hold. 410 when its minutes are over."""
    key = idempotency_key()
    municipality, manage_hash = split_token(manage_token)
    who = person_in(data)
    return with_contact(
        who,
        Link(manage_token, manage_hash),
        municipality,
        key,
        lambda known: _change(manage_token, "take_up_hold", **data, **known),
        once_in=ONCE_IN,
    )


@blueprint.post("/sessions/<session_id>/seats")
@blueprint.arguments(shapes.BookSeat())
@blueprint.response(201, shapes.AppointmentOut)
@public
def book_seat(data: dict[str, Any], session_id: str) -> Any:
    """A seat of a group session, without an account. 409 when it is full."""
    whatever = {"start": datetime(1970, 1, 1, tzinfo=UTC), "topic": "session", "language": "und"}
    return _claim("book_seat", data | whatever, session_id=session_id)


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
    return messages_of(read(manage_token))


@blueprint.post("/appointments/<manage_token>/forget")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, base.Forgotten)
@public
def forget_contact(data: dict[str, Any], manage_token: str) -> Any:
    """Destroy the phone number or email at once; the appointment stays."""
    return forget_contact_of("guichet", read(manage_token), manage_token, idempotency_key())


@blueprint.get("/appointments/<manage_token>/calendar.ics")
@blueprint.response(200, content_type="text/calendar")
@public
def get_calendar_file(manage_token: str) -> Any:
    """For a phone's calendar: METHOD, SEQUENCE and UID make a moved appointment replace the old entry."""
    municipality, manage_hash = split_token(manage_token)
    languages = list(chain(request.headers.get("Accept-Language", ""), request.args.get("lang", "")))
    answer = backends().call(
        "guichet",
        "appointment_file",
        municipality,
        municipality=municipality,
        manage_hash=manage_hash,
        client_key=client_key(),
        languages=languages,
    )
    return as_calendar(answer["text"])


def read(manage_token: str) -> dict[str, Any]:
    """The appointment behind a token, with the id of its contact."""
    municipality, manage_hash = split_token(manage_token)
    found: dict[str, Any] = backends().call(
        "guichet",
        "get_appointment",
        municipality,
        municipality=municipality,
        manage_hash=manage_hash,
        client_key=client_key(),
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
        client_key=client_key(),
        idempotency_key=idempotency_key(),
        **more,
    )
    return for_reader(with_link(answer, manage_token))


def move(manage_token: str, start: str, key: str) -> None:
    """Move to another start, by a page that drew the key. Raises InvalidStart, and what the guichet raises."""
    municipality, manage_hash = split_token(manage_token)
    try:
        wanted, drawn = datetime.fromisoformat(start.replace("Z", "+00:00")), str(uuid.UUID(key))
    except ValueError as error:
        raise InvalidStart(fields=[FieldError("start", InvalidStart.code, "not a start of a slot")]) from error
    backends().call(
        "guichet",
        "move_appointment",
        municipality,
        municipality=municipality,
        manage_hash=manage_hash,
        client_key=client_key(),
        idempotency_key=drawn,
        start=wanted.isoformat(),
    )


def _claim(method: str, data: dict[str, Any], **more: Any) -> Any:
    proof = request.headers.get("X-Proof-Of-Work", "")[:100] or None
    return as_json(for_reader(claim(method, data, idempotency_key(), proof, **more)), 201)


def claim(method: str, data: dict[str, Any], key: str, proof: str | None, **more: Any) -> dict[str, Any]:
    """Book, hold or take a seat under a key, with a proof of work when one was worked out; what was made, with its
    link, texts in all languages."""
    municipality = home_of(data["guichet_id"])
    link = here().people.link("a", municipality, key)
    who = person_in(data)
    named = {"municipality": municipality, "manage_hash": link.hash, "idempotency_key": key}
    payload = data | more | _asker(proof) | named | {"start": data["start"].isoformat()}
    answer = with_contact(
        who,
        link,
        municipality,
        key,
        lambda known: backends().call("guichet", method, municipality, **payload, **known),
        once_in=ONCE_IN,
    )
    return with_link(answer, link.token)


def _asker(proof: str | None) -> dict[str, Any]:
    """Keyed hashes of who asks, for the limits; the addresses themselves go no further."""
    device = device_token()
    return {
        "client_key": client_key(),
        "network_key": network_key(),
        "device_key": here().people.device_key(device) if device else None,
        "proof": proof,
    }
