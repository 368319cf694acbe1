"""Who is outside learns what is public and no more, floods end at their limit, and no server answers a stranger."""

from __future__ import annotations

import json
import re
import socket
import struct
import subprocess
import sys
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bson
import pytest
from amqp.exceptions import AccessRefused, AMQPError
from kombu import Connection  # type: ignore[attr-defined]  # kombu names it lazily
from pymongo.errors import OperationFailure

from imigr_kit.testing import wait_until
from tests import listeners, sites

Stolen = Callable[[str], str]
TABLE = json.loads((sites.CONTRACTS / "audiences.json").read_text(encoding="utf-8"))
QUEUE = "demo.public"
SNAPPY, ZLIB, ZSTD = 1, 2, 3
"""Numbers of the compressors in MongoDB's wire protocol (OP_COMPRESSED)."""
OP_COMPRESSED, OP_MSG = 2012, 2013


@pytest.fixture(scope="module")
def admin(platform: Any) -> Any:
    """The management interface as administrator."""
    from imigr_provision.broker import BrokerAdmin

    parts = urlsplit(platform.admin_environment()["IMIGR_TEST_AMQP_ADMIN"])
    return BrokerAdmin(f"http://{parts.hostname}:{parts.port}", parts.username or "", parts.password or "")


@pytest.fixture
def follower(stolen: Stolen) -> Iterator[Any]:
    """The demo's follower: the only user of the broker that is not one of our parts."""
    with Connection(stolen("demo"), connect_timeout=5) as connection:
        connection.connect()
        yield connection


