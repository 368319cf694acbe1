"""Who is not one of our parts: gone after an upgrade, and where one reads, no more than a bounded queue."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from amqp.exceptions import AccessRefused, AMQPError, NotAllowed
from kombu.connection import Connection

from imigr_kit.testing import wait_until
from imigr_provision import audiences, broker, catalogue, follower, limits, strangers
from imigr_provision.audiences import Audiences
from imigr_provision.broker import BrokerAdmin, Rights

Attempt = Callable[[Any], Any]
"""Something that is done with a channel."""
PASSWORD = "a-password"
MEGABYTE = b"x" * 1_000_000
OLD_RIGHTS = Rights(r"^partner\.old\..+$", r"^partner\.old\..+$", r"^(partner\.old\..+|imigr\.events)$")
"""What a partner had before partners lost their way to the broker."""


class Land:
    """A virtual host of its own with the shared exchanges, on the broker of the test run."""

    def __init__(self, admin: BrokerAdmin, administrator: str) -> None:
        self.admin, self.vhost = admin, f"strangers-{uuid.uuid4().hex[:8]}"
        self._administrator = urlsplit(administrator)
        broker.ensure_shared(admin, self.vhost)

    def connect(self, user: str = "", password: str = PASSWORD) -> Connection:
        """As a user; as the administrator without a name."""
        there = self._administrator
        login = f"{user}:{password}" if user else f"{there.username}:{there.password}"
        return Connection(f"amqp://{login}@{there.hostname}:{there.port}/{self.vhost}", connect_timeout=5)

    def queue(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.admin.get(f"/queues/{self.vhost}/{name}")
        return found

    def publish(self, bodies: list[bytes], exchange: str, key: str) -> None:
        """As the administrator, confirmed."""
        with self.connect() as connection:
            channel = connection.default_channel
            channel.confirm_select()
            for body in bodies[:-1]:
                channel.basic_publish(channel.prepare_message(body), exchange, key)
            channel.basic_publish_confirm(channel.prepare_message(bodies[-1]), exchange, key, timeout=30)

    def depth(self, name: str) -> int:
        """How many messages wait, asked on AMQP: the management interface is seconds late."""
        with self.connect() as connection:
            return int(connection.default_channel.queue_declare(name, passive=True).message_count)

    def taken(self, name: str) -> list[str]:
        """The routing keys of all that waits in a queue."""
        keys = []
        with self.connect() as connection:
            while (message := connection.default_channel.basic_get(name, no_ack=True)) is not None:
                keys.append(message.delivery_info["routing_key"])
        return keys


@pytest.fixture(scope="module")
def land(broker_uri: str, broker_management: str) -> Iterator[Land]:
    url = urlsplit(broker_management)
    admin = BrokerAdmin(f"http://{url.hostname}:{url.port}", url.username or "", url.password or "")
    one = Land(admin, broker_uri)
    limits.limit_queues(admin, one.vhost)
    yield one
    admin.delete(f"/vhosts/{one.vhost}")
    for user in ("partner-old", follower.USER, "somebody", "ours"):
        admin.delete(f"/users/{user}")


@pytest.fixture
def reader(land: Land) -> Iterator[Connection]:
    """The demo's follower, as provisioning makes it."""
    follower.prepare(land.admin, PASSWORD, audiences.read(), land.vhost)
    with land.connect(follower.USER) as connection:
        connection.connect()
        yield connection


def refused(attempt: Attempt, connection: Connection) -> None:
    """The broker says no to what is attempted on a channel of its own."""
    channel = connection.connection.channel()
    with pytest.raises(AccessRefused):
        attempt(channel)


