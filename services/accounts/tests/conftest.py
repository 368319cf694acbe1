"""Fixtures of the tests of accounts: keys, use cases on a real database, people, and a running service."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from imigr_accounts.building import build_desk, build_trail
from imigr_accounts.domain import Grant, Staff
from imigr_accounts.handlers import Desk, create_staff
from imigr_accounts.ports import Command
from imigr_accounts.settings import AccountsSettings
from imigr_accounts.storage import INDEXES, AuditTrail
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.keyed import keyed_hash
from imigr_kit.mongo import ensure_indexes
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

KEY = bytes(range(32))
PASSWORD = "correct horse battery"
EMAIL = "mediator.la-marsa@demo.invalid"


@pytest.fixture(scope="session")
def signing_key() -> Ed25519PrivateKey:
    """The key of this run."""
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def private_pem(signing_key: Ed25519PrivateKey) -> str:
    """As the service reads it."""
    return signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def public_pem(signing_key: Ed25519PrivateKey) -> str:
    """As the gateway reads it."""
    return signing_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def clock() -> FrozenClock:
    """Stands at the real time: the database deletes what has expired by its own clock, also during a test."""
    return FrozenClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def settings(private_pem: str) -> AccountsSettings:
    """What the environment would say."""
    return AccountsSettings(
        instance="test",
        amqp_uri=Secret("amqp://unused"),
        mongo_uri=Secret("mongodb://unused"),
        signing_key=Secret(private_pem),
        key=Secret(KEY),
    )


@pytest.fixture
def trail(mongo_db: Any, clock: FrozenClock, settings: AccountsSettings) -> AuditTrail:
    """The audit trail in the test's database."""
    return build_trail(settings, mongo_db, clock)


@pytest.fixture
def desk(mongo_db: Any, clock: FrozenClock, settings: AccountsSettings) -> Desk:
    """The use cases on a fresh database."""
    ensure_indexes(mongo_db, INDEXES)
    return build_desk(settings, mongo_db, Stamp("accounts", "test", clock, new_id), clock, new_id)


@pytest.fixture
def admin() -> dict[str, Any]:
    """The admin of La Marsa."""
    return actor("la-marsa", "admin")


@pytest.fixture
def add_staff(desk: Desk, admin: dict[str, Any]) -> Callable[..., Staff]:
    """Store an account through its use case."""

    def add(email: str = EMAIL, password: str = PASSWORD, place: str = "la-marsa", role: str = "mediator") -> Staff:
        staff = Staff(new_id(), email, f"{role.capitalize()}, {place}", (Grant(place, role),), False, 1)
        create_staff(desk, actor(place, "admin"), place, staff, Secret(password), Command(f"add-{email}", "body"))
        return staff

    return add


@pytest.fixture
def accounts_env(amqp_uri: str, mongo_uri: str, mongo_db: Any, private_pem: str) -> dict[str, str]:
    """The environment of a running service."""
    return {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_INSTANCE": "test",
        "IMIGR_TOKEN_SIGNING_KEY": private_pem,
        "IMIGR_ACCOUNTS_KEY": base64.b64encode(KEY).decode(),
    }


def actor(municipality: str, role: str, actor_id: str = "boss") -> dict[str, Any]:
    """Somebody with one role."""
    return {"id": actor_id, "kind": "staff", "roles": [{"municipality": municipality, "role": role}]}


def hashed(purpose: str, text: str) -> str:
    """As the service hashes."""
    return keyed_hash(Secret(KEY), purpose, text)
