"""Who may do what: the one check of role and municipality, used by the gateway and again by the services."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from imigr_kit.errors import Forbidden

ROLES = ("admin", "manager", "mediator", "editor", "partner_editor")
"""``partner_editor``: of a partner organization, for its own entries of the directory only."""
EVERYWHERE = "*"


class NotAllowed(Forbidden):
    """The actor holds none of the roles in this municipality."""

    code = "kit.forbidden"


def allows(actor: Mapping[str, Any], roles: Collection[str], municipality: str) -> bool:
    """True when the actor holds one of ``roles`` there; ``admin`` stands for every role, ``*`` for every place."""
    for grant in actor.get("roles", ()):
        if grant.get("municipality") in {municipality, EVERYWHERE} and grant.get("role") in {*roles, "admin"}:
            return True
    return False


def require(actor: Mapping[str, Any], roles: Collection[str], municipality: str) -> None:
    """Raise NotAllowed unless ``allows``."""
    if not allows(actor, roles, municipality):
        raise NotAllowed(params={"municipality": municipality, "roles": sorted(roles)})