def test_an_upgrade_takes_the_partners_users_away(land: Land, tmp_path: Path) -> None:
    """With their connections, their queues, the bindings of these, and the secrets."""
    broker.ensure_user(land.admin, "partner-old", PASSWORD, OLD_RIGHTS, land.vhost)
    (tmp_path / "partner-old").mkdir()
    (tmp_path / "partner-old" / "amqp_uri").write_text("amqp://")
    (tmp_path / "guichet").mkdir()
    connection = land.connect("partner-old")
    channel = connection.default_channel
    for name, durable in (("partner.old.feed", True), ("partner.old.live", False)):
        channel.queue_declare(name, durable=durable, exclusive=not durable, auto_delete=not durable)
        channel.queue_bind(name, broker.EVENTS, "#")
    strangers.dismiss(land.admin, tmp_path, land.vhost)
    assert "partner-old" not in {user["name"] for user in land.admin.get("/users")}
    assert [path.name for path in tmp_path.iterdir()] == ["guichet"]
    wait_until(lambda: not _has_partners(land), 15, "the queues and their bindings to go")
    with pytest.raises((AMQPError, OSError)):
        connection.drain_events(timeout=10)
    with pytest.raises((AMQPError, OSError)):
        land.connect("partner-old").connect()


def _has_partners(land: Land) -> bool:
    queues = [one["name"] for one in land.admin.get(f"/queues/{land.vhost}")]
    bound = [one["destination"] for one in land.admin.get(f"/exchanges/{land.vhost}/{broker.EVENTS}/bindings/source")]
    return any(name.startswith("partner.") for name in queues + bound)


def test_dismissing_again_finds_nothing_to_do(land: Land, tmp_path: Path) -> None:
    """It runs at every start."""
    strangers.dismiss(land.admin, tmp_path, land.vhost)
    strangers.dismiss(land.admin, tmp_path, land.vhost)


def test_the_follower_gets_the_public_kinds_and_no_other(land: Land, reader: Connection) -> None:
    """One event of every kind is published; what is not public does not reach its queue."""
    table = audiences.read()
    for kind in table.kinds:
        land.publish([b"{}"], broker.EVENTS, f"raoued.{kind}")
    expected = {key.replace("*", "raoued", 1) for key in table.public_keys()}
    assert set(land.taken(follower.QUEUE)) == expected
    assert not [key for key in expected if ".appointment." in key or ".referral." in key]


def test_what_is_public_no_longer_is_unbound(land: Land, reader: Connection) -> None:
    """Bindings follow the table, also one that somebody added by hand."""
    between = f"/bindings/{land.vhost}/e/{broker.EVENTS}/q/{follower.QUEUE}"
    land.admin.post(between, {"routing_key": "#"})
    smaller = Audiences({"directory.pack.published.v1": {"class": "public"}}, "internal")
    follower.prepare(land.admin, PASSWORD, smaller, land.vhost)
    assert [one["routing_key"] for one in land.admin.get(between)] == ["*.directory.pack.published.v1"]


def test_the_follower_can_only_read(land: Land, reader: Connection) -> None:
    """It binds nothing, declares nothing, deletes nothing, publishes nothing, and reads no other queue."""
    queue = follower.QUEUE
    refused(lambda channel: channel.queue_bind(queue, broker.EVENTS, "#"), reader)
    refused(lambda channel: channel.queue_bind(queue, broker.RPC, "#"), reader)
    refused(lambda channel: channel.queue_unbind(queue, broker.EVENTS, "*.directory.pack.published.v1"), reader)
    for name in ("partner.old.feed", "demo.more", "demo.public", ""):
        refused(_declare(name), reader)
    refused(lambda channel: channel.exchange_declare("demo.exchange", "topic"), reader)
    refused(lambda channel: channel.queue_delete(queue), reader)
    refused(lambda channel: channel.basic_get(broker.UNROUTED), reader)
    for exchange in (broker.EVENTS, broker.RPC, broker.UNROUTED, ""):
        refused(_publish(exchange), reader)
    assert reader.connection.channel().basic_get(queue) is None


def _declare(queue: str) -> Attempt:
    return lambda channel: channel.queue_declare(queue, durable=True, auto_delete=False)


def _publish(exchange: str) -> Attempt:
    def attempt(channel: Any) -> None:
        channel.confirm_select()
        channel.basic_publish_confirm(channel.prepare_message(b"{}"), exchange, follower.QUEUE, timeout=5)

    return attempt


