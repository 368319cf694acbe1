"""pytest fixtures on real servers; `make test` names the servers in the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pymongo.database import Database

from imigr_kit.rpc_client import RpcClient
from imigr_kit.secret import Secret
from imigr_kit.senders import Senders
from imigr_kit.testing import servers
from imigr_kit.testing.processes import ServiceHandle
from imigr_kit.testing.waiting import wait_until as wait


@pytest.fixture
def amqp_uri() -> Iterator[str]:
    """Address of a fresh vhost on the real broker."""
    with servers.fresh_vhost() as uri:
        yield uri


@pytest.fixture
def mongo_uri() -> str:
    """Address of the real database server."""
    return servers.address(servers.MONGO_URI)


@pytest.fixture
def mongo_db() -> Iterator[Database[dict[str, Any]]]:
    """A fresh database on the real server."""
    with servers.fresh_database() as database:
        yield database


@pytest.fixture
def rpc_client(amqp_uri: str) -> Iterator[RpcClient]:
    """A connected RPC client on the test's vhost."""
    client = RpcClient(Secret(amqp_uri), origin="test", senders=Senders(servers.trusted(amqp_uri)))
    client.start()
    yield client
    client.close()


@pytest.fixture
def service_process() -> Iterator[Callable[..., ServiceHandle]]:
    """Start ``python -m <module>`` with settings and wait until it is ready; all are ended with the test."""
    handles: list[ServiceHandle] = []

    def start(module: str, env: Mapping[str, str] | None = None) -> ServiceHandle:
        handle = ServiceHandle(module, env or {})
        handles.append(handle)
        handle.wait_ready()
        return handle

    yield start
    for handle in handles:
        handle.discard()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object], float, str], None]:
    """Poll a condition with a deadline."""
    return wait
