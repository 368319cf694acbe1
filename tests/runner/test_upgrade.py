"""Queues of an installation from before the default exchange was closed, on the real broker."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from kombu.connection import Connection

from imigr_provision import broker
from imigr_provision.broker import BrokerAdmin
from imigr_provision.catalogue import Part
from imigr_provision.upgrade import SPARE, _Mover, renew_queues

QUEUE, TIER = "old.on_event", "old.on_event.retry.1s"
KEY = "raoued.events.event.published.v1"


class Old:
    """A virtual host as an older version left it, and its service's address."""

    def __init__(self, admin: BrokerAdmin, vhost: str, place: str) -> None:
        self.admin, self.vhost = admin, vhost
        self.name = f"old_{vhost[-8:]}"
        self.queue, self.tier = QUEUE.replace("old", self.name), TIER.replace("old", self.name)
        self.address = f"amqp://{self.name}:a-password@{place}/{vhost}"
        part = Part(self.name, "", "", {}, {}, 0, emits="old")
        broker.ensure_user(admin, self.name, "a-password", broker.service_rights(part), vhost)

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """What lies there; it stays."""
        body = {"count": 100, "ackmode": "ack_requeue_true", "encoding": "auto"}
        found: list[dict[str, Any]] = self.admin.post(f"/queues/{self.vhost}/{queue}/get", body)
        return found

    def names(self) -> set[str]:
        return {one["name"] for one in self.admin.get(f"/queues/{self.vhost}")}


@pytest.fixture
def old(broker_uri: str, broker_management: str) -> Iterator[Old]:
    """A handler's queue and one of its tiers over the default exchange, with three messages between them."""
    url, there = urlsplit(broker_management), urlsplit(broker_uri)
    admin = BrokerAdmin(f"http://{url.hostname}:{url.port}", url.username or "", url.password or "")
    vhost = f"upgrade-{uuid.uuid4().hex[:8]}"
    broker.ensure_shared(admin, vhost)
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    admin.put(f"/permissions/{vhost}/{there.username}", everything)
    made = Old(admin, vhost, f"{there.hostname}:{there.port}")
    with Connection(f"{broker_uri.rpartition('/')[0].rstrip('/')}/{vhost}", connect_timeout=5) as connection:
        channel = connection.default_channel
        for queue, target in ((made.queue, f"{made.queue}.parking"), (made.tier, made.queue)):
            arguments = {"x-queue-type": "quorum", "x-dead-letter-exchange": "", "x-dead-letter-routing-key": target}
            channel.queue_declare(queue, durable=True, auto_delete=False, arguments=arguments)
        channel.queue_bind(made.queue, broker.EVENTS, "*.events.#")
        producer = connection.Producer()
        for number in range(2):
            producer.publish({"number": number}, exchange=broker.EVENTS, routing_key=KEY, message_id=str(number))
        headers = {"x-imigr-routing-key": KEY, "x-imigr-attempt": 1}
        producer.publish({"number": 2}, routing_key=made.tier, headers=headers, message_id="2")
    yield made
    admin.delete(f"/vhosts/{vhost}")
    admin.delete(f"/users/{made.name}")


def check(old: Old) -> None:
    """All three lie where they lay, from a sender who could have sent them, and nothing else is left."""
    assert old.names() == {old.queue, old.tier, broker.UNROUTED}
    waiting = old.messages(old.queue)
    assert {one["properties"]["message_id"] for one in waiting} == {"0", "1"}
    (retried,) = old.messages(old.tier)
    for one in (*waiting, retried):
        headers = one["properties"]["headers"]
        assert one["properties"]["user_id"] == old.name
        assert (headers["x-imigr-sender"], headers["x-imigr-exchange"]) == ("events", "imigr.events")
        assert headers["x-imigr-routing-key"] == KEY
    assert retried["properties"]["headers"]["x-imigr-attempt"] == 1
    assert {json.loads(one["payload"])["number"] for one in waiting} == {0, 1}
    for queue in (old.queue, old.tier):
        arguments = old.admin.get(f"/queues/{old.vhost}/{queue}")["arguments"]
        assert arguments["x-dead-letter-exchange"] == f"{old.name}.redelivery"
    bindings = old.admin.get(f"/queues/{old.vhost}/{old.queue}/bindings")
    assert (broker.EVENTS, "*.events.#") in {(one["source"], one["routing_key"]) for one in bindings}


def test_an_upgrade_keeps_every_message(old: Old) -> None:
    """In its queue, with its history; a second run finds nothing to do."""
    assert renew_queues(old.admin, old.name, old.address, old.vhost) == 2
    check(old)
    assert renew_queues(old.admin, old.name, old.address, old.vhost) == 0
    check(old)


@pytest.mark.parametrize("step", ["queue_delete", "queue_unbind", "basic_ack", "queue_declare"])
@pytest.mark.parametrize("time", [1, 2])
def test_an_upgrade_that_was_killed_goes_on(old: Old, monkeypatch: pytest.MonkeyPatch, step: str, time: int) -> None:
    """Before any of its steps: the next run ends as one that was left in peace."""
    begun = _Mover.__init__

    def with_a_death(self: _Mover, connection: Any, part: str) -> None:
        begun(self, connection, part)
        channel, left = self._channel, [time]
        true_step = getattr(channel, step)

        def die(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise InterruptedError
            return true_step(*arguments, **options)

        monkeypatch.setattr(channel, step, die)

    with monkeypatch.context() as patched:
        patched.setattr(_Mover, "__init__", with_a_death)
        try:
            renew_queues(old.admin, old.name, old.address, old.vhost)
        except InterruptedError:
            pass
    renew_queues(old.admin, old.name, old.address, old.vhost)
    assert not any(name.endswith(SPARE) for name in old.names())
    kept = {one["properties"]["message_id"] for one in (*old.messages(old.queue), *old.messages(old.tier))}
    assert kept == {"0", "1", "2"}
