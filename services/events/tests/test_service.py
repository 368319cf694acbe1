"""The running service, called over the real broker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kombu.connection import Connection

from imigr_kit.errors import Conflict, Forbidden, ImigrError, Invalid, NotFound
from imigr_kit.rpc_client import RpcClient
from imigr_kit.testing import wait_until

from .conftest import manage_hash

MANAGER = {"id": "m", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
START = datetime.now(UTC).replace(microsecond=0) + timedelta(days=20)
EVENT: dict[str, Any] = {
    "municipality": "la-marsa",
    "title": {"fr": "Journée portes ouvertes", "ar": "يوم مفتوح"},
    "place": {"fr": "Hôtel de ville"},
    "starts_at": START.isoformat(),
    "ends_at": (START + timedelta(hours=3)).isoformat(),
    "capacity": 2,
    "languages": ["fr", "ar"],
}
CREATE = {"actor": MANAGER, "event": EVENT, "idempotency_key": "create"}
Call = Callable[..., Any]


@pytest.fixture
def service(service_process: Callable[..., Any], events_env: dict[str, str]) -> Any:
    """The running service."""
    return service_process("imigr_events", env=events_env)


@pytest.fixture
def call(service: Any, rpc_client: RpcClient) -> Call:
    """Call a method of it."""
    return lambda method, payload=None, /, **more: rpc_client.call("events", method, (payload or {}) | more)


@pytest.fixture
def heard(amqp_uri: str) -> Iterator[Callable[[int], list[dict[str, Any]]]]:
    """What a plain consumer hears: wait for so many messages."""
    with Connection(amqp_uri) as connection:
        channel = connection.default_channel
        channel.queue_declare("watch", durable=False, auto_delete=True)
        channel.queue_bind("watch", "imigr.events", "la-marsa.events.#")
        seen: list[dict[str, Any]] = []

        def wait_for(number: int) -> list[dict[str, Any]]:
            def enough() -> bool:
                message = channel.basic_get("watch", no_ack=True)
                if message is not None:
                    seen.append(json.loads(message.body))
                return len(seen) >= number

            wait_until(enough, 15, f"{number} events arrive")
            return seen

        yield wait_for


def published(call: Call) -> dict[str, Any]:
    """An event that takes registrations."""
    draft = call("create_event", CREATE)
    step = {"actor": MANAGER, "event_id": draft["id"], "version": draft["version"], "idempotency_key": "publish"}
    event: dict[str, Any] = call("publish_event", step)
    return event


def registration(event_id: str, who: str, **changes: Any) -> dict[str, Any]:
    """The payload of somebody's registration."""
    values = {"municipality": "la-marsa", "event_id": event_id, "manage_hash": manage_hash(who)}
    return values | {"places": 1, "message_language": "ar", "idempotency_key": f"key-{who}"} | changes


def test_the_main_job(call: Call, heard: Callable[[int], list[dict[str, Any]]]) -> None:
    """Written, published, registered for, given back, handed on and called off; each step is heard in order."""
    event = published(call)
    shown = call("get_event", event_id=event["id"])
    assert shown == {name: event[name] for name in shown}
    assert [one["id"] for one in call("list_events", municipality="la-marsa")["items"]] == [event["id"]]
    (_, text), *_ = call("write_events", municipality="la-marsa", languages=["ar", "fr"])["items"]
    assert json.loads(text)["text_languages"] == {"title": "ar", "place": "fr", "summary": "ar", "address": "ar"}
    first = call("register", registration(event["id"], "a", places=2, contact_id="c-1", channel="sms"))
    second = call("register", registration(event["id"], "b"))
    assert (first["state"], second["state"], second["waiting_position"]) == ("confirmed", "waiting", 1)
    assert call("get_event", event_id=event["id"])["free_places"] == 0
    link = {"municipality": "la-marsa", "manage_hash": manage_hash("a")}
    assert call("cancel_registration", link, idempotency_key="give-back")["state"] == "cancelled"
    other = {"municipality": "la-marsa", "manage_hash": manage_hash("b")}
    assert call("get_registration", other)["state"] == "confirmed"
    listed = call("list_registrations", actor=MANAGER, municipality="la-marsa", event_id=event["id"])
    assert [(one["places"], one["state"]) for one in listed["items"]] == [(2, "cancelled"), (1, "confirmed")]
    assert "contact" not in json.dumps(listed)
    off = {"actor": MANAGER, "event_id": event["id"], "version": event["version"], "idempotency_key": "off"}
    assert call("cancel_event", off)["state"] == "cancelled"
    assert call("cancel_event", off) == call("cancel_event", off)
    told = [(one["type"].removeprefix("tn.imigr.events."), one["subject"], one["sequence"]) for one in heard(7)]
    assert told == [
        ("event.published.v1", event["id"], 1),
        ("registration.confirmed.v1", first["id"], 1),
        ("registration.waitlisted.v1", second["id"], 1),
        ("registration.cancelled.v1", first["id"], 2),
        ("registration.confirmed.v1", second["id"], 2),
        ("event.cancelled.v1", event["id"], 2),
        ("registration.cancelled.v1", second["id"], 3),
    ]


