"""contracts/audiences.json: every kind has a class, and what is public is on the web already."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from imigr_gateway import openapi
from imigr_gateway.doors import Rule, rule_of
from tools import asyncapi

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
TABLE: dict[str, Any] = json.loads((CONTRACTS / "audiences.json").read_text(encoding="utf-8"))
KINDS: dict[str, dict[str, Any]] = TABLE["kinds"]
SCHEMAS = {f"{path.parent.name}.{path.stem}": path for path in sorted((CONTRACTS / "events").glob("*/*.json"))}
GATEWAY = openapi.described()
DOORS = {
    re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", route.rule): rule_of(GATEWAY.view_functions[route.endpoint])
    for route in GATEWAY.url_map.iter_rules()
    if "GET" in (route.methods or ())
}
"""Who may read at each path."""
CLASSES = {"public", "concerned", "counts", "internal"}
FIELDS = {"public": {"class", "read_at", "only_if"}, "concerned": {"class", "concerns", "after"}}
OF_A_PERSON = {
    "gateway": {"answer", "contact"},
    "guichet": {"appointment", "demand", "orientation", "referral", "ticket", "waiting"},
    "events": {"attendance", "certificate", "registration"},
    "notifications": {"message"},
    "accounts": {"staff", "token"},
}
"""Entities that stand for what somebody did or for somebody's account."""
TELLING = ("id", "time", "sequence", "correlationid", "causationid", "traceparent")
"""Attributes that tell when something happened, what happened beside it, or that something else happened between."""


def properties(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Of the data of an event."""
    found: dict[str, dict[str, Any]] = schema["properties"]
    return found


def read(kind: str) -> dict[str, Any]:
    """The schema of a kind."""
    found: dict[str, Any] = json.loads(SCHEMAS[kind].read_text(encoding="utf-8"))
    return found


def of_class(name: str) -> list[str]:
    """The kinds of a class."""
    return [kind for kind, row in KINDS.items() if row.get("class") == name]


def test_every_kind_has_a_class_and_no_class_is_left_over() -> None:
    """A new kind of event fails here until somebody has decided who may learn of it."""
    assert sorted(KINDS) == sorted(SCHEMAS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_class_is_one_of_four(kind: str) -> None:
    """With what belongs to it, and nothing that nobody reads."""
    row = KINDS[kind]
    assert row["class"] in CLASSES == set(TABLE["classes"])
    assert set(row) <= FIELDS.get(row["class"], {"class"})


def test_what_nobody_decided_is_internal() -> None:
    """Missing means internal, for the reader of the table too."""
    from imigr_provision import audiences

    assert TABLE["default"] == "internal"
    assert audiences.read().class_of("directory.secret.told.v1") == "internal"


@pytest.mark.parametrize("kind", of_class("public"))
def test_a_public_record_is_read_on_the_web_by_anyone(kind: str) -> None:
    """Its route exists, is a GET, and lies neither behind a sign-in nor behind somebody's link."""
    path = KINDS[kind]["read_at"]
    assert DOORS[path] == Rule(roles=())
    assert "token" not in path


@pytest.mark.parametrize("kind", of_class("public"))
def test_a_public_kind_has_nothing_to_hide(kind: str) -> None:
    """All its properties are for partners: one that is not shows that the kind is not public."""
    assert {schema["x-audience"] for schema in properties(read(kind)).values()} == {"partner"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_somebody_did_is_nobodys_to_follow(kind: str) -> None:
    """Appointments, tickets, registrations, messages, accounts and their like: counts at most. A referral is told to
    the partner whom it was sent to."""
    service, entity, *_ = kind.split(".")
    if entity in OF_A_PERSON.get(service, set()):
        allowed = {"internal", "counts"} | ({"concerned"} if entity == "referral" else set())
        assert KINDS[kind]["class"] in allowed


@pytest.mark.parametrize("kind", of_class("concerned"))
def test_the_partner_concerned_is_named_in_the_data(kind: str) -> None:
    """It learns of a referral when that is sent, and of what follows only then: one that is revoked before is told to
    nobody."""
    assert KINDS[kind]["concerns"] in read(kind)["required"]
    first = "guichet.referral.sent.v1"
    assert kind == first or KINDS[kind]["after"] == first


@pytest.mark.parametrize("kind", [kind for kind, row in KINDS.items() if "only_if" in row])
def test_a_condition_names_values_that_the_schema_knows(kind: str) -> None:
    """A guichet that is a draft is on no page."""
    for name, values in KINDS[kind]["only_if"].items():
        known = properties(read(kind))[name]["enum"]
        assert set(values) < set(known)
        assert "draft" not in values


@pytest.mark.parametrize("name", ["public", "concerned"])
def test_the_envelope_has_a_rule_for_every_attribute(name: str) -> None:
    """What tells the moment, the neighbours or the gaps is never passed on as it is. Single events of the other classes
    are never told, so they have no rules."""
    rules = TABLE["envelope"][name]
    assert set(rules) == set(asyncapi.ENVELOPE["properties"])
    assert set(rules.values()) <= set(TABLE["rules"])
    assert [attribute for attribute in TELLING if rules[attribute] == "kept"] == []
    assert set(TABLE["envelope"]) == {"public", "concerned"}


def test_the_queue_of_the_demo_takes_the_public_kinds_and_no_other() -> None:
    """A kind with a condition is left out, since a binding cannot look into the data."""
    from imigr_provision import audiences

    certain = [kind for kind in of_class("public") if "only_if" not in KINDS[kind]]
    assert audiences.read().public_keys() == {f"*.{kind}" for kind in certain}


def test_the_asyncapi_tells_the_class_of_each_kind() -> None:
    """As the table has it; the public kinds say where they are read."""
    channels = yaml.safe_load((CONTRACTS / "asyncapi.yaml").read_text(encoding="utf-8"))["channels"]
    for name, channel in channels.items():
        assert channel["x-class"] == KINDS[name], name
