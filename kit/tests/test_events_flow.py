"""Outbox, relay, inbox, retry and parking through a real broker, database and service process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from imigr_kit.events import CloudEvent
from imigr_kit.parking import Parking, cli, identity
from imigr_kit.rpc_client import RpcClient
from imigr_kit.secret import Secret

from .conftest import counter_event

KEY = "raoued.sample.counter.raised.v1"
QUEUE = "sample.record"


def heard(db: Any, counter: str) -> list[int]:
    """The values the handler has recorded, in the order it did. Their ids would not tell: within a second, those of two
    processes are in the order of the random part."""
    return [row["value"] for row in db["heard"].find({"counter": counter}).sort("$natural", 1)]


def test_a_change_reaches_the_handler_once_and_leaves_the_outbox(
    sample: Any, rpc_client: RpcClient, mongo_db: Any, wait_until: Any
) -> None:
    """The plain way: state and event in one write, relay, queue, handler."""
    for _ in range(5):
        rpc_client.call("sample", "add", {"counter": "a"})
    wait_until(lambda: heard(mongo_db, "a") == [1, 2, 3, 4, 5], 10, "five events in order")
    wait_until(lambda: mongo_db["counters"].find_one({"unsent": True}) is None, 5, "an empty outbox")
    assert mongo_db["counters"].find_one({"_id": "a"})["outbox"] == []


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+json",
        "application/json; charset=utf-8",
        "application/json",
        "Application/JSON",
    ],
)
def test_a_foreign_producer_is_heard(
    sample: Any, publish: Callable[..., None], mongo_db: Any, wait_until: Any, content_type: str
) -> None:
    """Both content types, any parameters, any case."""
    publish(counter_event("foreign", 1), KEY, content_type=content_type)
    wait_until(lambda: heard(mongo_db, "foreign") == [1], 10, "the event is handled")


def test_duplicates_take_effect_once(sample: Any, publish: Callable[..., None], mongo_db: Any, wait_until: Any) -> None:
    """The same event delivered four times."""
    for sequence in (1, 1, 2, 1, 2, 3):
        publish(counter_event("twice", sequence), KEY)
    wait_until(lambda: heard(mongo_db, "twice")[-1:] == [3], 10, "the last event")
    assert heard(mongo_db, "twice") == [1, 2, 3]


def test_events_out_of_order_are_handled_in_order(
    sample: Any, publish: Callable[..., None], mongo_db: Any, wait_until: Any
) -> None:
    """A later event waits in retry for the earlier one; other aggregates go on."""
    for sequence in (3, 2):
        publish(counter_event("shuffled", sequence), KEY)
    publish(counter_event("other", 1), KEY)
    wait_until(lambda: heard(mongo_db, "other") == [1], 5, "the other aggregate is not held up")
    publish(counter_event("shuffled", 1), KEY)
    wait_until(lambda: len(heard(mongo_db, "shuffled")) == 3, 10, "all three")
    assert heard(mongo_db, "shuffled") == [1, 2, 3]


def test_order_holds_through_retries(sample: Any, publish: Callable[..., None], mongo_db: Any, wait_until: Any) -> None:
    """What the handler needs is away for some tries; later events of the aggregate wait behind the first."""
    mongo_db["switches"].insert_one({"_id": "waiting", "fail": "away"})
    for sequence in range(1, 7):
        publish(counter_event("waiting", sequence), KEY)
    publish(counter_event("well", 1), KEY)
    wait_until(lambda: heard(mongo_db, "well") == [1], 10, "the other aggregate goes on")
    mongo_db["switches"].delete_one({"_id": "waiting"})
    wait_until(lambda: len(heard(mongo_db, "waiting")) == 6, 20, "all six")
    assert heard(mongo_db, "waiting") == [1, 2, 3, 4, 5, 6]


def test_a_gap_that_never_closes_is_crossed_after_the_written_limit(
    sample: Any, publish: Callable[..., None], mongo_db: Any, wait_until: Any
) -> None:
    """An event lost elsewhere does not stop its aggregate for ever."""
    publish(counter_event("gap", 2), KEY)
    wait_until(lambda: heard(mongo_db, "gap") == [2], 15, "the gap is crossed")


POISON: list[tuple[str, bytes | dict[str, Any], dict[str, Any], str]] = [
    ("undecodable bytes", b"\xff\xfe\x00\x80", {}, "undecodable_bytes"),
    ("not JSON", b"{", {}, "not_json"),
    ("wrong content type", {}, {"content_type": "application/pickle"}, "content_type"),
    ("unknown event type", {"type": "tn.imigr.sample.counter.exploded.v1"}, {}, "unknown_event_type"),
    ("no event at all", b"[1, 2]", {}, "not_an_object"),
    ("a broken envelope", b'{"specversion": "1.0", "id": "x"}', {}, "missing_source"),
    ("a body that breaks its schema", {"data": {"surprise": 1}}, {}, "invalid_data"),
]


@pytest.mark.parametrize(("name", "body", "properties", "reason"), POISON, ids=[row[0] for row in POISON])
def test_poison_is_parked_with_its_reason_and_the_queue_goes_on(
    sample: Any,
    publish: Callable[..., None],
    amqp_uri: str,
    mongo_db: Any,
    wait_until: Any,
    name: str,
    body: bytes | dict[str, Any],
    properties: dict[str, Any],
    reason: str,
) -> None:
    """What nobody can read is kept, visible, and in nobody's way."""
    parking = Parking(Secret(amqp_uri), QUEUE)
    event = counter_event("poison", 9, **body) if isinstance(body, dict) else body
    publish(event, KEY if isinstance(event, bytes) else CloudEvent.from_dict(event).routing_key, **properties)
    publish(counter_event("after", 1), KEY)
    wait_until(lambda: heard(mongo_db, "after") == [1], 10, "the next event")
    wait_until(lambda: len(parking.messages()) == 1, 10, "one parked message")
    assert parking.messages()[0].properties["application_headers"]["x-imigr-reason"] == reason


