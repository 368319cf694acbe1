"""Commands as they come in: loaded, with their key and the hash of their body."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from imigr_kit.commands import command_of


def command_in(method: str, shape: Schema, payload: dict[str, Any]) -> dict[str, Any]:
    """A loaded command, its key and body as a Command."""
    wanted: dict[str, Any] = shape.load(payload)
    return wanted | {"command": command_of(method, payload, wanted)}


def decision_of(method: str, shape: Schema, payload: dict[str, Any]) -> dict[str, Any]:
    """A loaded decision on a registration, whose two ids go together."""
    wanted = command_in(method, shape, payload)
    ids = (wanted.pop("event_id"), wanted.pop("registration_id"))
    return wanted | {"ids": ids}
