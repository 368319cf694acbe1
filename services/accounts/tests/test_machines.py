"""API tokens of machines: shown once, stored as a hash, good until they are revoked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from imigr_accounts import handlers
from imigr_accounts.domain import Grant
from imigr_accounts.errors import InvalidToken, KeyReused, UnknownToken
from imigr_accounts.handlers import Desk
from imigr_accounts.ports import Command
from imigr_kit.errors import Forbidden
from imigr_kit.secret import Secret

from .conftest import actor, hashed

EDITOR = (Grant("la-marsa", "editor"),)


@pytest.fixture
def create(desk: Desk, admin: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Make a token."""

    def make(key: str = "one", body: str = "body", grants: tuple[Grant, ...] = EDITOR) -> dict[str, Any]:
        return handlers.create_api_token(desk, admin, "la-marsa", "importer", grants, Command(key, body))

    return make


def test_a_token_has_a_prefix_and_256_bits(create: Callable[..., dict[str, Any]]) -> None:
    """The prefix lets scanners find leaked ones."""
    made = create()
    assert re.fullmatch(r"imigr_[0-9a-f]{64}", made["token"])
    assert made["token"] != create("two")["token"]


def test_a_token_says_who_the_machine_is(desk: Desk, create: Callable[..., dict[str, Any]]) -> None:
    """Its id and roles, as an actor."""
    made = create()
    assert handlers.verify_api_token(desk, Secret(made["token"])) == {
        "id": made["id"],
        "kind": "machine",
        "roles": [{"municipality": "la-marsa", "role": "editor"}],
    }


def test_nothing_stored_holds_the_token_or_what_it_follows_from(
    create: Callable[..., dict[str, Any]], mongo_db: Any
) -> None:
    """Only keyed hashes: of the token, and of the command's key."""
    made = create("a very secret idempotency key")
    stored = str([list(mongo_db[name].find()) for name in mongo_db.list_collection_names()])
    assert made["token"] not in stored
    assert made["token"].removeprefix("imigr_") not in stored
    assert "a very secret idempotency key" not in stored
    assert hashed("token", made["token"]) in stored


def test_the_same_command_shows_the_same_token_again(create: Callable[..., dict[str, Any]], mongo_db: Any) -> None:
    """An answer can get lost on its way; one machine is stored."""
    assert create() == create()
    assert mongo_db["machines"].count_documents({}) == 1
    with pytest.raises(KeyReused):
        create(body="another")


@pytest.mark.parametrize("text", ["imigr_", "imigr_" + "0" * 64, "", "eyJhbGciOiJub25lIn0.e30.", "x" * 1000])
def test_whatever_else_is_refused(desk: Desk, create: Callable[..., dict[str, Any]], text: str) -> None:
    """Alike."""
    create()
    with pytest.raises(InvalidToken):
        handlers.verify_api_token(desk, Secret(text))


def test_a_part_or_another_case_of_a_token_is_refused(desk: Desk, create: Callable[..., dict[str, Any]]) -> None:
    """Nothing is trimmed or folded."""
    token = create()["token"]
    for text in (token[:-1], token.upper(), f" {token}", f"{token}\n"):
        with pytest.raises(InvalidToken):
            handlers.verify_api_token(desk, Secret(text))


def test_a_revoked_token_is_refused_and_the_end_is_told_once(
    desk: Desk, create: Callable[..., dict[str, Any]], admin: dict[str, Any], mongo_db: Any
) -> None:
    """With its reason in the audit trail."""
    made = create()
    for key in ("end", "end", "again"):
        answer = handlers.revoke_api_token(desk, admin, "la-marsa", made["id"], Command(key, "body"), "leaked")
        assert answer["revoked"] is True
    with pytest.raises(InvalidToken):
        handlers.verify_api_token(desk, Secret(made["token"]))
    row = mongo_db["machines"].find_one({"_id": made["id"]})
    assert [event["type"].split(".")[4] for event in row["outbox"]] == ["created", "revoked"]
    assert [one["reason"] for one in mongo_db["audit"].find({"action": "token.revoke"})] == ["leaked"]


def test_only_an_admin_of_its_places_makes_and_revokes(
    desk: Desk, create: Callable[..., dict[str, Any]], mongo_db: Any
) -> None:
    """A machine's roles are given as those of staff are; foreign tokens are unknown."""
    made = create()
    manager, foreign = actor("la-marsa", "manager"), actor("raoued", "admin")
    for who in (manager, foreign):
        with pytest.raises(Forbidden):
            handlers.create_api_token(desk, who, "la-marsa", "importer", EDITOR, Command("x", "body"))
        with pytest.raises(Forbidden):
            handlers.revoke_api_token(desk, who, "la-marsa", made["id"], Command("y", "body"))
    with pytest.raises(UnknownToken):
        handlers.revoke_api_token(desk, foreign, "raoued", made["id"], Command("z", "body"))
    with pytest.raises(Forbidden):
        create("wide", grants=(Grant("*", "admin"),))
    assert mongo_db["machines"].count_documents({}) == 1


def test_machines_of_a_town_can_be_listed(desk: Desk, create: Callable[..., dict[str, Any]]) -> None:
    """So that one can be revoked whose id nobody wrote down."""
    made = create()
    assert [one.id for one in desk.accounts.machines_of("la-marsa")] == [made["id"]]
    assert desk.accounts.machines_of("raoued") == []
