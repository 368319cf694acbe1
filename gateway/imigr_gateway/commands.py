"""What the views share: the desk of this request, its languages, its idempotency key."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request

from imigr_gateway.asking import Network, around, source_of
from imigr_gateway.languages import chain, localised
from imigr_gateway.people import Desk, Link, Person, person
from imigr_gateway.routing import Backends
from imigr_kit.errors import FieldError, ImigrError, Invalid

LEAST_DEVICE, MOST_DEVICE = 8, 200
"""Characters of the token of a device."""
KEY_REUSED = "kit.idempotency_key_reused"
_KEY = re.compile(r"^[\x21-\x7e]{1,200}\Z")


@dataclass(frozen=True)
class Extension:
    """What create_app put beside the application."""

    backends: Backends
    people: Desk
    public_url: str
    received_url: str
    streams_url: str
    trusted: tuple[Network, ...] = ()


class BadKey(Invalid):
    """The Idempotency-Key is not 1 to 200 visible ASCII characters."""

    code = "gateway.invalid_input"


def here() -> Extension:
    """The extension of the running application."""
    found: Extension = current_app.extensions["imigr"]
    return found


def backends() -> Backends:
    """The services."""
    return here().backends


def for_reader(answer: Any) -> Any:
    """The answer with its texts in the reader's languages."""
    return localised(answer, chain(request.headers.get("Accept-Language", ""), request.args.get("lang", "")))


def as_answered(answer: Any, status: int = 200) -> Response:
    """A service's public answer, written as it is: for long lists and in a rush, where to look at every field once more
    costs more than all the rest. The shape in OpenAPI is held by a test."""
    written = json.dumps(for_reader(answer), ensure_ascii=False, separators=(",", ":"))
    return Response(written, status, content_type="application/json")


def idempotency_key() -> str:
    """The caller's Idempotency-Key, or a fresh one. Raises BadKey."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return str(uuid.uuid4())
    if not _KEY.match(given):
        raise BadKey(
            fields=[FieldError("Idempotency-Key", "gateway.invalid_input", "1 to 200 visible ASCII characters")]
        )
    return given


def with_contact(
    who: Person | None,
    link: Link,
    municipality: str,
    key: str,
    ask: Callable[[dict[str, Any]], Any],
    *,
    once_in: str | None = None,
) -> Any:
    """Hand a person's contact to the vault, and ask a service with what it may know: the contact's id and channel and,
    with ``once_in``, keyed hashes by which a record of that name finds the same contact again.

    A repetition after midnight would give the contact another id than the first try did, which the service takes for
    another command; then it is asked once more with the id of the day before.
    """
    if who is None:
        return ask({"contact_id": None, "channel": None} | contact_keys(None, once_in))
    known = {"channel": who.channel} | contact_keys(who, once_in)
    first, *earlier = here().people.contact_ids(who, key)
    here().people.give(who, first, link, municipality)
    try:
        return ask(known | {"contact_id": first})
    except ImigrError as error:
        if error.code != KEY_REUSED or not earlier:
            raise
    here().people.give(who, earlier[0], link, municipality)
    return ask(known | {"contact_id": earlier[0]})


def contact_keys(who: Person | None, once_in: str | None) -> dict[str, Any]:
    """Keyed hashes of a contact within ``once_in``, for the device that asks: of this month, and of the one before
    while its key lives. Without a device there is nothing to recognise: a rule about the number itself would tell
    every stranger whether it is known (docs/adr/0034)."""
    if once_in is None:
        return {}
    device = device_token()
    if who is None or device is None:
        return {"contact_key": None, "contact_keys_before": []}
    people, scope = here().people, f"{once_in}\x00{device}"
    return {
        "contact_key": people.contact_key(who, scope),
        "contact_keys_before": people.contact_keys_before(who, scope),
    }


def device_token() -> str | None:
    """The random token that a device keeps for itself (X-Device-Token), or None: one that is short could be
    somebody else's as well."""
    given = request.headers.get("X-Device-Token", "")
    return given[:MOST_DEVICE] if len(given) >= LEAST_DEVICE else None


def person_in(data: dict[str, Any]) -> Person | None:
    """Take phone and email out of ``data``: who wants messages, if anybody."""
    return person(data.pop("phone"), data.pop("email"), data["message_language"])


def source() -> str:
    """Who sent this request, for limits (see asking)."""
    return source_of(request.remote_addr, request.headers.get("X-Forwarded-For"), here().trusted)


def client_key() -> str:
    """The keyed hash of who asks, for limits; there is always one."""
    return here().people.client_key(source())


def network_key() -> str:
    """The keyed hash of the wider network of who asks."""
    return here().people.client_key(f"around {around(source())}")


def as_json(answer: Any, status: int = 200) -> Response:
    """An answer that is sent as it is, for routes where marshmallow's dump would cost more than the work; its shape is
    still the declared one, and a test compares them."""
    return Response(json.dumps(answer, ensure_ascii=False), status, content_type="application/json")


def as_calendar(text: str) -> Response:
    """An iCalendar file that only its holder should keep."""
    headers = {"Cache-Control": "private, no-store"}
    return Response(text, 200, headers, content_type="text/calendar; charset=utf-8")


def with_link(answer: dict[str, Any], link_token: str) -> dict[str, Any]:
    """An answer with the manage link in it, and without the contact's id."""
    rest = {name: value for name, value in answer.items() if name != "contact_id"}
    return rest | {"manage_token": link_token, "manage_url": f"{here().public_url}/m/{link_token}"}