def test_a_second_look_finds_the_parking_as_the_first_did(
    sample: Any, publish: Callable[..., None], amqp_uri: str, wait_until: Any
) -> None:
    """Looking takes nothing away, not even for a moment."""
    parking = Parking(Secret(amqp_uri), QUEUE)
    for number in range(5):
        publish(b"{", KEY, message_id=str(number))
    wait_until(lambda: len(parking.messages()) == 5, 10, "five parked messages")
    assert [len(parking.messages()) for _ in range(20)] == [5] * 20
    assert parking.drop("3") == 1
    assert sorted(identity(one) for one in parking.messages()) == ["0", "1", "2", "4"]


def test_a_handler_that_always_raises_parks_and_a_replay_empties_the_parking(
    sample: Any, publish: Callable[..., None], amqp_uri: str, mongo_db: Any, wait_until: Any
) -> None:
    """Three tries, parked, repaired, replayed, handled."""
    mongo_db["switches"].insert_one({"_id": "broken", "fail": "bug"})
    parking = Parking(Secret(amqp_uri), QUEUE)
    publish(counter_event("broken", 1), KEY, message_id="one")
    publish(counter_event("fine", 1), KEY)
    wait_until(lambda: heard(mongo_db, "fine") == [1], 10, "the queue goes on")
    wait_until(lambda: len(parking.messages()) == 1, 15, "it is parked")
    headers = parking.messages()[0].properties["application_headers"]
    assert (headers["x-imigr-reason"], headers["x-imigr-detail"]) == ("handler_failed", "ZeroDivisionError")
    mongo_db["switches"].delete_one({"_id": "broken"})
    assert parking.replay() == 1
    wait_until(lambda: heard(mongo_db, "broken") == [1], 10, "it is handled")
    assert parking.messages() == []


def test_the_command_line_lists_shows_and_drops(
    sample: Any, publish: Callable[..., None], amqp_uri: str, mongo_db: Any, wait_until: Any
) -> None:
    """What an operator types."""
    mongo_db["switches"].insert_one({"_id": "refused", "fail": "refuse"})
    publish(counter_event("refused", 1), KEY, message_id="m-1")
    wait_until(lambda: len(Parking(Secret(amqp_uri), QUEUE).messages()) == 1, 10, "it is parked")
    run = CliRunner()
    base = ["--amqp-uri", amqp_uri]
    listed = run.invoke(cli, [*base, "list", QUEUE])
    assert json.loads(listed.stdout.splitlines()[0])["reason"] == "sample.counter_full"
    shown = run.invoke(cli, [*base, "show", QUEUE, "m-1"])
    assert '"subject": "refused"' in shown.stdout
    assert run.invoke(cli, [*base, "drop", QUEUE, "--id", "m-1", "--yes"]).stdout == "1 dropped\n"
    assert Parking(Secret(amqp_uri), QUEUE).messages() == []


def test_a_private_queue_takes_confirmed_messages(
    sample: Any, rpc_client: RpcClient, mongo_db: Any, wait_until: Any
) -> None:
    """The way of sealed contacts: straight to one durable queue, each taking effect once."""
    event = counter_event("sealed", 1)
    rpc_client.publish_confirmed("sample.private", event)
    rpc_client.publish_confirmed("sample.private", event)
    wait_until(lambda: mongo_db["taken"].count_documents({}) >= 1, 10, "it arrives")
    rpc_client.publish_confirmed("sample.private", counter_event("marker", 1))
    wait_until(lambda: mongo_db["taken"].find_one({"subject": "marker"}) is not None, 10, "the marker arrives")
    assert mongo_db["taken"].count_documents({"subject": "sealed"}) == 1


def test_killed_in_the_middle_everything_arrives_once(
    service_process: Callable[..., Any],
    sample_env: dict[str, str],
    rpc_client: RpcClient,
    mongo_db: Any,
    wait_until: Any,
) -> None:
    """kill -9 right after the last answer; the successor publishes and handles what is left, in order. Gaps wait
    longer here than a broker needs to deliver again what the dead process had taken."""
    env = sample_env | {"IMIGR_RETRY_DELAYS": "100ms,1s,5s"}
    first = service_process("sample", env=env)
    for number in range(30):
        rpc_client.call("sample", "add", {"counter": "killed", "idempotency_key": f"raise-{number}"})
    first.kill()
    service_process("sample", env=env)
    wait_until(lambda: len(heard(mongo_db, "killed")) >= 30, 60, "all events")
    assert heard(mongo_db, "killed") == list(range(1, 31))


def test_sigterm_drains_and_ends_in_time(sample: Any, rpc_client: RpcClient, mongo_db: Any) -> None:
    """A polite stop publishes what is in the outbox and exits with 0."""
    rpc_client.call("sample", "add", {"counter": "polite"})
    assert sample.stop() == 0
    assert mongo_db["counters"].find_one({"unsent": True}) is None
