"""Small changes of the kit that would break a promise, each with the test that notices it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from imigr_kit.broker import BrokerUnavailable, Outgoing
from imigr_kit.consumer import ATTEMPT, EventConsumer
from imigr_kit.context import CallContext, use
from imigr_kit.gathering import Gathering, TooLate
from imigr_kit.outbox import new_document_fields
from imigr_kit.parking import Parking
from imigr_kit.relay import Relay
from imigr_kit.rpc_client import RpcClient, RpcTimeout
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

from .conftest import counter_event

KEY = "raoued.sample.counter.raised.v1"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass
class Publisher:
    """Takes messages, or is away."""

    is_away: bool = False
    taken: list[Outgoing] = field(default_factory=list)

    def publish(self, messages: Sequence[Outgoing], *, seconds: float) -> None:
        if self.is_away:
            raise BrokerUnavailable(retry_after=2)
        self.taken += messages


def filled(db: Any, count: int = 3) -> Any:
    """Documents with one event each in their outbox."""
    rows = [{"_id": str(one), **new_document_fields([counter_event(str(one), 1)])} for one in range(count)]
    db["records"].insert_many(rows)
    return db["records"]


def relay(db: Any, publisher: Any, owner: str = "one", clock: Any = None) -> Relay:
    return Relay(db, ["records"], publisher, clock or FrozenClock(NOW), owner=owner)


def test_what_the_broker_did_not_take_stays_in_the_outbox(mongo_db: Any) -> None:
    """Events are marked after they were confirmed: an outage loses none (promises 1 and 3)."""
    records, publisher = filled(mongo_db), Publisher(is_away=True)
    one = relay(mongo_db, publisher)
    assert one._holds_lease()
    with pytest.raises(BrokerUnavailable):
        one.round()
    assert records.count_documents({"unsent": True, "outbox.0": {"$exists": True}}) == 3
    publisher.is_away = False
    one.round()
    assert records.count_documents({"unsent": True}) == 0
    assert len(publisher.taken) == 3


def test_one_relay_at_a_time_works_on_a_database(mongo_db: Any) -> None:
    """Two that publish at once would change the order; the second takes over when the first no longer renews."""
    clock, first, second = FrozenClock(NOW), Publisher(), Publisher()
    filled(mongo_db)
    holder, other = relay(mongo_db, first, "one", clock), relay(mongo_db, second, "two", clock)
    assert holder._holds_lease()
    assert not other._holds_lease()
    other.round()
    assert second.taken == []
    clock.advance(seconds=60)
    assert other._holds_lease()
    other.round()
    assert len(second.taken) == 3


class Channel:
    """Notes what becomes of deliveries."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.given_back: list[int] = []

    def basic_ack(self, tag: int, multiple: bool = False) -> None:
        self.acknowledged.append(tag)

    def basic_reject(self, tag: int, requeue: bool) -> None:
        self.given_back.append(tag)


def consumer(db: Any, publisher: Any) -> EventConsumer:
    """A handler's consumer without a broker."""
    settings = SimpleNamespace(rpc_name="sample", retry_delays=("1s", "10s", "1m", "10m"), attempts=6)
    publisher.user = "sample"
    inbound = SimpleNamespace(register=lambda subscription: None)
    runtime: Any = SimpleNamespace(
        settings=settings,
        publisher=publisher,
        db=db,
        clock=FrozenClock(NOW),
        inbound=inbound,
        pause=lambda seconds: None,
    )
    return EventConsumer(runtime, None, name="record", patterns=("*.sample.#",), kinds=None, ordered=True)


def delivered(one: EventConsumer, channel: Channel, **headers: Any) -> Any:
    """A message as it is read; with headers, one that has been tried before."""
    way = {
        "exchange": "sample.redelivery" if headers else "imigr.events",
        "routing_key": "raoued.sample.counter.raised.v1",
    }
    message: Any = SimpleNamespace(
        channel=channel,
        delivery_tag=1,
        body=b"{}",
        delivery_info=way,
        properties={"user_id": "sample", "application_headers": headers, "content_type": "application/json"},
    )
    one._receipts.took(message)
    return message


@pytest.mark.parametrize("move", ["_park", "_retry"])
def test_a_message_leaves_its_queue_after_its_copy_was_confirmed(mongo_db: Any, move: str) -> None:
    """A copy that the broker did not take would be the only one (promise 4)."""
    publisher, channel = Publisher(is_away=True), Channel()
    one = consumer(mongo_db, publisher)
    message = delivered(one, channel)
    moved = (
        (message, "reason", "")
        if move == "_park"
        else (SimpleNamespace(message=message, event=event()), ATTEMPT, 0, "")
    )
    getattr(one, move)(*moved)
    assert (channel.acknowledged, channel.given_back) == ([], [1])


