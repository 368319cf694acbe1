"""RPC through a real broker and a real service process."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from kombu import Exchange, Queue  # type: ignore[attr-defined]  # kombu names them lazily
from kombu.connection import Connection

from imigr_kit.broker import BrokerUnavailable
from imigr_kit.context import CallContext
from imigr_kit.errors import Conflict, ImigrError, Invalid, NotFound, Unavailable
from imigr_kit.rpc_client import RpcClient, RpcTimeout, ServiceAbsent
from imigr_kit.secret import Secret
from imigr_kit.senders import Senders
from imigr_kit.testing.processes import free_port
from imigr_kit.testing.servers import trusted


def test_a_call_brings_back_the_result(sample: Any, rpc_client: RpcClient) -> None:
    """The plain case."""
    assert rpc_client.call("sample", "ping", {}) == {"pong": True}


def test_the_context_travels_with_the_call(sample: Any, rpc_client: RpcClient) -> None:
    """Correlation id and deadline arrive in the service."""
    context = CallContext(correlation_id="abc-1", causation_id=None, traceparent=None, deadline=None)
    assert rpc_client.call("sample", "context", {}, context=context) == {
        "correlation_id": "abc-1",
        "has_deadline": True,
    }


def test_a_domain_error_is_rebuilt_by_its_code(sample: Any, rpc_client: RpcClient) -> None:
    """The caller needs no class of the service."""
    with pytest.raises(Conflict) as caught:
        rpc_client.call("sample", "refuse", {})
    assert (caught.value.code, caught.value.params) == ("sample.counter_full", {"limit": 3})


def test_bad_input_names_the_fields(sample: Any, rpc_client: RpcClient) -> None:
    """Validation errors arrive field by field."""
    with pytest.raises(Invalid) as caught:
        rpc_client.call("sample", "add", {"counter": "a", "limit": "many", "extra": 1})
    assert caught.value.code == "sample.invalid_input"
    assert sorted(field.path for field in caught.value.fields) == ["extra", "limit"]


def test_a_bug_is_told_by_code_only(sample: Any, rpc_client: RpcClient) -> None:
    """The exception's text stays in the service's log."""
    with pytest.raises(ImigrError) as caught:
        rpc_client.call("sample", "crash", {})
    assert caught.value.code == "kit.internal_error"
    assert "bug" not in str(caught.value)


def test_an_unknown_method_is_not_found(sample: Any, rpc_client: RpcClient) -> None:
    """A wrong name is answered, not timed out."""
    with pytest.raises(NotFound) as caught:
        rpc_client.call("sample", "no_such_method", {})
    assert caught.value.code == "kit.unknown_method"


def test_arguments_that_do_not_fit_are_refused(sample: Any, rpc_client: RpcClient) -> None:
    """nameko's signature check, by code."""
    with pytest.raises(Invalid) as caught:
        rpc_client.call("sample", "ping", {"surplus": 1})
    assert caught.value.code == "kit.malformed_call"


def test_a_service_that_never_ran_is_told_at_once(rpc_client: RpcClient) -> None:
    """No queue, no waiting for the deadline."""
    with pytest.raises(ServiceAbsent):
        rpc_client.call("nobody", "ping", {})


def test_a_frozen_service_costs_the_deadline_and_then_nothing(sample: Any, rpc_client: RpcClient) -> None:
    """Calls end at their deadline; after five the circuit answers at once; the thawed service is used again."""
    sample.freeze()
    codes = []
    for _ in range(6):
        with pytest.raises(Unavailable) as caught:
            rpc_client.call("sample", "ping", {}, timeout=0.2)
        codes.append(caught.value.code)
    assert codes == ["kit.rpc_timeout"] * 5 + ["kit.circuit_open"]
    sample.thaw()

    def answers() -> bool:
        try:
            return bool(rpc_client.call("sample", "ping", {}, timeout=0.5)["pong"])
        except Unavailable:
            return False

    deadline = threading.Event()
    assert any(answers() or deadline.wait(0.1) for _ in range(100))


