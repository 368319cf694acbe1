"""The running service: by RPC, over the real broker, on the real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from kombu.connection import Connection

from imigr_accounts.handlers.signing_in import PAIR
from imigr_kit.errors import Conflict, Forbidden, ImigrError, Invalid, TooMany, Unauthenticated
from imigr_kit.rpc_client import RpcClient
from imigr_kit.testing import wait_until

from .conftest import EMAIL, PASSWORD, actor

ADMIN = actor("la-marsa", "admin")
NEW: dict[str, Any] = {
    "actor": ADMIN,
    "municipality": "la-marsa",
    "email": EMAIL,
    "password": PASSWORD,
    "display": "Mediator 3, La Marsa",
    "roles": [{"municipality": "la-marsa", "role": "mediator"}],
    "idempotency_key": "staff-1",
}
LOGIN = {"email": EMAIL, "password": PASSWORD, "client_key": "client"}
TOKEN: dict[str, Any] = {
    "actor": ADMIN,
    "municipality": "la-marsa",
    "label": "importer",
    "roles": [{"municipality": "la-marsa", "role": "editor"}],
    "idempotency_key": "token-1",
}


@pytest.fixture
def service(service_process: Callable[..., Any], accounts_env: dict[str, str]) -> Any:
    """The running service."""
    return service_process("imigr_accounts", env=accounts_env)


@pytest.fixture
def call(service: Any, rpc_client: RpcClient) -> Callable[..., Any]:
    """Call a method of it."""

    def by_rpc(method: str, payload: dict[str, Any] | None = None, /, **more: Any) -> Any:
        return rpc_client.call("accounts", method, (payload or {}) | more)

    return by_rpc


def test_the_life_of_an_account(call: Callable[..., Any], public_pem: str, service: Any, amqp_uri: str) -> None:
    """Created, listed, signed in, disabled; both events arrive in order; email and password are in no event or log."""
    with Connection(amqp_uri) as connection:
        channel = connection.default_channel
        channel.queue_declare("watch", durable=False, auto_delete=True)
        channel.queue_bind("watch", "imigr.events", "la-marsa.accounts.#")
        made = call("create_staff", NEW)
        assert call("list_staff", actor=ADMIN, municipality="la-marsa") == {"items": [made]}
        token = call("login", LOGIN)["token"]
        claims = jwt.decode(token, public_pem, ["EdDSA"], audience="imigr", issuer="/test/accounts")
        assert (claims["sub"], claims["exp"] - claims["iat"]) == (made["id"], 900)
        end = {"actor": ADMIN, "municipality": "la-marsa", "staff_id": made["id"], "idempotency_key": "end"}
        assert call("disable_staff", end)["disabled"] is True
        with pytest.raises(Unauthenticated):
            call("login", LOGIN)
        seen: list[dict[str, Any]] = []

        def both() -> bool:
            message = channel.basic_get("watch", no_ack=True)
            if message is not None:
                seen.append(json.loads(message.body))
            return len(seen) == 2

        wait_until(both, 15, "both events arrive")
    assert [(one["type"], one["sequence"]) for one in seen] == [
        ("tn.imigr.accounts.staff.created.v1", 1), ("tn.imigr.accounts.staff.disabled.v1", 2),
    ]  # fmt: skip
    assert {one["subject"] for one in seen} == {made["id"]}
    for secret in (EMAIL, PASSWORD, token, "Mediator 3"):
        assert secret not in json.dumps(seen) + service.output()


def test_the_life_of_a_machine_token(call: Callable[..., Any], service: Any) -> None:
    """Made, verified, revoked."""
    made = call("create_api_token", TOKEN)
    assert call("create_api_token", TOKEN) == made
    assert call("verify_api_token", token=made["token"]) == {
        "id": made["id"], "kind": "machine", "roles": TOKEN["roles"],
    }  # fmt: skip
    end = {"actor": ADMIN, "municipality": "la-marsa", "token_id": made["id"], "idempotency_key": "end"}
    assert call("revoke_api_token", end)["revoked"] is True
    with pytest.raises(Unauthenticated) as caught:
        call("verify_api_token", token=made["token"])
    assert caught.value.code == "accounts.invalid_token"
    assert made["token"] not in service.output()


def test_errors_cross_the_wire_by_code(call: Callable[..., Any]) -> None:
    """Each under its family, with the fields where there are some."""
    call("create_staff", NEW)
    cases: list[tuple[type[ImigrError], str, str, dict[str, Any]]] = [
        (Unauthenticated, "accounts.wrong_credentials", "login", LOGIN | {"password": "not the right one"}),
        (Unauthenticated, "accounts.wrong_credentials", "login", LOGIN | {"email": "nobody@demo.invalid"}),
        (Invalid, "accounts.invalid_input", "login", LOGIN | {"password": ""}),
        (Invalid, "accounts.weak_password", "create_staff", NEW | {"password": "short"}),
        (Invalid, "kit.idempotency_key_reused", "create_staff", NEW | {"display": "Mediator 4, La Marsa"}),
        (Conflict, "accounts.email_taken", "create_staff", NEW | {"idempotency_key": "staff-2"}),
        (Forbidden, "kit.forbidden", "create_staff", NEW | {"actor": actor("raoued", "admin")}),
        (Forbidden, "kit.forbidden", "list_staff", {"actor": actor("raoued", "admin"), "municipality": "la-marsa"}),
    ]
    for family, code, method, payload in cases:
        with pytest.raises(family) as caught:
            call(method, payload)
        assert caught.value.code == code, method


def test_many_guesses_at_once_get_no_more_than_their_number(call: Callable[..., Any], mongo_db: Any) -> None:
    """Twenty of one source at the same moment: the free ones are looked at (and who comes a second later once more)."""
    call("create_staff", NEW)

    def guess(number: int) -> str:
        try:
            call("login", LOGIN | {"password": f"guess number {number}", "client_key": "client"})
        except (Unauthenticated, TooMany) as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(20) as pool:
        told = sorted(pool.map(guess, range(20)))
    assert set(told) == {"accounts.too_many_tries", "accounts.wrong_credentials"}
    assert PAIR.free <= told.count("accounts.wrong_credentials") <= PAIR.free + 3


def test_what_was_answered_survives_kill_minus_nine(
    service_process: Callable[..., Any],
    accounts_env: dict[str, str],
    rpc_client: RpcClient,
    amqp_uri: str,
    mongo_db: Any,
) -> None:
    """The account, its audit row and its event, which the next process sends."""
    with Connection(amqp_uri) as connection:
        channel = connection.default_channel
        channel.queue_declare("watch", durable=False, auto_delete=True)
        channel.queue_bind("watch", "imigr.events", "la-marsa.accounts.staff.created.v1")
        first = service_process("imigr_accounts", env=accounts_env)
        made = rpc_client.call("accounts", "create_staff", NEW)
        first.kill()
        service_process("imigr_accounts", env=accounts_env)
        assert rpc_client.call("accounts", "create_staff", NEW) == made
        wait_until(lambda: channel.basic_get("watch", no_ack=True), 15, "the event arrives")
    wait_until(lambda: mongo_db["staff"].count_documents({"unsent": True}) == 0, 10, "the outbox is empty")
    assert mongo_db["audit"].count_documents({}) == 1


def test_it_answers_ping_and_stops_politely(call: Callable[..., Any], service: Any) -> None:
    """SIGTERM ends it."""
    assert call("ping") == {"pong": True}
    assert service.stop() == 0
