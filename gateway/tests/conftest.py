"""The gateway with a fake client: what the services would answer is written in the test."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask
from nacl.public import PrivateKey

from imigr_gateway.app import create_app
from imigr_gateway.asking import as_networks
from imigr_gateway.settings import GatewaySettings
from imigr_kit.commands import hidden
from imigr_kit.errors import ImigrError
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_kit.texts import localised

SIGNING = Ed25519PrivateKey.generate()
PEM = SIGNING.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = SIGNING.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
VAULT = PrivateKey.generate()
KEY = Secret(base64.b64decode("A" * 43 + "="))


SESSIONS: dict[str, list[dict[str, str]]] = {}
"""Roles by session: what accounts would know of the tokens that ``bearer`` signs."""


def signed_in(session_id: str, staff_id: str) -> dict[str, Any]:
    """What accounts answers for a session."""
    return {"id": staff_id, "kind": "staff", "roles": SESSIONS[session_id]}


class FakeClient:
    """Answers from a table of methods; keeps what was asked and what was published."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"ping": {"pong": True}, "check_session": signed_in}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.published: list[tuple[str, dict[str, Any]]] = []

    def probe(self, *, timeout: float) -> None:
        """Well, or fails as prepared under ``probe``."""
        error = self.answers.get("probe")
        if isinstance(error, ImigrError):
            raise error

    def call(self, service: str, method: str, payload: Mapping[str, Any], *, timeout: float = 0) -> Any:
        """The prepared answer, or the prepared error."""
        if method != "check_session":
            self.calls.append((service, method, dict(payload)))
        answer = self.answers[method]
        if isinstance(answer, ImigrError):
            raise answer
        return answer(**payload) if callable(answer) else answer

    def publish_confirmed(self, queue: str, body: Mapping[str, Any], *, timeout: float = 0) -> None:
        """Keeps it, or fails as prepared."""
        error = self.answers.get("publish")
        if isinstance(error, ImigrError):
            raise error
        self.published.append((queue, dict(body)))


def written_page(page: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """A page of services as the directory writes it: each item is the text of its JSON in the reader's languages."""

    def answer(*, languages: list[str], **_: Any) -> dict[str, Any]:
        return page | {"items": [json.dumps(localised(one, tuple(languages))) for one in page["items"]]}

    return answer


def sent_key(key: str) -> str:
    """What services are told of an idempotency key."""
    return str(hidden({"idempotency_key": key}, KEY)["idempotency_key"])


@pytest.fixture
def client() -> FakeClient:
    """The services as a table."""
    return FakeClient()


@pytest.fixture
def clock() -> FrozenClock:
    """The time as the gateway's keys see it."""
    return FrozenClock()


@pytest.fixture
def app(client: FakeClient, clock: FrozenClock, tmp_path: Path) -> Flask:
    """The application without its cache."""
    settings = GatewaySettings(
        amqp_uri=Secret("amqp://"),
        key=KEY,
        rotating_keys=tmp_path / "keys",
        vault_public_key=Secret(bytes(VAULT.public_key)),
        token_public_key=Secret(PUBLIC),
        routes={},
        trusted_proxies=as_networks("127.0.0.1"),
    )
    return create_app(settings, client, clock=clock)


@pytest.fixture
def bearer() -> Callable[..., dict[str, str]]:
    """A signed staff token with one role, as a header."""

    def sign(role: str, municipality: str, **changes: Any) -> dict[str, str]:
        claims: dict[str, Any] = {
            "iss": "/local/accounts",
            "aud": "imigr",
            "sub": "staff-1",
            "exp": 4_000_000_000,
            "jti": f"session-{len(SESSIONS)}",
            "roles": [{"role": role, "municipality": municipality}],
        } | changes
        SESSIONS[claims["jti"]] = claims["roles"]
        return {"Authorization": f"Bearer {jwt.encode(claims, PEM, algorithm='EdDSA')}"}

    return sign
