"""The token that accounts signs and the gateway checks: what passes the door, and what does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask, g
from flask.testing import FlaskClient

from imigr_accounts.crypto import EdDsa
from imigr_accounts.domain import Grant, Staff, roles_out
from imigr_accounts.handlers.signing_in import signed_in
from imigr_accounts.ports import Session
from imigr_gateway.doors import Doorkeeper, staff
from imigr_gateway.routing import Backends
from imigr_kit.clock import SystemClock
from imigr_kit.errors import ImigrError, NotFound, Unauthenticated
from imigr_kit.ids import new_id
from imigr_kit.secret import Secret

MEDIATOR = Staff("s1", "s@demo.invalid", "Mediator 3", (Grant("la-marsa", "mediator"),), False, 1)


def pems(key: Ed25519PrivateKey) -> tuple[str, str]:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.decode(), key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PRIVATE, PUBLIC = pems(Ed25519PrivateKey.generate())
OTHER_PRIVATE, _ = pems(Ed25519PrivateKey.generate())


SESSIONS: dict[str, Session] = {}


class NoMachines:
    """An RPC client behind which accounts knows the sessions that were begun here, and no machine."""

    def probe(self, *, timeout: float) -> None:
        """Always well."""

    def call(self, service: str, method: str, payload: Any, *, timeout: float = 3.0) -> Any:
        """Answers and refuses as accounts does."""
        if method == "check_session" and SESSIONS[payload["session_id"]].staff_id == payload["staff_id"]:
            return {"id": MEDIATOR.id, "kind": "staff", "roles": roles_out(MEDIATOR.grants)}
        raise Unauthenticated(code="accounts.invalid_token")

    def publish_confirmed(self, queue: str, body: Any, *, timeout: float = 2.0) -> None:
        """Not used."""
        raise NotFound


@pytest.fixture
def client() -> FlaskClient:
    """A route for mediators, behind the gateway's door."""
    app = Flask("door")
    door = Doorkeeper(Secret(PUBLIC), Backends(NoMachines(), None), "test")
    app.before_request(door.check)
    app.register_error_handler(ImigrError, lambda error: ({"code": error.code}, 401))

    @app.get("/<municipality>")
    @staff("mediator")
    def agenda(municipality: str) -> Any:
        return {"actor": g.actor}

    return app.test_client()


class Signing:
    """The part of accounts' Desk that makes a token."""

    issuer = "/test/accounts"
    token_seconds = 900
    signer = EdDsa(Secret(PRIVATE))
    new_id = staticmethod(new_id)
    hashed = staticmethod(lambda purpose, text: "a hash")

    class sessions:  # noqa: N801  # stands for the port
        """Keeps them."""

        @staticmethod
        def begin(session: Session) -> None:
            """By id."""
            SESSIONS[session.id] = session


def signed(**changes: Any) -> str:
    """The token of accounts, as it is or with other claims (None takes one away), signed with its key."""
    desk: Any = Signing
    token: str = signed_in(desk, MEDIATOR, MEDIATOR.email, SystemClock().now())["token"]
    if not changes:
        return token
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, PRIVATE, "EdDSA")


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims() -> dict[str, Any]:
    return dict(jwt.decode(signed(), options={"verify_signature": False}))


def unsigned() -> str:
    """RFC 8725 section 2.1: alg none."""
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims())}."


def signed_with_the_public_key_as_a_secret(algorithm: str = "HS256") -> str:
    """RFC 8725 section 2.1: the verifier's public key taken for a shared secret."""
    text = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims())}"
    mac = hmac.new(PUBLIC.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def with_other_claims_under_the_same_signature() -> str:
    head, _, signature = signed().split(".")
    wider = claims() | {"roles": [{"municipality": "*", "role": "admin"}]}
    return f"{head}.{part(wider)}.{signature}"


def with_a_key_of_its_own() -> str:
    """A key in the header is not looked at (RFC 8725 section 2.4)."""
    key = Ed25519PrivateKey.generate()
    jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    return jwt.encode(claims(), pems(key)[0], "EdDSA", headers={"jwk": jwk})


def get(client: FlaskClient, token: str, place: str = "la-marsa") -> Any:
    return client.get(f"/{place}", headers={"Authorization": f"Bearer {token}"})


def test_the_token_of_accounts_passes_the_door(client: FlaskClient) -> None:
    """And makes the actor that services check again."""
    answer = get(client, signed())
    assert answer.status_code == 200
    assert answer.json["actor"] == {
        "id": "s1", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "mediator"}],
    }  # fmt: skip


def test_it_passes_in_its_own_municipality_only(client: FlaskClient) -> None:
    """Roles are per place."""
    assert get(client, signed(), "raoued").json["code"] == "kit.forbidden"


NOW = int(time.time())
FORGED: dict[str, Callable[[], str]] = {
    "expired": lambda: signed(iat=NOW - 1000, exp=NOW - 100),
    "just expired": lambda: signed(exp=NOW - 1),
    "without an end": lambda: signed(exp=None),
    "without a subject": lambda: signed(sub=None),
    "for another audience": lambda: signed(aud="partners"),
    "without an audience": lambda: signed(aud=None),
    "from another installation": lambda: signed(iss="/elsewhere/accounts"),
    "without an issuer": lambda: signed(iss=None),
    "from the future": lambda: signed(nbf=NOW + 3600),
    "signed by another key": lambda: jwt.encode(claims(), OTHER_PRIVATE, "EdDSA"),
    "alg none": unsigned,
    "public key as HS256 secret": signed_with_the_public_key_as_a_secret,
    "HS256 called EdDSA": lambda: signed_with_the_public_key_as_a_secret("EdDSA"),
    "other claims": with_other_claims_under_the_same_signature,
    "own key in the header": with_a_key_of_its_own,
    "cut short": lambda: signed()[:-4],
    "without a signature": lambda: signed().rpartition(".")[0] + ".",
    "no token": lambda: "nonsense",
    "a machine token nobody made": lambda: "imigr_" + "0" * 64,
}


@pytest.mark.parametrize("make", FORGED.values(), ids=FORGED.keys())
def test_what_accounts_did_not_sign_for_now_does_not_pass(client: FlaskClient, make: Callable[[], str]) -> None:
    """Expiry, forgery, confusion of algorithms."""
    answer = get(client, make())
    assert answer.status_code == 401
    assert answer.json["code"] in {"gateway.unauthenticated", "accounts.invalid_token"}
