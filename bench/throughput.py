"""The relay beside a raw publisher: the same messages, the same broker, the same confirms."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

from kombu.connection import Connection

from imigr_kit.broker import ConfirmedPublisher
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.facts import Fact
from imigr_kit.ids import new_id
from imigr_kit.outbox import new_document_fields
from imigr_kit.relay import Relay
from imigr_kit.secret import Secret

DOCUMENTS, EVENTS_EACH = 2_000, 2


def broker_uri(platform: Any) -> str:
    """The platform's vhost as administrator."""
    uri: str = platform.admin_environment()["IMIGR_TEST_AMQP_URI"]
    return uri.rstrip("/") + "/imigr"


def raw_publisher(platform: Any, seconds: float) -> float:
    """Plain kombu with publisher confirms, one persistent message after the other, to the events' exchange."""
    body = json.dumps(_event(0)[0]).encode()
    options = {"confirm_publish": True}
    done = 0
    with Connection(broker_uri(platform), transport_options=options) as connection:
        producer = connection.Producer()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            producer.publish(
                body,
                exchange="imigr.events",
                routing_key="la-marsa.bench.record.changed.v1",
                content_type="application/cloudevents+json",
                content_encoding="binary",
                delivery_mode=2,
            )
            done += 1
    return done / seconds


def relay_rate(platform: Any, publishing: type[ConfirmedPublisher] = ConfirmedPublisher) -> float:
    """Events per second from full outboxes to confirmed and marked."""
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]] = MongoClient(
        platform.admin_environment()["IMIGR_TEST_MONGO_URI"], tz_aware=True, w="majority", journal=True
    )
    db = client[f"bench_relay_{uuid.uuid4().hex[:6]}"]
    db["records"].insert_many([full_outbox(number) for number in range(DOCUMENTS)])
    db["records"].create_index("unsent", partialFilterExpression={"unsent": True})
    publisher = publishing(Secret(broker_uri(platform)), "bench")
    relay = Relay(db, ["records"], publisher, SystemClock(), owner="bench")
    thread = threading.Thread(target=relay.run_forever, daemon=True)
    try:
        started = time.perf_counter()
        thread.start()
        relay.wake()
        while db["records"].find_one({"unsent": True}, {"_id": 1}) is not None:
            time.sleep(0.01)
        return DOCUMENTS * EVENTS_EACH / (time.perf_counter() - started)
    finally:
        relay.stop()
        thread.join(5)
        publisher.stop()
        client.drop_database(db.name)
        client.close()


def full_outbox(number: int) -> dict[str, Any]:
    """A document whose outbox holds EVENTS_EACH events."""
    return {"_id": str(number), **new_document_fields([one for _ in range(EVENTS_EACH) for one in _event(number)])}


def _event(number: int) -> list[dict[str, Any]]:
    stamp = Stamp("bench", "local", SystemClock(), new_id)
    return stamp([Fact("record.changed", str(number), "la-marsa", 1, {"text": "x" * 400})])
