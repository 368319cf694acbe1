"""Commands as they come in: loaded, with their key and the hash of their body."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from imigr_events.ports import Command
from imigr_kit.keyed import body_hash

CIRCUMSTANCES = frozenset({"contact_key", "contact_keys_before", "client"})
"""What changes by itself with the day or the month: no part of a command, whose repetition may come later."""


def body_of(payload: dict[str, Any]) -> str:
    """The hash by which a repetition of a command is told from another body."""
    return body_hash({name: value for name, value in payload.items() if name not in CIRCUMSTANCES})


def command_of(shape: Schema, payload: dict[str, Any]) -> dict[str, Any]:
    """A loaded command, its key and body as a Command."""
    wanted: dict[str, Any] = shape.load(payload)
    command = Command(wanted.pop("idempotency_key"), body_of(payload))
    return wanted | {"command": command}


def decision_of(shape: Schema, payload: dict[str, Any]) -> dict[str, Any]:
    """A loaded decision on a registration, whose two ids go together."""
    wanted = command_of(shape, payload)
    ids = (wanted.pop("event_id"), wanted.pop("registration_id"))
    return wanted | {"ids": ids}
