"""Who may pass: every route declares its rule, and one check before each request enforces it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import jwt
from flask import current_app, g, request

from imigr_gateway.routing import Backends
from imigr_kit.access import NotAllowed, require
from imigr_kit.errors import Unauthenticated
from imigr_kit.secret import Secret

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "imigr_access"
MACHINE_PREFIX = "imigr_"
AUDIENCE = "imigr"
MACHINE_CACHE_SECONDS = 10.0


@dataclass(frozen=True)
class Rule:
    """``roles`` empty: everyone; else staff with one of them in the municipality of the path, and with
    ``persons_only`` no machine."""

    roles: tuple[str, ...] = ()
    persons_only: bool = False


class NotSignedIn(Unauthenticated):
    """No token, or one that is not good (any more)."""

    code = "gateway.unauthenticated"


def public(view: View) -> View:
    """Everyone may pass."""
    setattr(view, ATTRIBUTE, Rule())
    return view


def staff(*roles: str) -> Callable[[View], View]:
    """Staff (or a machine) with one of the roles in the municipality that the path names as ``municipality``."""

    def declare(view: View) -> View:
        setattr(view, ATTRIBUTE, Rule(roles))
        return view

    return declare


def persons(*roles: str) -> Callable[[View], View]:
    """As staff, but no machine: what it could do a thousand times in a minute."""

    def declare(view: View) -> View:
        setattr(view, ATTRIBUTE, Rule(roles, persons_only=True))
        return view

    return declare


def rule_of(view: Callable[..., Any] | None) -> Rule | None:
    """The declared rule of a view; None when it has none."""
    found: Rule | None = getattr(view, ATTRIBUTE, None)
    return found


class Doorkeeper:
    """Verifies tokens: staff tokens here, by signature; machine tokens by the accounts service, remembered briefly."""

    def __init__(self, public_key: Secret[str], backends: Backends, instance: str) -> None:
        self._key = public_key
        self._backends = backends
        self._issuer = f"/{instance}/accounts"
        self._machines: dict[str, tuple[float, dict[str, Any]]] = {}

    def check(self) -> None:
        """Before each request: raises NotSignedIn or NotAllowed; puts the actor into ``g.actor``."""
        if request.endpoint is None:
            return
        rule = rule_of(current_app.view_functions.get(request.endpoint))
        if rule is None:
            raise RuntimeError(f"route {request.endpoint} declares no access rule")
        if rule.roles:
            g.actor = self._actor()
            home = (request.view_args or {})["municipality"]
            require(g.actor, rule.roles, home)
            if rule.persons_only and g.actor["kind"] != "staff":
                raise NotAllowed(params={"municipality": home, "roles": sorted(rule.roles)})

    def _actor(self) -> dict[str, Any]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn
        return self._machine(token) if token.startswith(MACHINE_PREFIX) else self._person(token)

    def _person(self, token: str) -> dict[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key.reveal(),
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=self._issuer,
                options={"require": ["exp", "sub", "aud", "iss"]},
            )
        except jwt.InvalidTokenError:
            raise NotSignedIn from None
        return {"id": claims["sub"], "kind": "staff", "roles": list(claims.get("roles", ()))}

    def _machine(self, token: str) -> dict[str, Any]:
        kept = self._machines.get(token)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        actor: dict[str, Any] = self._backends.call("accounts", "verify_api_token", None, token=token)
        if len(self._machines) > 1000:
            self._machines.clear()
        self._machines[token] = (time.monotonic() + MACHINE_CACHE_SECONDS, actor)
        return actor