def test_errors_cross_the_wire_by_code(call: Call) -> None:
    """Each under its family; nothing is stored."""
    event = published(call)
    good = registration(event["id"], "a")
    call("register", good)
    raoued = {"id": "r", "roles": [{"municipality": "raoued", "role": "admin"}]}
    step = {"actor": MANAGER, "event_id": event["id"], "version": 1, "idempotency_key": "late"}
    backwards = EVENT | {"ends_at": EVENT["starts_at"]}
    cases: list[tuple[type[ImigrError], str, str, dict[str, Any]]] = [
        (Invalid, "events.invalid_input", "register", registration(event["id"], "b", places=5)),
        (Invalid, "events.invalid_input", "register", registration(event["id"], "b", places=0)),
        (Invalid, "events.invalid_input", "register", registration(event["id"], "b", name="x")),
        (Invalid, "events.invalid_input", "register", registration(event["id"], "b", manage_hash="x")),
        (Invalid, "events.invalid_input", "register", registration(event["id"], "a", idempotency_key="other")),
        (Invalid, "events.invalid_input", "get_event", {"event_id": {"$gt": ""}}),
        (Invalid, "events.invalid_input", "create_event", CREATE | {"event": backwards, "idempotency_key": "2"}),
        (Invalid, "kit.idempotency_key_reused", "register", good | {"places": 2}),
        (NotFound, "events.unknown_event", "register", registration("nowhere", "b")),
        (NotFound, "events.unknown_event", "register", registration(event["id"], "b", municipality="raoued")),
        (NotFound, "events.unknown_registration", "get_registration",
            {"municipality": "raoued", "manage_hash": manage_hash("a")}),
        (Conflict, "events.stale_version", "cancel_event", step),
        (Forbidden, "kit.forbidden", "cancel_event", step | {"actor": raoued, "version": 2}),
    ]  # fmt: skip
    for family, code, method, payload in cases:
        with pytest.raises(family) as caught:
            call(method, payload)
        assert caught.value.code == code, (method, payload)
    assert call("get_event", event_id=event["id"])["free_places"] == 1


def test_many_at_once_over_the_wire(call: Call, mongo_db: Any) -> None:
    """Sixty for two places: two are confirmed, the others stand in line, each at a place of their own."""
    event = published(call)
    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(lambda n: call("register", registration(event["id"], f"p{n}")), range(60)))
    assert [one["state"] for one in said].count("confirmed") == 2
    assert sorted(one["waiting_position"] or 0 for one in said) == [0, 0, *range(1, 59)]
    assert len({one["reference"] for one in said}) == 60
    wait_until(lambda: mongo_db["events"].count_documents({"unsent": True}) == 0, 15, "the outbox is empty")


def test_what_was_answered_survives_kill_minus_nine(
    service_process: Callable[..., Any],
    events_env: dict[str, str],
    rpc_client: RpcClient,
    heard: Callable[[int], list[dict[str, Any]]],
) -> None:
    """The registration, its answer and its event, which the next process sends."""
    first = service_process("imigr_events", env=events_env)

    def call(method: str, payload: dict[str, Any] | None = None, /, **more: Any) -> Any:
        return rpc_client.call("events", method, (payload or {}) | more)

    event = published(call)
    said = call("register", registration(event["id"], "a"))
    first.kill()
    service_process("imigr_events", env=events_env)
    assert call("register", registration(event["id"], "a")) == said
    assert said["id"] in {one["subject"] for one in heard(2)}


def test_the_running_service_finishes_what_a_dead_one_left(call: Call, mongo_db: Any) -> None:
    """An event that was called off, and no registration ended yet."""
    event = published(call)
    call("register", registration(event["id"], "a"))
    notice = {"number": 1, "kind": "cancelled", "session_id": None}
    undone = {"state": "cancelled", "version": 3, "noticed": 1, "notices": [notice], "telling": True}
    mongo_db["events"].update_one({"_id": event["id"]}, {"$set": undone, "$inc": {"change": 1}})
    link = {"municipality": "la-marsa", "manage_hash": manage_hash("a")}
    wait_until(lambda: call("get_registration", link)["state"] == "cancelled", 15, "the registration ends")


def test_it_answers_ping_keeps_secrets_and_stops_politely(call: Call, service: Any) -> None:
    """No link's hash is in the logs; SIGTERM ends it."""
    event = published(call)
    call("register", registration(event["id"], "a", contact_id="contact-in-no-log", channel="sms"))
    assert call("ping") == {"pong": True}
    assert service.stop() == 0
    for secret in (manage_hash("a"), "contact-in-no-log"):
        assert secret not in service.output()
