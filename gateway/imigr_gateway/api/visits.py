"""Tickets by their link, the screen of a waiting room, and referrals for the person and the partner."""

from __future__ import annotations

from typing import Any

from imigr_gateway.commands import backends, for_reader, idempotency_key
from imigr_gateway.doors import public
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import visits as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint("visits", __name__, url_prefix="/api/v1", description="Walk-in tickets and referrals")


@blueprint.get("/tickets/<manage_token>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.TurnOut)
@public
def get_ticket(query: dict[str, Any], manage_token: str) -> Any:
    """The ticket behind a link: its state, how many are ahead, the estimated wait."""
    return read_ticket(manage_token)


@blueprint.post("/tickets/<manage_token>/leave")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.TurnOut)
@public
def leave_line(data: dict[str, Any], manage_token: str) -> Any:
    """Give the ticket up."""
    return leave(manage_token, idempotency_key())


@blueprint.get("/guichets/<guichet_id>/board")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.Board)
@public
def get_board(query: dict[str, Any], guichet_id: str) -> Any:
    """The screen of the waiting room; `/streams/guichets/{id}/board` follows it as server-sent events."""
    return for_reader(read_board(guichet_id))


@blueprint.post("/referrals/fetch")
@blueprint.arguments(shapes.FetchReferral)
@blueprint.response(200, shapes.ReferralDetails)
@public
def fetch_referral(data: dict[str, Any]) -> Any:
    """The details of a referral, for the partner: once. The token is in the body, never in an address."""
    return for_reader(fetch(data["token"], idempotency_key()))


@blueprint.post("/referrals/answer")
@blueprint.arguments(shapes.AnswerReferral)
@blueprint.response(200, shapes.ReferralAnswer)
@public
def answer_referral(data: dict[str, Any]) -> Any:
    """The partner accepts, rejects with a reason, begins, or finishes with an outcome."""
    municipality, token = _parted(data.pop("token"))
    return backends().call(
        "guichet",
        "answer_referral",
        municipality,
        municipality=municipality,
        token=token,
        idempotency_key=idempotency_key(),
        **data,
    )


@blueprint.get("/referrals/<manage_token>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.OwnReferral)
@public
def get_own_referral(query: dict[str, Any], manage_token: str) -> Any:
    """A referral as the person sees it."""
    return read_referral(manage_token)


@blueprint.post("/referrals/<manage_token>/revoke")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.OwnReferral)
@public
def revoke_own_referral(data: dict[str, Any], manage_token: str) -> Any:
    """Take the consent back; the partner's tokens are good no more."""
    return revoke(manage_token, idempotency_key())


def read_referral(manage_token: str) -> dict[str, Any]:
    """A referral as the person sees it."""
    municipality, manage_hash = split_token(manage_token)
    found: dict[str, Any] = backends().call(
        "guichet", "get_own_referral", municipality, municipality=municipality, manage_hash=manage_hash
    )
    return found


def revoke(manage_token: str, key: str) -> Any:
    """Take the consent back."""
    municipality, manage_hash = split_token(manage_token)
    return backends().call(
        "guichet",
        "revoke_own_referral",
        municipality,
        municipality=municipality,
        manage_hash=manage_hash,
        idempotency_key=key,
    )


def fetch(token: str, key: str) -> dict[str, Any]:
    """The details of a referral, texts in all languages, once."""
    municipality, secret = _parted(token)
    answer: dict[str, Any] = backends().call(
        "guichet", "fetch_referral", municipality, municipality=municipality, token=secret, idempotency_key=key
    )
    return answer | {"case_token": f"{municipality}.{answer['case_token']}"}


def read_ticket(manage_token: str) -> dict[str, Any]:
    """What the holder of the link may know."""
    municipality, token_hash = split_token(manage_token)
    found: dict[str, Any] = backends().call(
        "guichet", "get_ticket", municipality, municipality=municipality, token_hash=token_hash
    )
    return found


def leave(manage_token: str, key: str) -> dict[str, Any]:
    """Give the ticket up, and say how it stands then."""
    municipality, token_hash = split_token(manage_token)
    backends().call(
        "guichet", "leave_line", municipality, municipality=municipality, token_hash=token_hash, idempotency_key=key
    )
    return read_ticket(manage_token)


def read_board(guichet_id: str) -> dict[str, Any]:
    """The board of a guichet, texts in all languages."""
    home = backends().municipality_of("guichet", "get_guichet", guichet_id=guichet_id)
    found: dict[str, Any] = backends().call("guichet", "get_board", home, guichet_id=guichet_id)
    return found


def _parted(token: str) -> tuple[str, str]:
    municipality, _, secret = token.partition(".")
    return municipality[:64] or "-", secret or "-"
