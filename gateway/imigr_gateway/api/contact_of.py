"""What the holder of a link does with the contact of a record: see its messages, destroy it."""

from __future__ import annotations

from typing import Any

from imigr_gateway.commands import backends
from imigr_gateway.people import split_token


def messages_of(record: dict[str, Any]) -> Any:
    """Messages about an appointment or a registration that are planned or were sent."""
    return backends().call("notifications", "list_messages", record["municipality"], subject=record["id"])


def forget_contact_of(service: str, record: dict[str, Any], manage_token: str, key: str) -> Any:
    """Destroy the phone number or email of an appointment or a registration at once, then every tie of the record to
    it; the record stays. What fails in between is done by asking again: the record keeps the id until the end."""
    if record["contact_id"] is None:
        return {"forgotten": True}
    municipality = record["municipality"]
    contact_id, (_, manage_hash) = record["contact_id"], split_token(manage_token)
    receipt = backends().call(
        "notifications", "forget_contact", municipality, contact_id=contact_id, idempotency_key=key
    )
    backends().call(service, "forget_contact", municipality, municipality=municipality, manage_hash=manage_hash)
    return receipt
