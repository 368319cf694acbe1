"""What the holder of a link does with the contact of a record: see its messages, destroy it."""

from __future__ import annotations

from typing import Any

from imigr_gateway.commands import backends, idempotency_key


def messages_of(record: dict[str, Any]) -> Any:
    """Messages about an appointment or a registration that are planned or were sent."""
    return backends().call("notifications", "list_messages", record["municipality"], subject=record["id"])


def forget_contact_of(record: dict[str, Any]) -> Any:
    """Destroy the phone number or email of an appointment or a registration at once; the record stays."""
    if record["contact_id"] is None:
        return {"forgotten": True}
    return backends().call(
        "notifications",
        "forget_contact",
        record["municipality"],
        contact_id=record["contact_id"],
        idempotency_key=idempotency_key(),
    )