def test_a_request_read_after_its_deadline_is_not_run(
    sample: Any, rpc_client: RpcClient, mongo_db: Any, wait_until: Any
) -> None:
    """A write whose caller has given up changes nothing."""
    rpc_client.call("sample", "add", {"counter": "late"})
    sample.freeze()
    with pytest.raises(Unavailable):
        rpc_client.call("sample", "add", {"counter": "late"}, timeout=0.3)
    sample.thaw()
    wait_until(lambda: _pong(rpc_client), 10, "the service answers again")
    assert mongo_db["counters"].find_one({"_id": "late"})["value"] == 1


def _pong(client: RpcClient) -> bool:
    try:
        return bool(client.call("sample", "ping", {}, timeout=1)["pong"])
    except Unavailable:
        return False


def test_a_probe_says_whether_the_broker_takes_messages(rpc_client: RpcClient, wait_until: Any) -> None:
    """Well while it is there, also many times at once; told within its time when it is not."""
    wait_until(lambda: rpc_client.connected, 5, "a connection")
    for _ in range(50):
        rpc_client.probe(timeout=2)
    nowhere = f"amqp://guest:guest@127.0.0.1:{free_port()}/"
    nobody = RpcClient(Secret(nowhere), origin="nobody", senders=Senders(trusted(nowhere)))
    with pytest.raises(BrokerUnavailable):
        nobody.probe(timeout=0.2)


def test_half_a_surrogate_pair_is_bad_input(sample: Any, rpc_client: RpcClient) -> None:
    """JSON lets it in, UTF-8 does not let it out: refused, and the connection goes on."""
    with pytest.raises(Invalid):
        rpc_client.call("sample", "add", {"counter": "\ud800"})
    assert rpc_client.call("sample", "ping", {}) == {"pong": True}


def test_many_threads_share_one_client(sample: Any, rpc_client: RpcClient, mongo_db: Any) -> None:
    """Replies find their callers; no addition is lost."""
    problems: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(10):
                rpc_client.call("sample", "add", {"counter": "shared"})
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert mongo_db["counters"].find_one({"_id": "shared"})["value"] == 80


def test_an_answer_of_somebody_else_is_not_taken(amqp_uri: str, tmp_path: Path) -> None:
    """A service that overhears a call cannot answer it in the place of the one that was asked."""
    users = {"admin": {"service": "*", "calls": ["*"], "serves": "elsewhere"}}
    (tmp_path / "senders.json").write_text(json.dumps({"users": users}))
    client = RpcClient(Secret(amqp_uri), origin="asking", senders=Senders(tmp_path / "senders.json"))
    asked: list[str] = []
    with Connection(amqp_uri) as connection, connection.Producer() as producer:

        def answer(message: Any) -> None:
            asked.append(message.delivery_info["routing_key"])
            keys = {"correlation_id": message.properties["correlation_id"], "user_id": connection.userid}
            reply = {"result": asked[-1], "error": None}
            producer.publish(reply, exchange="nameko-rpc", routing_key=message.properties["reply_to"], **keys)
            message.ack()

        exchange = Exchange("nameko-rpc", type="topic", durable=True)
        queues = [Queue(f"rpc-{name}", exchange, routing_key=f"{name}.*") for name in ("true", "elsewhere")]
        with connection.Consumer(queues, on_message=answer), ThreadPoolExecutor(1) as pool:
            forged = pool.submit(client.call, "true", "ping", {}, timeout=1.5)
            honest = None
            while not forged.done() or honest is None or not honest.done():
                if forged.done() and honest is None:
                    honest = pool.submit(client.call, "elsewhere", "ping", {}, timeout=5)
                with suppress(TimeoutError):
                    connection.drain_events(timeout=0.1)
    client.close()
    assert asked == ["true.ping", "elsewhere.ping"]
    assert isinstance(forged.exception(), RpcTimeout)
    assert honest.result() == "elsewhere.ping"
