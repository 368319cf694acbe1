"""MongoDB: makes the one-node replica set, its administrator and one user per service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

ADMIN = "admin"
UNAUTHORIZED, ALREADY_INITIALIZED, ALREADY_EXISTS = 13, 23, 51003
AUTHENTICATION_FAILED = 18
WAIT_SECONDS = 60.0

Client = MongoClient[dict[str, Any]]


class WrongPassword(Exception):
    """The data are older than the secrets, or belong to another installation."""


@dataclass(frozen=True)
class MongoAdmin:
    """How the administrator reaches the server; `member` is the address clients will use."""

    host: str
    port: int
    password: str
    member: str
    replica_set: str = "imigr"

    def client(self, *, authenticated: bool) -> Client:
        """Speaks to this very node, whatever state its replica set is in."""
        login: Mapping[str, Any] = (
            {"username": ADMIN, "password": self.password, "authSource": "admin"} if authenticated else {}
        )
        return MongoClient(self.host, self.port, directConnection=True, serverSelectionTimeoutMS=3000, **login)


def initialise(admin: MongoAdmin) -> None:
    """Leaves a primary with an administrator behind, from whatever state an earlier run left."""
    if not _knows_admin(admin):
        _first_start(admin)
    with admin.client(authenticated=True) as client:
        _initiate(client, admin)
        _correct_address(client, admin)
        _await_primary(client)


def _knows_admin(admin: MongoAdmin) -> bool:
    """Waits until the server answers; False when it knows no such user."""

    def attempt() -> bool:
        with admin.client(authenticated=True) as client:
            try:
                client.admin.command("ping")
            except OperationFailure as failure:
                if failure.code == AUTHENTICATION_FAILED:
                    return False
                raise
        return True

    return _until(attempt)


def _first_start(admin: MongoAdmin) -> None:
    """Uses the exception MongoDB grants on the local host while it has no user."""
    with admin.client(authenticated=False) as client:
        try:
            _initiate(client, admin)
            _await_primary(client)
            client.admin.command("createUser", ADMIN, pwd=admin.password, roles=["root"])
        except OperationFailure as failure:
            if failure.code == UNAUTHORIZED:
                raise WrongPassword(f"{admin.member} knows its administrator by another password") from failure
            if failure.code != ALREADY_EXISTS:
                raise


def _initiate(client: Client, admin: MongoAdmin) -> None:
    members = [{"_id": 0, "host": admin.member}]
    try:
        client.admin.command("replSetInitiate", {"_id": admin.replica_set, "members": members})
    except OperationFailure as failure:
        if failure.code != ALREADY_INITIALIZED and "already initialized" not in str(failure):
            raise


def _correct_address(client: Client, admin: MongoAdmin) -> None:
    """The server may listen on another port than last time."""
    config = client.admin.command("replSetGetConfig")["config"]
    if config["members"][0]["host"] == admin.member:
        return
    config["members"][0]["host"] = admin.member
    config["version"] += 1
    client.admin.command("replSetReconfig", config, force=True)


def _await_primary(client: Client) -> None:
    def attempt() -> bool:
        if not client.admin.command("hello").get("isWritablePrimary"):
            raise ConnectionError("the replica set has no primary yet")
        return True

    _until(attempt)


def _until(attempt: Callable[[], bool]) -> bool:
    """Repeats while the server is unreachable, for a minute at most."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return attempt()
        except (PyMongoError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def ensure_user(admin_client: Client, *, user: str, password: str, database: str) -> None:
    """A user who may read and write this one database and nothing else; kept in its own database."""
    roles = [{"role": "readWrite", "db": database}]
    known = admin_client[database].command("usersInfo", user)["users"]
    command = "updateUser" if known else "createUser"
    admin_client[database].command(command, user, pwd=password, roles=roles)
