"""Calls that staff routes make: the signed-in actor goes along, and the service checks again."""

from __future__ import annotations

from typing import Any

from flask import g

from imigr_gateway.commands import backends, for_reader, idempotency_key
from imigr_gateway.strict import StrictBlueprint


def staff_blueprint(service: str, description: str) -> StrictBlueprint:
    """The blueprint of one service's staff routes, under /api/v1/staff."""
    return StrictBlueprint(f"staff-{service}", __name__, url_prefix="/api/v1/staff", description=description)


def call(service: str, method: str, home: str, /, **payload: Any) -> Any:
    """A read on behalf of the signed-in actor, its texts in the actor's language."""
    return for_reader(backends().call(service, method, home, actor=g.actor, **payload))


def command(service: str, method: str, home: str, /, **payload: Any) -> Any:
    """A write on behalf of the signed-in actor, under the request's idempotency key."""
    return call(service, method, home, idempotency_key=idempotency_key(), **payload)
