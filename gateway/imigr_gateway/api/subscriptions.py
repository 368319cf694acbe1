"""News of a topic: asked for, confirmed by link or SMS, ended with one click."""

from __future__ import annotations

from typing import Any

from imigr_gateway.commands import backends, here, idempotency_key, person_in, with_contact
from imigr_gateway.doors import public
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import notifications as shapes
from imigr_gateway.strict import StrictBlueprint
from imigr_kit.errors import FieldError, Invalid

blueprint = StrictBlueprint("subscriptions", __name__, url_prefix="/api/v1", description="News of a topic, by opt-in")


class NoAddress(Invalid):
    """Neither a phone nor an email was given."""

    code = "gateway.invalid_input"


@blueprint.post("/subscriptions")
@blueprint.arguments(shapes.Subscribe)
@blueprint.response(202, shapes.SubscriptionOut)
@public
def subscribe(data: dict[str, Any]) -> Any:
    """Ask for news; a message with a link goes out, and only who gets it can say yes. The answer is the same whether
    or not the address subscribes already."""
    key = idempotency_key()
    municipality = data["municipality"]
    link = here().people.link("s", municipality, key)
    who = person_in(data)
    if who is None:
        raise NoAddress(fields=[FieldError("phone", "gateway.invalid_input", "give a phone or an email")])
    named = data | {"manage_hash": link.hash, "idempotency_key": key}
    return with_contact(
        who,
        link,
        municipality,
        key,
        lambda known: backends().call("notifications", "subscribe", municipality, **named, **known),
    )


@blueprint.get("/subscriptions/<manage_token>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.SubscriptionOut)
@public
def get_subscription(query: dict[str, Any], manage_token: str) -> Any:
    """The subscription behind a link. Looking changes nothing."""
    return ask("get_subscription", manage_token)


@blueprint.post("/subscriptions/<manage_token>/confirm")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.SubscriptionOut)
@public
def confirm_subscription(data: dict[str, Any], manage_token: str) -> Any:
    """The second yes."""
    return ask("confirm_subscription", manage_token)


@blueprint.post("/subscriptions/<manage_token>/unsubscribe")
@blueprint.response(200, shapes.SubscriptionOut)
@public
def end_subscription(manage_token: str) -> Any:
    """No news any more. Mail programs post here with one click (RFC 8058: `List-Unsubscribe=One-Click` as a form)."""
    return ask("end_subscription", manage_token)


def ask(method: str, manage_token: str) -> dict[str, Any]:
    """Ask notifications about the link."""
    municipality, manage_hash = split_token(manage_token)
    found: dict[str, Any] = backends().call(
        "notifications", method, municipality, municipality=municipality, manage_hash=manage_hash
    )
    return found
