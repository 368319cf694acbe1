"""What provisioned users may do on the real servers, and what these refuse."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from amqp.exceptions import AccessRefused
from kombu.connection import Connection
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from imigr_provision import broker, mongo
from imigr_provision.broker import BrokerAdmin, Rights
from imigr_provision.catalogue import Part

ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class Land:
    """A virtual host of its own, whose users carry a suffix of their own."""

    admin: BrokerAdmin
    vhost: str
    suffix: str
    place: str

    def name(self, plain: str) -> str:
        return f"{plain}_{self.suffix}"

    def part(self, plain: str, *towns: str) -> Part:
        name = self.name(plain)
        return Part(name, "", "", {}, {}, 0, database=f"imigr_{name}", emits=plain, municipalities=towns)

    def user(self, name: str, rights: Rights) -> Connection:
        broker.ensure_user(self.admin, name, "a-password", rights, self.vhost)
        return Connection(f"amqp://{name}:a-password@{self.place}/{self.vhost}", connect_timeout=5)


@pytest.fixture(scope="module")
def land(broker_uri: str, broker_management: str) -> Iterator[Land]:
    url, there = urlsplit(broker_management), urlsplit(broker_uri)
    admin = BrokerAdmin(f"http://{url.hostname}:{url.port}", url.username or "", url.password or "")
    suffix = uuid.uuid4().hex[:8]
    vhost = f"rights-{suffix}"
    broker.ensure_shared(admin, vhost)
    yield Land(admin, vhost, suffix, f"{there.hostname}:{there.port}")
    admin.delete(f"/vhosts/{vhost}")
    for user in admin.get("/users"):
        if user["name"].endswith(suffix):
            admin.delete(f"/users/{user['name']}")


@pytest.fixture(scope="module")
def guichet(land: Land) -> Iterator[Connection]:
    with land.user(land.name("guichet"), broker.service_rights(land.part("guichet"))) as connection:
        yield connection


def _publish(connection: Connection, exchange: str, key: str) -> None:
    """Waits for the broker's confirmation, so that a refusal is seen here."""
    channel = connection.connection.channel()
    try:
        channel.confirm_select()
        message = channel.prepare_message(b"{}")
        channel.basic_publish_confirm(message, exchange, key, timeout=ANSWER_SECONDS)
    finally:
        if channel.is_open:
            channel.close()


def test_a_service_publishes_events_under_its_own_name(guichet: Connection) -> None:
    """Of every town, when it serves all of them."""
    _publish(guichet, broker.EVENTS, "raoued.guichet.appointment.booked.v1")
    _publish(guichet, broker.EVENTS, "la-marsa.guichet.appointment.booked.v1")


@pytest.mark.parametrize(
    "key",
    [
        "raoued.events.event.published.v1",
        "raoued.guichet",
        "a.raoued.guichet.appointment.booked.v1",
        "raoued.guichet.appointment.booked.v1.more",
    ],
)
def test_a_service_cannot_speak_in_the_name_of_another(guichet: Connection, key: str) -> None:
    """The pattern is anchored: no longer or shorter key slips through."""
    with pytest.raises(AccessRefused):
        _publish(guichet, broker.EVENTS, key)


def test_a_town_s_own_service_speaks_for_that_town_only(land: Land) -> None:
    """Raoued's guichet cannot announce a booking of La Marsa."""
    part = land.part("guichet", "raoued")
    with land.user(land.name("guichet_raoued"), broker.service_rights(part)) as connection:
        _publish(connection, broker.EVENTS, "raoued.guichet.appointment.booked.v1")
        with pytest.raises(AccessRefused):
            _publish(connection, broker.EVENTS, "la-marsa.guichet.appointment.booked.v1")


def test_a_service_declares_binds_and_reads_its_own_queues(guichet: Connection, land: Land) -> None:
    """Handler queue with retry tier and parking, and the RPC queue."""
    name = land.name("guichet")
    channel = guichet.connection.channel()
    redelivery = f"{name}.redelivery"
    channel.exchange_declare(redelivery, "direct", durable=True, auto_delete=False)
    parking = {"x-dead-letter-exchange": redelivery, "x-dead-letter-routing-key": f"{name}.on_event.parking"}
    channel.queue_declare(f"{name}.on_event.parking", durable=True, auto_delete=False)
    channel.queue_declare(f"{name}.on_event", durable=True, auto_delete=False, arguments=parking)
    channel.queue_bind(f"{name}.on_event", broker.EVENTS, "*.events.#")
    channel.queue_bind(f"{name}.on_event", redelivery, f"{name}.on_event")
    _publish(guichet, redelivery, f"{name}.on_event.parking")
    channel.queue_declare(f"rpc-{name}", durable=True, auto_delete=False)
    channel.queue_bind(f"rpc-{name}", broker.RPC, f"{name}.*")
    assert channel.basic_get(f"{name}.on_event") is None
    channel.close()


@pytest.mark.parametrize("queue", ["rpc-events", "events.on_booked", "partner.demo.feed", "guichet"])
def test_a_service_cannot_declare_another_s_queue(guichet: Connection, queue: str) -> None:
    """A queue belongs to the part whose name it carries."""
    with pytest.raises(AccessRefused):
        guichet.connection.channel().queue_declare(queue, durable=True, auto_delete=False)


