"""What accounts emits, raises and seeds, against contracts/ and data/."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from imigr_accounts import errors
from imigr_accounts.domain import ROLES, Grant, Machine, Staff
from imigr_kit import access
from imigr_kit.clock import SystemClock
from imigr_kit.errors import ImigrError
from imigr_kit.events import CloudEvent, Stamp
from imigr_kit.facts import Fact
from imigr_kit.ids import new_id

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = ROOT / "contracts"
KINDS = {"staff.created", "staff.disabled", "token.created", "token.revoked"}


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def facts() -> list[Fact]:
    """One of each kind."""
    grants = (Grant("la-marsa", "mediator"), Grant("raoued", "mediator"))
    staff = Staff(new_id(), "s@demo.invalid", "Mediator 3", grants, False, 1)
    machine = Machine(new_id(), "importer", (Grant("*", "admin"),), False, 1)
    return [*staff.created()[1], *staff.disable()[1], *machine.created()[1], *machine.revoke()[1]]


def test_every_fact_keeps_its_contract() -> None:
    """All kinds that have a schema, and no other; with the envelope."""
    stamped = Stamp("accounts", "test", SystemClock(), new_id)(facts())
    assert {fact.kind for fact in facts()} == KINDS
    assert {path.stem.removesuffix(".v1") for path in (CONTRACTS / "events" / "accounts").glob("*.json")} == KINDS
    for fact, event in zip(facts(), stamped, strict=True):
        Draft202012Validator(read(CONTRACTS / "events" / "accounts" / f"{fact.kind}.v1.json")).validate(event["data"])
        CloudEvent.from_dict(event)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_event_of_accounts_holds_ids_and_roles_for_inside_use(kind: str) -> None:
    """No email, no display, no label, and nothing for partners."""
    schema = read(CONTRACTS / "events" / "accounts" / f"{kind}.v1.json")
    assert set(schema["properties"]) == {f"{kind.split('.')[0]}_id", "roles"}
    assert {one["x-audience"] for one in schema["properties"].values()} == {"internal"}
    assert schema["properties"]["roles"]["items"]["properties"]["role"]["enum"] == list(ROLES)


def test_roles_are_those_of_the_kit() -> None:
    """One list here, one in the check of access."""
    assert ROLES == access.ROLES


def test_errors_and_their_titles_agree() -> None:
    """Every own code has titles in three languages, every title a code; the others are the kit's."""
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__]
    codes = {one.code: one.family for one in classes if issubclass(one, ImigrError)}
    own, kit = read(CONTRACTS / "errors" / "accounts.json"), read(CONTRACTS / "errors" / "kit.json")
    assert {code: row["family"] for code, row in own.items()} == {
        code: family for code, family in codes.items() if code.startswith("accounts.")
    }
    assert {code for code in codes if not code.startswith("accounts.")} <= set(kit)
    assert all(set(row["title"]) == {"en", "fr", "ar"} for row in own.values())


def test_the_seed_has_every_role_in_both_towns_and_no_password() -> None:
    """Addresses in a reserved domain (RFC 2606), displays that name a function, and one admin of everything."""
    text = (ROOT / "data" / "staff.json").read_text(encoding="utf-8")
    rows = json.loads(text)["staff"]
    held = [(one["municipality"], one["role"]) for row in rows for one in row["roles"]]
    wanted = {(town, role) for town in ("raoued", "la-marsa") for role in ("manager", "mediator", "editor")}
    assert set(held) == wanted | {("*", "admin")}
    assert all(set(row) == {"email", "display", "roles"} for row in rows)
    assert all(row["email"].endswith("@demo.invalid") for row in rows)
    assert len({row["email"] for row in rows}) == len(rows)
