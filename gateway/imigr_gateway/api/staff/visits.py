"""The waiting room, orientation and referrals, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.commands import here, idempotency_key
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes import visits as shapes

blueprint = staff_blueprint("visits", "The waiting room, orientation and referrals, for staff.")


@blueprint.post("/<municipality>/guichets/<guichet_id>/tickets")
@blueprint.arguments(shapes.TakeTicket)
@blueprint.response(201)
@staff("manager", "mediator")
def take_ticket(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Give the next number of the day, with the link of its status page."""
    link = here().people.link("t", municipality, idempotency_key())
    answer = command(
        "guichet",
        "take_ticket",
        municipality,
        municipality=municipality,
        guichet_id=guichet_id,
        token_hash=link.hash,
        **data,
    )
    return answer | {"ticket_token": link.token, "ticket_url": f"{here().public_url}/t/{link.token}"}


@blueprint.get("/<municipality>/guichets/<guichet_id>/tickets")
@blueprint.response(200)
@staff("manager", "mediator")
def list_tickets(municipality: str, guichet_id: str) -> Any:
    """Today's tickets in the order of their turn."""
    return call("guichet", "list_tickets", municipality, municipality=municipality, guichet_id=guichet_id)


@blueprint.post("/<municipality>/guichets/<guichet_id>/next")
@blueprint.arguments(shapes.CallNext)
@blueprint.response(200)
@staff("manager", "mediator")
def call_next(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Call whose turn it is to a desk; `ticket` is null when nobody waits."""
    return command("guichet", "call_next", municipality, municipality=municipality, guichet_id=guichet_id, **data)


@blueprint.post("/<municipality>/guichets/<guichet_id>/demands")
@blueprint.arguments(shapes.NoteDemand)
@blueprint.response(201)
@staff("manager", "mediator")
def note_demand(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Count a language that was asked for in vain."""
    return command("guichet", "note_demand", municipality, municipality=municipality, guichet_id=guichet_id, **data)


@blueprint.post("/<municipality>/tickets/<ticket_id>/steps")
@blueprint.arguments(shapes.StepTicket)
@blueprint.response(200)
@staff("manager", "mediator")
def step_ticket(data: dict[str, Any], municipality: str, ticket_id: str) -> Any:
    """Call again, start, finish, miss, recall, park, resume, leave, put back, or transfer to another desk."""
    return command("guichet", "step_ticket", municipality, municipality=municipality, ticket_id=ticket_id, **data)


@blueprint.post("/<municipality>/orientations")
@blueprint.arguments(shapes.RecordOrientation)
@blueprint.response(201)
@staff("manager", "mediator")
def record_orientation(data: dict[str, Any], municipality: str) -> Any:
    """Note the outcome of a visit in closed codes."""
    return command("guichet", "record_orientation", municipality, municipality=municipality, **_dated(data))


@blueprint.get("/<municipality>/orientations/<orientation_id>")
@blueprint.response(200)
@staff("manager", "mediator")
def get_orientation(municipality: str, orientation_id: str) -> Any:
    """One orientation."""
    return call("guichet", "get_orientation", municipality, municipality=municipality, orientation_id=orientation_id)


@blueprint.get("/<municipality>/follow-ups")
@blueprint.arguments(shapes.FollowUps, location="query")
@blueprint.response(200)
@staff("manager", "mediator")
def list_follow_ups(query: dict[str, Any], municipality: str) -> Any:
    """Follow-ups that are due."""
    until = query["until"].isoformat()
    return call("guichet", "list_follow_ups", municipality, municipality=municipality, until=until)


@blueprint.post("/<municipality>/orientations/<orientation_id>/follow-up")
@blueprint.arguments(shapes.CloseFollowUp)
@blueprint.response(200)
@staff("manager", "mediator")
def close_follow_up(data: dict[str, Any], municipality: str, orientation_id: str) -> Any:
    """Note what became of it."""
    return command(
        "guichet", "close_follow_up", municipality, municipality=municipality, orientation_id=orientation_id, **data
    )


@blueprint.post("/<municipality>/referrals")
@blueprint.arguments(shapes.ProposeReferral)
@blueprint.response(201)
@staff("manager", "mediator")
def propose_referral(data: dict[str, Any], municipality: str) -> Any:
    """Propose a referral to a partner; nothing is sent. The link is for the person, to see and to revoke."""
    link = here().people.link("o", municipality, idempotency_key())
    answer = command(
        "guichet", "propose_referral", municipality, municipality=municipality, manage_hash=link.hash, **data
    )
    return answer | {"manage_token": link.token, "manage_url": f"{here().public_url}/o/{link.token}"}


@blueprint.get("/<municipality>/referrals")
@blueprint.arguments(shapes.Referrals, location="query")
@blueprint.response(200)
@staff("manager", "mediator")
def list_referrals(query: dict[str, Any], municipality: str) -> Any:
    """The town's referrals, newest first; `needs_answer` is 7 or 14 when a partner has been silent so many days."""
    return call("guichet", "list_referrals", municipality, municipality=municipality, state=query["state"])


@blueprint.post("/<municipality>/referrals/<referral_id>/consent")
@blueprint.arguments(shapes.AgreeReferral)
@blueprint.response(200)
@staff("manager", "mediator")
def agree_referral(data: dict[str, Any], municipality: str, referral_id: str) -> Any:
    """Record the person's consent."""
    return command(
        "guichet", "agree_referral", municipality, municipality=municipality, referral_id=referral_id, **data
    )


@blueprint.post("/<municipality>/referrals/<referral_id>/send")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200)
@staff("manager", "mediator")
def send_referral(data: dict[str, Any], municipality: str, referral_id: str) -> Any:
    """Send it. The answer holds the partner's one-time token. 409 without recorded consent."""
    answer = command("guichet", "send_referral", municipality, municipality=municipality, referral_id=referral_id)
    return answer | {"fetch_token": f"{municipality}.{answer['fetch_token']}"}


@blueprint.post("/<municipality>/referrals/<referral_id>/steps")
@blueprint.arguments(shapes.StepReferral)
@blueprint.response(200)
@staff("manager", "mediator")
def step_referral(data: dict[str, Any], municipality: str, referral_id: str) -> Any:
    """Note what a partner told otherwise, or that the person revoked."""
    return command("guichet", "step_referral", municipality, municipality=municipality, referral_id=referral_id, **data)


@blueprint.get("/<municipality>/guichets/<guichet_id>/figures")
@blueprint.arguments(shapes.Month, location="query")
@blueprint.response(200)
@staff("manager")
def get_figures(query: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Waiting time, no-shows, languages asked for in vain and needs of a month; counts under 5 are null."""
    return call("guichet", "get_figures", municipality, municipality=municipality, guichet_id=guichet_id, **query)


def _dated(data: dict[str, Any]) -> dict[str, Any]:
    day = data["follow_up_on"]
    return data | {"follow_up_on": day.isoformat() if day else None}