def test_a_service_cannot_answer_calls_meant_for_another(guichet: Connection, land: Land) -> None:
    """Binding its own queue to another's RPC name is refused."""
    name = land.name("guichet")
    channel = guichet.connection.channel()
    channel.queue_declare(f"{name}.thief", durable=True, auto_delete=False)
    with pytest.raises(AccessRefused):
        channel.queue_bind(f"{name}.thief", broker.RPC, "accounts.login")


def test_a_service_cannot_call_another(guichet: Connection) -> None:
    """Commands come from the gateway; services speak through events."""
    with pytest.raises(AccessRefused):
        _publish(guichet, broker.RPC, "accounts.create_staff")


def test_nobody_but_the_administrator_changes_the_shared_exchanges(guichet: Connection) -> None:
    """A part could otherwise delete the exchange under all others."""
    with pytest.raises(AccessRefused):
        guichet.connection.channel().exchange_delete(broker.EVENTS)


def test_the_gateway_calls_and_hears_and_publishes_no_event(land: Land) -> None:
    """It owns no data, so it has nothing to announce."""
    name = land.name("gateway")
    part = Part(name, "", "", {}, {}, 0)
    with land.user(name, broker.gateway_rights(part)) as connection:
        _publish(connection, broker.RPC, "guichet_raoued.book_appointment")
        channel = connection.connection.channel()
        reply = str(uuid.uuid4())
        channel.queue_declare(f"rpc.reply-{name}-{reply}", exclusive=True, auto_delete=True)
        channel.queue_bind(f"rpc.reply-{name}-{reply}", broker.RPC, reply)
        channel.queue_bind(f"rpc.reply-{name}-{reply}", broker.EVENTS, "#")
        channel.close()
        with pytest.raises(AccessRefused):
            _publish(connection, broker.EVENTS, "raoued.guichet.appointment.booked.v1")


def test_provisioning_again_changes_nothing_that_runs(land: Land, guichet: Connection) -> None:
    """Exchanges, rights and users may be set again at any time."""
    broker.ensure_shared(land.admin, land.vhost)
    with land.user(land.name("guichet"), broker.service_rights(land.part("guichet"))):
        pass
    _publish(guichet, broker.EVENTS, "raoued.guichet.appointment.booked.v1")


def test_events_that_nobody_hears_become_visible(land: Land, guichet: Connection) -> None:
    """The alternate exchange keeps them in a queue for people."""
    _publish(guichet, broker.EVENTS, "nowhere.guichet.appointment.booked.v1")
    found = land.admin.post(
        f"/queues/{land.vhost}/{broker.UNROUTED}/get",
        {"count": 1000, "ackmode": "ack_requeue_true", "encoding": "auto"},
    )
    assert "nowhere.guichet.appointment.booked.v1" in {one["routing_key"] for one in found}


@pytest.fixture
def databases(mongo_admin_uri: str) -> Iterator[tuple[str, str, str]]:
    """Two databases with one user each; yields the address of the first user and both names."""
    first, second = (f"imigr_{uuid.uuid4().hex[:8]}" for _ in range(2))
    with MongoClient[dict[str, object]](mongo_admin_uri) as client:
        for name in (first, second):
            mongo.ensure_user(client, user=name, password="a-password", database=name)
        there = urlsplit(mongo_admin_uri)
        place = f"{there.hostname}:{there.port}"
        yield f"mongodb://{first}:a-password@{place}/{first}?authSource={first}&replicaSet=imigr", first, second
        for name in (first, second):
            client[name].command("dropUser", name)
            client.drop_database(name)


def test_a_service_reads_and_writes_its_own_database(databases: tuple[str, str, str]) -> None:
    """Indexes included: services declare them at their start."""
    uri, own, _ = databases
    with MongoClient[dict[str, object]](uri) as client:
        client[own].days.create_index("guichet")
        client[own].days.insert_one({"_id": 1})
        assert client[own].days.count_documents({}) == 1


def test_a_service_cannot_touch_another_s_database(databases: tuple[str, str, str]) -> None:
    """Neither reading nor writing, nor seeing which there are."""
    uri, _, other = databases
    with MongoClient[dict[str, object]](uri) as client:
        with pytest.raises(OperationFailure, match="not authorized"):
            client[other].days.find_one({})
        with pytest.raises(OperationFailure, match="not authorized"):
            client[other].days.insert_one({"_id": 1})
        with pytest.raises(OperationFailure, match="not authorized"):
            client.admin.command("usersInfo")


def test_a_changed_password_holds_after_provisioning_again(
    databases: tuple[str, str, str], mongo_admin_uri: str
) -> None:
    """A rotated secret needs no more than another run."""
    uri, own, _ = databases
    with MongoClient[dict[str, object]](mongo_admin_uri) as client:
        mongo.ensure_user(client, user=own, password="another", database=own)
    with MongoClient[dict[str, object]](uri.replace("a-password", "another")) as client:
        assert client[own].days.find_one({}) is None
