"""Makes the runner's packages importable and finds the test servers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
for folder in ("local", "provision", "local/peers"):
    if str(DEPLOY / folder) not in sys.path:
        sys.path.insert(0, str(DEPLOY / folder))


def _needed(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        pytest.skip(f"{name} is not set: run through `make test`")
    return value


@pytest.fixture(scope="session")
def broker_uri() -> str:
    """AMQP address of the test broker's administrator."""
    return _needed("IMIGR_TEST_AMQP_URI")


@pytest.fixture(scope="session")
def broker_management() -> str:
    """Address of the test broker's management interface, with its administrator's login."""
    return _needed("IMIGR_TEST_AMQP_ADMIN")


@pytest.fixture(scope="session")
def mongo_admin_uri() -> str:
    """Address of the test database's administrator."""
    return _needed("IMIGR_TEST_MONGO_URI")
