"""Who may pass: every route declares it, and the doorkeeper holds to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

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


def test_the_roles_of_each_staff_route_are_those_of_the_table(app: Flask) -> None:
    """A role more or less at any door is a change of ``staff_roles.json``, seen by whoever reviews it."""
    table = json.loads((Path(__file__).parent / "staff_roles.json").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        declared = rule_of(app.view_functions[rule.endpoint])
        assert declared is not None
        words = sorted(declared.roles) + (["no machine"] if declared.persons_only else [])
        verbs = (rule.methods or set()) - {"HEAD", "OPTIONS"} if declared.roles else ()
        found |= {f"{verb} {rule.rule}": words for verb in verbs}
    assert found == table


REVEAL = "/api/v1/staff/la-marsa/contacts/appointment-1/reveal"


@pytest.mark.parametrize(("role", "status"), [("mediator", 200), ("manager", 200), ("editor", 403)])
def test_an_address_is_revealed_to_mediators_and_managers(
    app: Flask, client: FakeClient, bearer: Callable[..., dict[str, str]], role: str, status: int
) -> None:
    """An editor is refused here already, and the service is not asked."""
    client.answers["reveal_contact"] = {"channel": "sms", "address": "+21620123456"}
    answer = app.test_client().post(REVEAL, json={"reason": "safety"}, headers=bearer(role, "la-marsa"))
    assert answer.status_code == status
    assert ("reveal_contact" in [method for _, method, _ in client.calls]) is (status == 200)


def test_a_machine_is_shown_no_address(app: Flask, client: FakeClient) -> None:
    """Whatever its roles: a token could ask for all of them."""
    roles = [{"role": "manager", "municipality": "la-marsa"}]
    client.answers["verify_api_token"] = {"id": "m", "kind": "machine", "roles": roles}
    headers = {"Authorization": "Bearer imigr_token"}
    answer = app.test_client().post(REVEAL, json={"reason": "safety"}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "kit.forbidden")
    assert [method for _, method, _ in client.calls] == ["verify_api_token"]
