"""Real servers for tests: a fresh vhost of the broker and a fresh database for each test that asks."""

from __future__ import annotations

import json
import os
import tempfile
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pymongo import MongoClient
from pymongo.database import Database

from imigr_kit.secret import Secret
from imigr_kit.senders import ANY, user_of
from imigr_kit.topology import declare_shared

AMQP_URI = "IMIGR_TEST_AMQP_URI"
AMQP_ADMIN = "IMIGR_TEST_AMQP_ADMIN"
MONGO_URI = "IMIGR_TEST_MONGO_URI"


class ServersMissing(Exception):
    """The variables that name the test servers are not set."""


def address(name: str) -> str:
    """The value of one of the three variables; raises ServersMissing with what to do."""
    value = os.environ.get(name)
    if not value:
        raise ServersMissing(f"{name} is not set: run `make test`, or name real servers in the environment")
    return value


@contextmanager
def fresh_vhost() -> Iterator[str]:
    """The address of a vhost of its own with the shared exchanges declared; deleted afterwards."""
    uri, admin = address(AMQP_URI), address(AMQP_ADMIN)
    vhost = f"test-{uuid.uuid4().hex[:12]}"
    parts = urlsplit(uri)
    _manage(admin, "PUT", f"/api/vhosts/{vhost}", {})
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    _manage(admin, "PUT", f"/api/permissions/{vhost}/{parts.username}", everything)
    own = urlunsplit(parts._replace(path=f"/{vhost}"))
    declare_shared(Secret(own))
    try:
        yield own
    finally:
        _manage(admin, "DELETE", f"/api/vhosts/{vhost}", None)


def trusted(uri: str) -> Path:
    """A table in which the user of this address may say everything: tests play all parts with one user."""
    speaker = {"service": ANY, "calls": [ANY], "serves": ANY}
    path = Path(tempfile.mkdtemp(prefix="imigr-test-")) / "senders.json"
    path.write_text(json.dumps({"users": {user_of(Secret(uri)): speaker}}), encoding="utf-8")
    return path


@contextmanager
def fresh_database() -> Iterator[Database[dict[str, Any]]]:
    """A database of its own, dropped afterwards."""
    client: MongoClient[dict[str, Any]] = MongoClient(address(MONGO_URI), tz_aware=True, serverSelectionTimeoutMS=5000)
    name = f"test_{uuid.uuid4().hex[:12]}"
    try:
        yield client[name]
    finally:
        client.drop_database(name)
        client.close()


def _manage(admin: str, method: str, path: str, body: dict[str, str] | None) -> None:
    parts = urlsplit(admin)
    login = b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    request = urllib.request.Request(
        urlunsplit(parts._replace(netloc=f"{parts.hostname}:{parts.port}", path=path)),
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30):
        return