def event() -> Any:
    return SimpleNamespace(id="1", subject="one")


def test_outages_stay_in_the_two_short_tiers(mongo_db: Any) -> None:
    """However long the database is away, a message is tried again within ten seconds of its return."""
    publisher = Publisher()
    one = consumer(mongo_db, publisher)
    for attempt in range(6):
        message = delivered(one, Channel(), **({ATTEMPT: attempt} if attempt else {}))
        one._failed(SimpleNamespace(message=message, event=event(), attempt=attempt, gaps=0), BrokerUnavailable())  # type: ignore[arg-type]  # as much of a delivery as is read
    tiers = [copy.routing_key.rpartition(".")[2] for copy in publisher.taken]
    assert tiers == ["1s", "10s", "10s", "10s", "10s", "10s"]


def test_a_replay_while_the_broker_is_blocked_loses_nothing(
    sample: Any, publish: Any, amqp_uri: str, wait_until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parked message is acknowledged when its copy was confirmed, and stays parked otherwise."""
    parking = Parking(Secret(amqp_uri), "sample.record")
    publish(b"{", KEY, message_id="kept")
    wait_until(lambda: len(parking.messages()) == 1, 10, "it is parked")

    def refuse(*_: Any, **__: Any) -> None:
        raise BrokerUnavailable(retry_after=2)

    with monkeypatch.context() as patched:
        patched.setattr("imigr_kit.broker.ConfirmedPublisher.publish", refuse)
        with pytest.raises(BrokerUnavailable):
            parking.replay()
    wait_until(lambda: len(parking.messages()) == 1, 10, "it is still parked")


def test_a_request_read_late_is_not_run_at_all(
    sample: Any, rpc_client: RpcClient, mongo_db: Any, wait_until: Any
) -> None:
    """Not even up to its first write: what the method would do before its guarded write counts too."""
    sample.freeze()
    with pytest.raises(RpcTimeout):
        rpc_client.call("sample", "count_run", {"name": "late"}, timeout=0.3)
    sample.thaw()
    wait_until(lambda: rpc_client.call("sample", "count_run", {"name": "after"}, timeout=2), 20, "it answers again")
    assert [row["name"] for row in mongo_db["runs"].find()] == ["after"]


def test_a_request_whose_service_died_inside_it_comes_again(
    service_process: Any, sample_env: dict[str, str], rpc_client: RpcClient, mongo_db: Any, wait_until: Any
) -> None:
    """It is acknowledged after its answer was sent, so the successor runs it."""
    first = service_process("sample", env=sample_env)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(rpc_client.call, "sample", "wait_for", {"name": "go"}, timeout=30)
        wait_until(lambda: mongo_db["runs"].count_documents({"name": "go"}) == 1, 10, "the method runs")
        first.kill()
        mongo_db["switches"].insert_one({"_id": "go"})
        service_process("sample", env=sample_env)
        assert asked.result(30) == {"done": True}
    assert mongo_db["runs"].count_documents({"name": "go"}) == 2


class Rows:
    """A collection whose bulk writes wait for a signal and answer what they are told to."""

    def __init__(self, details: dict[str, Any] | None = None) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.written: list[str] = []
        self._details = details

    def bulk_write(self, operations: Any, ordered: bool) -> None:
        self.begun.set()
        assert self.go.wait(10)
        if self._details is not None:
            raise BulkWriteError(self._details)
        self.written += [one._doc["_id"] for one in operations]


def test_a_write_that_was_given_up_while_it_waited_is_not_made() -> None:
    """Its caller was told that nothing happened."""
    rows: Any = Rows()
    gathering = Gathering(rows)

    def late() -> None:
        with use(CallContext("late", deadline=datetime.now(UTC) + timedelta(milliseconds=100))):
            gathering.write(InsertOne({"_id": "late"}))

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(gathering.write, InsertOne({"_id": "first"}))
        assert rows.begun.wait(5)
        with pytest.raises(TooLate):
            pool.submit(late).result(10)
        rows.go.set()
        assert first.result(10) is None
    assert gathering.write(InsertOne({"_id": "next"})) is None
    assert rows.written == ["first", "next"]


def test_a_write_that_is_not_safe_is_not_told_as_written() -> None:
    """A write concern error means: perhaps on one machine, perhaps lost with it. Every caller hears of it."""
    rows: Any = Rows({"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "waiting for replication"}]})
    rows.go.set()
    with pytest.raises(BulkWriteError):
        Gathering(rows).write(InsertOne({"_id": "unsafe"}))
