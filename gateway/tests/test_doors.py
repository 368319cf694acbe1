"""Who may pass: every route declares it, and the doorkeeper holds to it."""

from __future__ import annotations

from collections.abc import Callable

import jwt
import pytest
from flask import Flask

from imigr_gateway.doors import rule_of
from imigr_kit.access import ROLES

from .conftest import FakeClient

AGENDA = "/api/v1/staff/la-marsa/guichets/g/appointments?date=2026-11-26"


def test_every_route_declares_an_access_rule(app: Flask) -> None:
    """One that forgets it fails here, and would fail closed at run time."""
    assert len(list(app.url_map.iter_rules())) > 30
    for rule in app.url_map.iter_rules():
        assert rule_of(app.view_functions[rule.endpoint]) is not None, rule


def test_every_staff_route_names_known_roles_and_a_municipality(app: Flask) -> None:
    """Under /staff only the sign-in and a one-time link are public, and one's own account is a matter of no town; all
    others have roles and a town in their path."""
    alone = {"login": "public", "password-resets": "public", "logout": "own", "password": "own"}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/staff/"):
            declared = rule_of(app.view_functions[rule.endpoint])
            assert declared is not None
            kind = alone.get(rule.rule.removeprefix("/api/v1/staff/"))
            if kind is not None:
                assert (declared.roles, declared.own) == ((), kind == "own")
                continue
            assert declared.roles
            assert set(declared.roles) <= set(ROLES)
            assert "municipality" in rule.arguments, rule


def test_a_route_without_a_rule_is_closed(app: Flask) -> None:
    """Forgetting the rule opens nothing."""
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert app.test_client().get("/forgotten").status_code == 500


@pytest.mark.parametrize("role", ["manager", "mediator", "admin"])
def test_a_role_of_the_town_may_pass(
    app: Flask, client: FakeClient, bearer: Callable[..., dict[str, str]], role: str
) -> None:
    """The actor goes along to the service, which checks again."""
    client.answers["list_appointments"] = {"items": []}
    assert app.test_client().get(AGENDA, headers=bearer(role, "la-marsa")).status_code == 200
    assert client.calls[-1][2]["actor"]["roles"] == [{"role": role, "municipality": "la-marsa"}]


def test_another_role_or_another_town_may_not(app: Flask, bearer: Callable[..., dict[str, str]]) -> None:
    """403 with a problem document that names neither record nor person."""
    for headers in (bearer("editor", "la-marsa"), bearer("manager", "raoued")):
        answer = app.test_client().get(AGENDA, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "kit.forbidden")


UNSIGNED = {"sub": "x", "aud": "imigr", "exp": 4_000_000_000, "iss": "/local/accounts"}
FORGED: dict[str, Callable[[Callable[..., dict[str, str]]], dict[str, str]]] = {
    "none at all": lambda sign: {},
    "no bearer": lambda sign: {"Authorization": "Basic abc"},
    "expired": lambda sign: sign("manager", "la-marsa", exp=1_000_000_000),
    "for somebody else": lambda sign: sign("manager", "la-marsa", aud="other"),
    "from another installation": lambda sign: sign("manager", "la-marsa", iss="/elsewhere/accounts"),
    "algorithm none": lambda sign: {"Authorization": f"Bearer {jwt.encode(UNSIGNED, '', algorithm='none')}"},
    "cut": lambda sign: {"Authorization": sign("manager", "la-marsa")["Authorization"][:-6]},
}


@pytest.mark.parametrize("what", FORGED)
def test_a_token_that_is_not_good_is_refused(app: Flask, bearer: Callable[..., dict[str, str]], what: str) -> None:
    """401 and a challenge, whatever is wrong with it."""
    answer = app.test_client().get(AGENDA, headers=FORGED[what](bearer))
    assert (answer.status_code, answer.json["code"]) == (401, "gateway.unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