def test_a_flood_of_events_ends_at_the_length_of_the_queue(land: Land, reader: Connection) -> None:
    """Nobody reads: the oldest go, and the publisher is not held up."""
    most = limits.QUEUE_LIMITS["max-length"]
    land.publish([b"{}"] * (most + 500), broker.EVENTS, "raoued.directory.pack.published.v1")
    wait_until(lambda: land.depth(follower.QUEUE) == most, 15, "the queue to hold no more than its length")


def test_a_flood_of_octets_ends_at_the_size_of_the_queue(land: Land, reader: Connection) -> None:
    """Forty megabytes leave sixteen at most."""
    land.publish([MEGABYTE] * 40, broker.EVENTS, "raoued.directory.pack.published.v1")
    most = limits.QUEUE_LIMITS["max-length-bytes"] // len(MEGABYTE)
    wait_until(lambda: 0 < land.depth(follower.QUEUE) <= most, 15, "the queue to hold no more than its octets")


def test_what_is_old_goes(land: Land, reader: Connection) -> None:
    """The age is in the policy that holds for the queue."""
    wait_until(lambda: land.queue(follower.QUEUE).get("operator_policy") == limits.POLICY, 15, "the policy")
    assert land.queue(follower.QUEUE)["effective_policy_definition"] == limits.QUEUE_LIMITS


def test_a_queue_of_ours_has_no_limit_from_the_strangers_policy(land: Land) -> None:
    """All of a flood is kept in it, also when its name only looks like a stranger's."""
    most = limits.QUEUE_LIMITS["max-length"]
    for name in ("guichet.on_partner.demo", "demography.on_event"):
        land.admin.put(f"/queues/{land.vhost}/{quote(name)}", {"durable": True, "auto_delete": False})
        land.publish([b"{}"] * (most + 500), "", name)
        assert land.depth(name) == most + 500


def test_a_stranger_opens_so_many_connections_and_no_more(land: Land, reader: Connection) -> None:
    """The next one is refused; one that ends makes room."""
    with ExitStack() as opened:
        for _ in range(limits.STRANGER.connections - 1):
            opened.enter_context(land.connect(follower.USER)).connect()
        with pytest.raises(NotAllowed):
            land.connect(follower.USER).connect()

    def has_room() -> bool:
        try:
            with land.connect(follower.USER) as connection:
                connection.connect()
        except NotAllowed:
            return False
        return True

    wait_until(has_room, 15, "room after the end of the others")


def test_a_stranger_opens_so_many_channels_and_no_more(land: Land, reader: Connection) -> None:
    """Over all its connections together."""
    for _ in range(limits.STRANGER.channels):
        reader.connection.channel()
    with pytest.raises(AMQPError):
        reader.connection.channel()


def test_every_user_that_is_not_ours_is_limited(land: Land) -> None:
    """Whoever made it. The administrator and our own parts are not."""
    nothing = Rights("^$", "^$", "^$")
    for name in ("somebody", "ours"):
        broker.ensure_user(land.admin, name, PASSWORD, nothing, land.vhost)
    limits.limit_strangers(land.admin, {"ours"}, land.vhost)
    limited = {one["user"]: one["value"] for one in land.admin.get("/user-limits")}
    assert limited["somebody"] == {"max-connections": limits.TOWN.connections, "max-channels": limits.TOWN.channels}
    assert not {"ours", "admin"} & set(limited)


def test_no_part_is_called_as_strangers_are() -> None:
    """Its queues would be limited, and lose messages."""
    for part in catalogue.read().parts:
        assert not re.match(limits.NAMES, f"{part.name}.on_event")
        assert not re.match(strangers.USERS, part.name)
    for name in catalogue.STRANGERS:
        with pytest.raises(ValueError, match="its own"):
            catalogue.read(own=[catalogue.OwnPart(name, "guichet", ("raoued",))])
