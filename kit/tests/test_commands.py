"""Commands: the key is hidden before the service sees it, and stands for one method, one body and one actor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imigr_kit.clock import SystemClock
from imigr_kit.commands import CLAIMS, LIFE_SECONDS, Claims, Command, KeyReused, Unkeyed, command_of, hidden
from imigr_kit.errors import Conflict, ImigrError, Invalid, Unavailable
from imigr_kit.rpc_client import RpcClient
from imigr_kit.secret import Secret

KEY, OTHER = Secret(b"1" * 32), Secret(b"2" * 32)
ACTOR = {"id": "s-1", "kind": "staff", "roles": [{"role": "mediator", "municipality": "la-marsa"}]}
BODY: dict[str, Any] = {"idempotency_key": "k", "actor": ACTOR, "municipality": "la-marsa", "capacity": 4}


@given(st.text(min_size=1, max_size=200))
def test_a_key_is_hidden_under_the_key_of_each_service(key: str) -> None:
    """Two services cannot compare what they keep, and a plain hash of the key is nowhere."""
    one, two = hidden({"idempotency_key": key}, KEY), hidden({"idempotency_key": key}, OTHER)
    assert one == hidden({"idempotency_key": key}, KEY)
    assert one != two
    assert len(one["idempotency_key"]) == 64


@pytest.mark.parametrize("key", ["", "x" * 201, 7, None])
def test_what_is_no_key_is_left_for_the_schema_to_refuse(key: Any) -> None:
    """Nothing of another shape becomes a good key by being hashed."""
    assert hidden({"idempotency_key": key}, KEY) == {"idempotency_key": key}


def test_a_service_that_names_no_key_takes_no_commands() -> None:
    """Rather than keeping the key as it came."""
    with pytest.raises(Unkeyed):
        hidden({"idempotency_key": "k"}, None)
    assert hidden({"town": "la-marsa"}, None) == {"town": "la-marsa"}


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": ACTOR | {"roles": []}},
        {"client_key": "another network", "device_key": "d", "proof": "7", "contact_key": "next month"},
        {"idempotency_key": "another key"},
    ],
)
def test_circumstances_do_not_make_another_command(changes: dict[str, Any]) -> None:
    """A retry after its author got a role, or by another network, is a retry."""
    assert command_of("resize", BODY | changes).body_hash == command_of("resize", BODY).body_hash


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("resize", {"capacity": 5}),
        ("resize", {"municipality": "raoued"}),
        ("resize", {"actor": ACTOR | {"id": "s-2"}}),
        ("resize", {"actor": ACTOR | {"kind": "machine"}}),
        ("cancel", {}),
    ],
)
def test_method_body_and_actor_make_another_command(method: str, changes: dict[str, Any]) -> None:
    """Each of them alone."""
    with pytest.raises(KeyReused):
        command_of(method, BODY | changes).must_be(command_of("resize", BODY).body_hash)


def test_a_password_is_in_no_hash() -> None:
    """A quick hash of it would undo the slow one."""
    assert command_of("a", BODY | {"password": "x", "new_password": "y"}) == command_of("a", BODY)


@pytest.fixture
def claims(mongo_db: Any) -> Claims:
    """The memory of one service."""
    return Claims(mongo_db, KEY, SystemClock())


def test_a_claim_is_given_up_when_the_command_is_refused(claims: Claims) -> None:
    """Nothing was done, so the caller may correct the body under the same key."""
    with pytest.raises(Invalid), claims.held(Command("k", "wrong body")):
        raise Invalid
    with claims.held(Command("k", "right body")):
        pass
    with pytest.raises(KeyReused), claims.held(Command("k", "wrong body")):
        pytest.fail("it ran")


@pytest.mark.parametrize("error", [Unavailable, RuntimeError])
def test_a_claim_stays_when_nobody_knows_what_was_done(claims: Claims, error: type[Exception]) -> None:
    """The same command may be tried again, another may not."""
    with pytest.raises(error), claims.held(Command("k", "body")):
        raise error
    with claims.held(Command("k", "body")):
        pass
    with pytest.raises(KeyReused), claims.held(Command("k", "another")):
        pytest.fail("it ran")


def test_a_refused_repetition_leaves_the_claim_of_the_first_run(claims: Claims) -> None:
    """Only whoever made a claim gives it up."""
    with claims.held(Command("k", "body")):
        pass
    with pytest.raises(Conflict), claims.held(Command("k", "body")):
        raise Conflict
    with pytest.raises(KeyReused), claims.held(Command("k", "another")):
        pytest.fail("it ran")


def test_in_a_running_service_one_key_is_one_command(sample: Any, rpc_client: RpcClient, mongo_db: Any) -> None:
    """Over the broker: the same again passes, another body and another actor are refused before the method runs."""

    def act(number: int = 1, actor: Any = ACTOR) -> Any:
        return rpc_client.call("sample", "act", {"idempotency_key": "canary-key", "actor": actor, "number": number})

    assert act() == act(actor=ACTOR | {"roles": []})
    for other in ({"number": 2}, {"actor": ACTOR | {"id": "s-2"}}):
        with pytest.raises(ImigrError) as refused:
            act(**other)
        assert refused.value.code == "kit.idempotency_key_reused"
    with pytest.raises(Conflict):
        rpc_client.call("sample", "act", {"idempotency_key": "other", "actor": ACTOR, "number": -1})
    assert mongo_db["acts"].count_documents({}) == 2
    (kept,) = mongo_db[CLAIMS].find()
    assert act()["key"] == mongo_db["acts"].find_one()["idempotency_key"]
    assert act()["key"] not in str(kept)
    everything = [str(row) for name in mongo_db.list_collection_names() for row in mongo_db[name].find()]
    assert "canary-key" not in " ".join(everything)
    assert mongo_db[CLAIMS].index_information()["expiry"]["expireAfterSeconds"] == LIFE_SECONDS >= 7 * 24 * 3600
