"""Entities to documents and back."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from imigr_notifications.domain import Message, State
from imigr_notifications.vault import Sealed

Document = dict[str, Any]
FIELDS = tuple(one.name for one in fields(Message))
TEMPORAL = ("due_at", "expires_at", "sent_at", "handed_at", "delivered_at")


def sealed_of(row: Document) -> Sealed:
    """The ciphertext in a contact's document."""
    return Sealed(bytes(row["wrapped_key"]), row["key_id"], bytes(row["box"]), row["lookup"])


def message_document(message: Message) -> Document:
    """A message as kept; no address and no text in it."""
    row = {name: getattr(message, name) for name in FIELDS} | {"_id": message.id, "state": str(message.state)}
    row["priority"] = int(message.priority)
    row["provider_ids"] = list(message.provider_ids)
    del row["id"]
    return row


def message_of(row: Document) -> Message:
    """The message in a document."""
    values = {name: row[name] for name in FIELDS if name in row}
    values["values"] = row["values"] | {"start": row["values"]["start"].astimezone(UTC)}
    moments = {name: _utc(row.get(name)) for name in TEMPORAL}
    own = {"id": row["_id"], "state": State(row["state"]), "provider_ids": tuple(row["provider_ids"])}
    return Message(**(values | moments | own))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
