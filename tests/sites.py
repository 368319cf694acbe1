"""A running platform as the tests reach it: over HTTP, as the demo's partner, and from behind as an administrator."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from imigr_demo.http import Answer, Site
from pymongo import MongoClient

from imigr_kit.commands import FIELD, hidden
from imigr_kit.secret import Secret
from imigr_kit.testing import wait_until

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
_numbers = count(os.getpid() % 1000 * 60)


def site(platform: Any, language: str = "en") -> Site:
    """The gateway, each request by another visitor: the limits of one are not those of the next."""
    return Site(f"http://127.0.0.1:{platform.port('gateway')}", language, visitor)


def visitor() -> str:
    """An address that nobody had before, in a network of its own."""
    return str(ip_address("10.0.0.7") + 256 * (next(_numbers) % 65_536))


def received(platform: Any) -> Site:
    """The page of received messages."""
    return Site(f"http://127.0.0.1:{platform.port('received')}")


def partner_uri(platform: Any) -> str:
    """The way to the broker of the demo's partner, who may read the queue of the public kinds."""
    return str(platform.credentials().follower_amqp_uri)


def administrator_uri(platform: Any) -> str:
    """The broker's administrator in the platform's vhost: for tests that must hear all, which nobody else may."""
    uri = str(platform.admin_environment()["IMIGR_TEST_AMQP_URI"])
    return uri.rsplit("/", 1)[0].rstrip("/") + "/imigr"


MANAGER = "manager.la-marsa@demo.invalid"


def manager(platform: Any) -> tuple[str, str]:
    """Address and password of a manager of La Marsa."""
    return MANAGER, platform.credentials().staff[MANAGER]


def part_uri(platform: Any, part: str) -> str:
    """The way of one part to the broker, with the rights of that part."""
    return Path(platform.instance.secrets, part, "amqp_uri").read_text(encoding="utf-8").strip()


def stored_key(platform: Any, service: str, key: str) -> str:
    """What a service stores of an idempotency key: hashed by the gateway, then by itself, with a key each."""
    payload: dict[str, Any] = {FIELD: key}
    for part in ("gateway", service):
        text = Path(platform.instance.secrets, part, "hash_key").read_text(encoding="utf-8")
        payload = hidden(payload, Secret(base64.b64decode(text.strip())))
    return str(payload[FIELD])


@contextmanager
def database(platform: Any) -> Iterator[MongoClient[dict[str, Any]]]:
    """The database server as its administrator."""
    uri = platform.admin_environment()["IMIGR_TEST_MONGO_URI"]
    client: MongoClient[dict[str, Any]] = MongoClient(uri, tz_aware=True, serverSelectionTimeoutMS=10_000)
    try:
        yield client
    finally:
        client.close()


def manage(platform: Any, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the broker's management interface; POST when there is a body."""
    parts = urlsplit(platform.admin_environment()["IMIGR_TEST_AMQP_ADMIN"])
    login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{parts.hostname}:{parts.port}/api/{path}", data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def queues(platform: Any) -> list[dict[str, Any]]:
    """All queues of the platform's vhost with their figures, by the management interface."""
    found: list[dict[str, Any]] = manage(platform, "queues/imigr?disable_stats=false")
    return found


def peek(platform: Any, queue: str) -> list[dict[str, Any]]:
    """The messages of a queue, which stay there."""
    body = {"count": 1000, "ackmode": "ack_requeue_true", "encoding": "auto"}
    found: list[dict[str, Any]] = manage(platform, f"queues/imigr/{queue}/get", body)
    return found


def metrics(platform: Any, part: str) -> str:
    """The figures of one service, as Prometheus reads them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{platform.port(part)}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def waiting(platform: Any, ending: str = "") -> dict[str, int]:
    """Messages by queue, for queues whose name contains ``ending``; empty ones are left out."""
    return {
        queue["name"]: queue.get("messages", 0)
        for queue in queues(platform)
        if ending in queue["name"] and queue.get("messages", 0) and queue["name"] != "imigr.unrouted"
    }


def unsent(platform: Any) -> int:
    """Documents whose outbox still waits, in all databases."""
    with database(platform) as client:
        return sum(
            client[name][collection].count_documents({"unsent": True})
            for name in client.list_database_names()
            if name.startswith("imigr_")
            for collection in client[name].list_collection_names()
        )


def patient(platform: Any, path: str) -> Answer:
    """A GET that may be asked again for a while: right after an outage a circuit is still open for a second."""
    answers: list[Answer] = []

    def good() -> bool:
        answers.append(site(platform).get(path))
        return answers[-1].status == 200

    wait_until(good, 30, f"200 from {path}")
    return answers[-1]


def slots(platform: Any, municipality: str, language: str | None = None, topic: str = "information") -> list[str]:
    """Starts of free slots of the municipality's guichet, in order."""
    guichet = guichet_id(platform, municipality)
    query = f"topic={topic}&days=60&limit=1000" + (f"&language={language}" if language else "")
    answer = patient(platform, f"/api/v1/guichets/{guichet}/slots?{query}")
    return [slot["start"] for day in answer.body["days"] for slot in day["slots"]]


def guichet_id(platform: Any, municipality: str) -> str:
    """The municipality's guichet."""
    answer = patient(platform, f"/api/v1/guichets?municipality={municipality}")
    return str(answer.body["items"][0]["id"])


def broker_command(platform: Any, *arguments: str) -> None:
    """rabbitmqctl on the platform's private node."""
    from imigr_local import rabbitmq

    state = platform.state.ports
    ports = rabbitmq.BrokerPorts(state["amqp"], state["broker_management"], state["broker_distribution"], state["epmd"])
    folder = rabbitmq.ensure_program(lambda line: None)
    env = rabbitmq.environment(platform.instance, ports, dict(os.environ))
    done = subprocess.run(
        [str(folder / "rabbitmqctl"), *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