def provision(platform: Any, command: str, *more: str) -> None:
    """A command of the provisioning program, as the runner gives it at each start."""
    from imigr_provision.catalogue import FILE

    here = "127.0.0.1"
    own = [{"name": one.name, "of": one.of, "municipalities": one.municipalities} for one in platform.options.own]
    arguments = [
        sys.executable, "-m", "imigr_provision", command, *more, f"--secrets={platform.instance.secrets}",
        f"--own={json.dumps(own)}", f"--broker-management=http://{here}:{platform.port('broker_management')}",
        f"--amqp={here}:{platform.port('amqp')}", f"--catalogue={FILE}",
    ]  # fmt: skip
    environment = {"PYTHONPATH": str(sites.ROOT / "deploy" / "provision"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr


def signed_in(platform: Any) -> dict[str, str]:
    """The header of a manager of La Marsa."""
    email, password = sites.manager(platform)
    answer = sites.site(platform).post("/api/v1/staff/login", {"email": email, "password": password})
    return {"Authorization": f"Bearer {answer.body['token']}"}


def announced(platform: Any) -> str:
    """The id of an event that has just been published."""
    web, manager = sites.site(platform), signed_in(platform)
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat()}
    event = {"title": {"fr": "Atelier"}, "place": {"fr": "Mairie"}, "capacity": 5} | times
    made = str(web.post("/api/v1/staff/la-marsa/events", {"event": event}, **manager).body["id"])
    assert web.post(f"/api/v1/staff/la-marsa/events/{made}/publish", {"version": 1}, **manager).status == 200
    return made


def booked(platform: Any) -> str:
    """The id of an appointment that has just been booked."""
    guichet = sites.guichet_id(platform, "la-marsa")
    start = sites.slots(platform, "la-marsa", "fr")[-1]
    body = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr"}
    answer = sites.site(platform).post("/api/v1/appointments", body, Idempotency_Key=str(uuid.uuid4()))
    assert answer.status == 201, answer
    return str(answer.body["id"])


def everything_in(connection: Any) -> list[dict[str, Any]]:
    """All that the follower can take from its queue."""
    found = []
    while (message := connection.default_channel.basic_get(QUEUE, no_ack=True)) is not None:
        body = message.body
        found.append(json.loads(body if isinstance(body, str) else bytes(body)))
    return found


def test_a_partner_learns_what_is_public_and_nothing_else(platform: Any, follower: Any) -> None:
    """An appointment is booked, then an event published: the follower gets the second, of the first not a trace."""
    appointment, event = booked(platform), announced(platform)
    seen: list[dict[str, Any]] = []

    def told() -> bool:
        seen.extend(everything_in(follower))
        return event in {one["subject"] for one in seen}

    wait_until(told, 20, "the published event")
    kinds = {one["type"].removeprefix("tn.imigr.") for one in seen}
    assert {TABLE["kinds"][kind]["class"] for kind in kinds} == {"public"}
    assert appointment not in json.dumps(seen)


def test_no_partner_may_bind_to_the_events(admin: Any, follower: Any) -> None:
    """Bindings of imigr.events lead to our own queues and, of public kinds, to the demo's; nobody can add one."""
    from imigr_provision.limits import NAMES

    with pytest.raises(AccessRefused):
        follower.connection.channel().queue_bind(QUEUE, "imigr.events", "#")
    for binding in admin.get("/exchanges/imigr/imigr.events/bindings/source"):
        if binding["destination"] == QUEUE:
            assert TABLE["kinds"][binding["routing_key"].removeprefix("*.")]["class"] == "public"
        else:
            assert not re.match(NAMES, binding["destination"])


def test_there_is_no_user_but_our_parts_and_the_demos(platform: Any, admin: Any) -> None:
    """No partner's user exists by default."""
    parts = {"directory", "guichet", "events", "notifications", "accounts", "gateway", "streams", "guichet_raoued"}
    assert {user["name"] for user in admin.get("/users")} - {"guest"} == parts | {"admin", "demo-follower"}


def test_an_upgrade_removes_the_users_of_partners(platform: Any, admin: Any) -> None:
    """Provisioning runs at every start: a partner's user of an earlier release is gone afterwards, with its queue."""
    admin.put("/users/partner-utss", {"password": "a-password", "tags": ""})
    own = r"^partner\.utss\..+$"
    rights = {"configure": own, "write": own, "read": r"^(partner\..+|imigr\.events)$"}
    admin.put("/permissions/imigr/partner-utss", rights)
    uri = f"amqp://partner-utss:a-password@127.0.0.1:{platform.port('amqp')}/imigr"
    with Connection(uri, connect_timeout=5) as connection:
        channel = connection.default_channel
        channel.queue_declare("partner.utss.feed", durable=True, auto_delete=False)
        channel.queue_bind("partner.utss.feed", "imigr.events", "#")
        provision(platform, "servers", f"--mongo=127.0.0.1:{platform.port('mongod')}")
        with pytest.raises((AMQPError, OSError)):
            connection.drain_events(timeout=10)
    provision(platform, "follower")
    assert "partner-utss" not in {user["name"] for user in admin.get("/users")}
    bound = {one["destination"] for one in admin.get("/exchanges/imigr/imigr.events/bindings/source")}
    assert "partner.utss.feed" not in bound
    with pytest.raises((AMQPError, OSError)):
        Connection(uri, connect_timeout=5).connect()


def test_a_flood_of_a_stranger_ends_at_its_limit_and_stops_nobody(platform: Any, stolen: Stolen) -> None:
    """Connections, channels and messages of ten megabytes: refused, and the guichet books meanwhile."""
    from imigr_provision import limits

    with ExitStack() as opened:
        connections = [opened.enter_context(Connection(stolen("demo"), connect_timeout=5)) for _ in range(50)]
        assert 2 <= _until_refused(connections, lambda one: one.connect()) <= limits.STRANGER.connections
        first, second, *_ = connections
        assert _until_refused(range(100), lambda _: first.connection.channel()) <= limits.STRANGER.channels
        for exchange in ("", "imigr.events"):
            with pytest.raises((AMQPError, OSError)):
                _publish_much(second, exchange)
        assert booked(platform)
    assert sites.waiting(platform, QUEUE).get(QUEUE, 0) <= 10_000


def _until_refused(these: Iterable[Any], attempt: Callable[[Any], Any]) -> int:
    """With how many of them the attempt succeeds before the broker says no; fails when it never does."""
    for done, one in enumerate(these):
        try:
            attempt(one)
        except AMQPError:
            return done
    pytest.fail("the broker refused nothing")


def _publish_much(connection: Any, exchange: str) -> None:
    channel = connection.connection.channel()
    channel.confirm_select()
    for _ in range(20):
        channel.basic_publish_confirm(channel.prepare_message(b"x" * 10_000_000), exchange, QUEUE, timeout=10)


def test_what_limits_strangers_does_not_limit_us(admin: Any) -> None:
    """Only the demo's queue has the policy; only the follower and the town's own service have an allowance."""

    def limited() -> set[str]:
        return {queue["name"] for queue in admin.get("/queues/imigr") if queue.get("operator_policy")}

    wait_until(lambda: QUEUE in limited(), 20, "the policy of the demo's queue to be shown")
    assert limited() == {QUEUE}
    assert {one["user"] for one in admin.get("/user-limits")} == {"demo-follower", "guichet_raoued"}


def test_every_process_listens_on_this_machine_only(platform: Any) -> None:
    """Gateway, streams, services, peers, both servers, name server and distribution."""
    from imigr_local import leftovers

    found = listeners.addresses(leftovers.find(platform.instance.folder))
    heard = {int(address.rpartition(":")[2]) for each in found.values() for address in each}
    assert {port for name, port in platform.state.ports.items() if name != "guichet_raoued"} <= heard
    assert listeners.foreign(found) == {}


def message(compressor: int | None, claimed: int | None = None) -> bytes:
    """A hello of MongoDB's wire protocol; compressed, it may claim to be longer than it is."""
    plain = struct.pack("<I", 0) + b"\0" + bson.encode({"hello": 1, "$db": "admin"})
    if compressor is None:
        return struct.pack("<iiii", 16 + len(plain), 1, 0, OP_MSG) + plain
    packed = zlib.compress(plain)
    body = struct.pack("<iiB", OP_MSG, claimed or len(plain), compressor) + packed
    return struct.pack("<iiii", 16 + len(body), 1, 0, OP_COMPRESSED) + body


def answer_to(platform: Any, raw: bytes) -> bytes:
    """What the database server sends back until it closes; nothing but silence ends after two seconds."""
    with socket.create_connection(("127.0.0.1", platform.port("mongod")), timeout=2) as connection:
        connection.sendall(raw)
        try:
            return connection.recv(65536)
        except (TimeoutError, ConnectionResetError):
            return b""


def test_the_database_answers_no_compressed_message(platform: Any) -> None:
    """CVE-2025-14847: a zlib message that claims to be longer than it is got memory of the server for an answer.

    A plain hello is answered; the same one compressed, honest or not, gets not one octet back.
    """
    assert b"isWritablePrimary" in answer_to(platform, message(None))
    for compressor in (SNAPPY, ZLIB, ZSTD):
        assert answer_to(platform, message(compressor)) == b""
        assert answer_to(platform, message(compressor, claimed=4096)) == b""
    assert b"isWritablePrimary" in answer_to(platform, message(None))


def test_the_database_runs_no_javascript(platform: Any) -> None:
    """Neither in a query nor in an aggregation nor by mapReduce."""
    script = "function() { return true; }"
    function = {"body": script, "args": [], "lang": "js"}
    with sites.database(platform) as client:
        things = client["attack"]["things"]
        things.insert_one({"_id": 1})
        asked: list[Callable[[], Any]] = [
            lambda: list(things.find({"$where": script})),
            lambda: list(things.aggregate([{"$set": {"x": {"$function": function}}}])),
            lambda: client["attack"].command("mapReduce", "things", map=script, reduce=script, out={"inline": 1}),
        ]
        for ask in asked:
            with pytest.raises(OperationFailure):
                ask()
        client.drop_database("attack")


def test_the_secrets_of_partners_are_gone(platform: Any) -> None:
    """No folder of an earlier release keeps an address with a password."""
    assert [path.name for path in Path(platform.instance.secrets).glob("partner-*")] == []
