"""The waiting list of a guichet, for who waits."""

from __future__ import annotations

from typing import Any

from imigr_gateway.commands import backends, here, idempotency_key, person_in, with_contact
from imigr_gateway.doors import public
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import visits as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint(
    "waiting-list", __name__, url_prefix="/api/v1", description="Waiting for a place that somebody gives back"
)


@blueprint.post("/waiting-list")
@blueprint.arguments(shapes.JoinList)
@blueprint.response(201, shapes.WaitingOut)
@public
def join_list(data: dict[str, Any]) -> Any:
    """Join. 409 with `params.next_slots` when places are free. An offer holds its place until it ends."""
    key = idempotency_key()
    municipality = backends().municipality_of("guichet", "get_guichet", guichet_id=data["guichet_id"])
    link = here().people.link("w", municipality, key)
    who = person_in(data)
    days = {name: data[name].isoformat() if data[name] else None for name in ("first_day", "last_day")}
    named = {
        "municipality": municipality,
        "token_hash": link.hash,
        "place_hash": here().people.link("a", municipality, f"waiting:{link.token}").hash,
        "idempotency_key": key,
    }
    answer = with_contact(
        who,
        link,
        municipality,
        key,
        lambda known: backends().call("guichet", "join_list", municipality, **data | days, **known, **named),
    )
    return shown(answer, link.token)


@blueprint.get("/waiting-list/<manage_token>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.WaitingOut)
@public
def get_entry(query: dict[str, Any], manage_token: str) -> Any:
    """The entry behind a link, with the offer if there is one. Looking changes nothing."""
    return read_entry(manage_token)


@blueprint.post("/waiting-list/<manage_token>/accept")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.WaitingOut)
@public
def accept_offer(data: dict[str, Any], manage_token: str) -> Any:
    """Take the held place. 410 when it has gone on to the next person; joining again is possible."""
    return change("accept_offer", manage_token, idempotency_key())


@blueprint.post("/waiting-list/<manage_token>/decline")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.WaitingOut)
@public
def decline_offer(data: dict[str, Any], manage_token: str) -> Any:
    """Do not take it; it goes to the next person."""
    return change("decline_offer", manage_token, idempotency_key())


@blueprint.post("/waiting-list/<manage_token>/leave")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.WaitingOut)
@public
def leave_list(data: dict[str, Any], manage_token: str) -> Any:
    """Wait no longer."""
    return change("leave_list", manage_token, idempotency_key())


def read_entry(manage_token: str) -> dict[str, Any]:
    """The entry behind a token."""
    municipality, token_hash = split_token(manage_token)
    found = backends().call("guichet", "get_entry", municipality, municipality=municipality, token_hash=token_hash)
    return shown(found, manage_token)


def change(method: str, manage_token: str, key: str) -> dict[str, Any]:
    """One step by the person."""
    municipality, token_hash = split_token(manage_token)
    answer = backends().call(
        "guichet", method, municipality, municipality=municipality, token_hash=token_hash, idempotency_key=key
    )
    return shown(answer, manage_token)


def shown(entry: dict[str, Any], token: str) -> dict[str, Any]:
    """An entry with its own link, and the appointment's once there is one."""
    appointment = None
    if entry["state"] == "accepted" and entry["has_own_link"]:
        appointment = here().people.link("a", entry["municipality"], f"waiting:{token}").token
    links = {"manage_token": token, "manage_url": f"{here().public_url}/w/{token}", "appointment_token": appointment}
    return entry | links
