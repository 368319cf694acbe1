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
REMEMBERED_SECONDS = 8.0
"""How long an answer of accounts is believed: what ends a session or a token takes effect within 10 s."""
REMEMBERED = 1000


@dataclass(frozen=True)
class Rule:
    """``roles`` empty: everyone; else staff with one of them in the municipality of the path, and with
    ``persons_only`` no machine. ``own``: whoever is signed in, about their own account."""

    roles: tuple[str, ...] = ()
    persons_only: bool = False
    own: bool = False


class NotSignedIn(Unauthenticated):
    """No token, or one that is not good (any more)."""

    code = "gateway.unauthenticated"


def public(view: View) -> View:
    """Everyone may pass."""
    setattr(view, ATTRIBUTE, Rule())
    return view


def own_account(view: View) -> View:
    """Staff who are signed in, whatever their role: the view touches their own account only."""
    setattr(view, ATTRIBUTE, Rule(own=True))
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
    """Verifies tokens: the signature of a staff token here; by the accounts service, remembered briefly, whether its
    session has not been ended and which roles it has now, and who a machine is. When accounts does not answer nobody
    of the staff may pass (docs/adr/0032)."""

    def __init__(self, public_key: Secret[str], backends: Backends, instance: str) -> None:
        self._key = public_key
        self._backends = backends
        self._issuer = f"/{instance}/accounts"
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    def check(self) -> None:
        """Before each request: raises NotSignedIn or NotAllowed; puts the actor into ``g.actor``, and the id of the
        session into ``g.session``."""
        if request.endpoint is None:
            return
        rule = rule_of(current_app.view_functions.get(request.endpoint))
        if rule is None:
            raise RuntimeError(f"route {request.endpoint} declares no access rule")
        if rule.own:
            g.actor = self._person(self._token())
        if rule.roles:
            token = self._token()
            g.actor = self._machine(token) if token.startswith(MACHINE_PREFIX) else self._person(token)
            home = (request.view_args or {})["municipality"]
            require(g.actor, rule.roles, home)
            if rule.persons_only and g.actor["kind"] != "staff":
                raise NotAllowed(params={"municipality": home, "roles": sorted(rule.roles)})

    def forget(self, session_id: str) -> None:
        """A session that was ended through this process is asked about anew."""
        self._known.pop(f"session {session_id}", None)

    def _token(self) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn
        return token

    def _person(self, token: str) -> dict[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key.reveal(),
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=self._issuer,
                options={"require": ["exp", "sub", "aud", "iss", "jti"]},
            )
        except jwt.InvalidTokenError:
            raise NotSignedIn from None
        g.session = str(claims["jti"])
        asked = {"session_id": g.session, "staff_id": str(claims["sub"])}
        return self._ask(f"session {g.session}", "check_session", asked)

    def _machine(self, token: str) -> dict[str, Any]:
        return self._ask(f"machine {token}", "verify_api_token", {"token": token})

    def _ask(self, name: str, method: str, payload: dict[str, str]) -> dict[str, Any]:
        kept = self._known.get(name)
        asked_at = time.monotonic()
        if kept is not None and kept[0] > asked_at:
            return kept[1]
        actor: dict[str, Any] = self._backends.call("accounts", method, None, **payload)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[name] = (asked_at + REMEMBERED_SECONDS, actor)
        return actor
