"""Commands as they come in: loaded, with their key and the hash of their body."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from imigr_events.ports import Command
from imigr_events.schemas.registration import CIRCUMSTANCES
from imigr_kit.keyed import body_hash


def command_of(shape: Schema, payload: dict[str, Any]) -> dict[str, Any]:
    """A loaded command, its key and body as a Command."""
    wanted: dict[str, Any] = shape.load(payload)
    command = Command(wanted.pop("idempotency_key"), body_hash(payload))
    return wanted | {"command": command}


def registering(key: str, payload: dict[str, Any]) -> Command:
    """A command of somebody who registers; from where it comes is left out of its body."""
    return Command(key, body_hash({name: one for name, one in payload.items() if name not in CIRCUMSTANCES}))


def decision_of(shape: Schema, payload: dict[str, Any]) -> dict[str, Any]:
    """A loaded decision on a registration, whose two ids go together."""
    wanted = command_of(shape, payload)
    ids = (wanted.pop("event_id"), wanted.pop("registration_id"))
    return wanted | {"ids": ids}
