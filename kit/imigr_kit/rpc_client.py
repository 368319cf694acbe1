"""The gateway's side of RPC: nameko's wire protocol with deadlines, safe to share between threads."""

from __future__ import annotations

import json
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any

import amqp

from imigr_kit.broker import BROKER_ERRORS, BrokerUnavailable, ConfirmedPublisher, Link, Outgoing
from imigr_kit.circuit import Circuit
from imigr_kit.context import CallContext, current
from imigr_kit.errors import Invalid, JsonValue, Unavailable, from_wire
from imigr_kit.events import CloudEvent, UnreadableEvent
from imigr_kit.logs import get_logger
from imigr_kit.metrics import MESSAGES_REFUSED, RPC_CALLS, RPC_SECONDS
from imigr_kit.secret import Secret
from imigr_kit.senders import Refused, Senders, check_event, check_exchange, is_answer_of, origin_of
from imigr_kit.topology import EVENTS_EXCHANGE, INTAKE_EXCHANGE, RPC_EXCHANGE

log = get_logger(__name__)

CALL_SECONDS = 3.0
CONFIRM_SECONDS = 2.0


class RpcTimeout(Unavailable):
    """The service did not answer before the deadline. A write may or may not have happened: repeat it
    with the same idempotency key."""

    code = "kit.rpc_timeout"


class CircuitOpen(Unavailable):
    """The service did not answer several times in a row; it is tried again in a moment."""

    code = "kit.circuit_open"


class ServiceAbsent(Unavailable):
    """No queue exists under that RPC name: the service never ran on this broker, or the name is wrong."""

    code = "kit.service_absent"


class UnspeakableText(Invalid):
    """A text holds half a surrogate pair, which no encoding can carry; JSON can, so it may come from outside."""

    code = "kit.malformed_call"


@dataclass(frozen=True)
class _Asked:
    """A call under way: whom it was sent to, and where its answer goes."""

    service: str
    future: Future[dict[str, Any]]


class RpcClient:
    """Calls services by RPC from any thread over one connection with one reply queue per process.

    Create it after the fork of a pre-forking server. Every call has a deadline which travels with the
    request: a service that reads it later refuses to run it. Domain errors come back as ImigrError
    rebuilt by code. An answer counts only when it was sent by the service that was asked.
    """

    def __init__(self, amqp_uri: Secret[str], *, origin: str, senders: Senders) -> None:
        self._senders = senders
        self._link = Link(amqp_uri, f"{origin}-rpc", setup=self._open, lost=self._fail_pending)
        self._publisher = ConfirmedPublisher(amqp_uri, f"{origin}-publish")
        self._origin = origin
        self._channel: Any = None
        self._reply_to = ""
        self._pending: dict[str, _Asked] = {}
        self._circuits: defaultdict[str, Circuit] = defaultdict(Circuit)

    def start(self) -> None:
        """Connect in the background; calls do it by themselves."""
        self._link.start()

    def close(self) -> None:
        """Drop both connections; calls under way end with BrokerUnavailable."""
        self._link.stop()
        self._publisher.stop()

    @property
    def connected(self) -> bool:
        """True while the broker is reachable and takes messages."""
        return self._link.usable

    def call(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        *,
        timeout: float = CALL_SECONDS,
        context: CallContext | None = None,
    ) -> Any:
        """The method's result. Raises the service's ImigrError, RpcTimeout, CircuitOpen, ServiceAbsent or
        BrokerUnavailable, never later than ``timeout`` seconds (plus one socket wait)."""
        started = time.monotonic()
        circuit = self._circuits[service]
        if not circuit.allows():
            raise CircuitOpen(params={"service": service}, retry_after=2)
        outcome = "error"
        try:
            reply = self._exchange(service, method, payload, started + timeout, context or current())
            circuit.succeeded()
            outcome = "ok" if reply.get("error") is None else "refused"
        except (RpcTimeout, BrokerUnavailable):
            circuit.failed()
            raise
        finally:
            RPC_CALLS.labels(service, method, outcome).inc()
            RPC_SECONDS.labels(service, method).observe(time.monotonic() - started)
        return _result(reply)

    def publish_confirmed(self, queue: str, body: Mapping[str, Any], *, timeout: float = CONFIRM_SECONDS) -> None:
        """Put one CloudEvent on another part's durable queue, confirmed by the broker; raises BrokerUnavailable."""
        message = Outgoing(
            INTAKE_EXCHANGE, queue, json.dumps(body, ensure_ascii=False).encode(), message_id=str(body["id"])
        )
        self._publisher.publish([message], seconds=timeout)

    def probe(self, *, timeout: float) -> None:
        """Raises BrokerUnavailable unless the broker is connected and takes and confirms a message in time."""
        if not self.connected:
            raise BrokerUnavailable(retry_after=2)
        self._publisher.probe(seconds=timeout)

    def _exchange(
        self, service: str, method: str, payload: Mapping[str, Any], deadline: float, context: CallContext
    ) -> dict[str, Any]:
        self._link.start()
        if not self._link.wait_ready(min(1.0, max(0.0, deadline - time.monotonic()))) or self._link.blocked:
            raise BrokerUnavailable(retry_after=2)
        correlation = uuid.uuid4().hex
        future: Future[dict[str, Any]] = Future()
        self._pending[correlation] = _Asked(service, future)
        try:
            self._publish(service, method, payload, deadline, correlation, context)
            return future.result(max(0.0, deadline - time.monotonic()))
        except FutureTimeout as error:
            raise RpcTimeout(params={"service": service}, retry_after=2) from error
        except BROKER_ERRORS as error:
            self._link.drop()
            raise BrokerUnavailable(retry_after=2) from error
        finally:
            self._pending.pop(correlation, None)

    def _publish(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        deadline: float,
        correlation: str,
        context: CallContext,
    ) -> None:
        seconds = max(0.001, deadline - time.monotonic())
        message = amqp.Message(
            _request(payload),
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=1,
            reply_to=self._reply_to,
            correlation_id=correlation,
            expiration=str(max(1, int(seconds * 1000))),
            application_headers=_headers(context, seconds),
            user_id=self._publisher.user,
        )
        channel = self._channel
        if channel is None:
            raise BrokerUnavailable(retry_after=2)
        channel.basic_publish(message, exchange=RPC_EXCHANGE, routing_key=f"{service}.{method}", mandatory=True)

    def _open(self, connection: Any) -> None:
        channel = connection.channel()
        channel.auto_decode = False
        reply_to = str(uuid.uuid4())
        queue = f"rpc.reply-{self._origin}-{reply_to}"
        channel.queue_declare(queue, exclusive=True, auto_delete=True)
        channel.queue_bind(queue, RPC_EXCHANGE, reply_to)
        channel.events["basic_return"].add(self._on_return)
        channel.basic_consume(queue, no_ack=True, callback=self._on_reply)
        self._reply_to = reply_to
        self._channel = channel

    def _on_reply(self, message: Any) -> None:
        correlation = message.properties.get("correlation_id", "")
        asked = self._pending.get(correlation)
        if asked is None:
            return
        if not is_answer_of(message, asked.service, self._senders):
            MESSAGES_REFUSED.labels("reply", "sender").inc()
            log.error("message.refused", handler="reply", reason="sender", sender=message.properties.get("user_id", ""))
            return
        self._pending.pop(correlation, None)
        future = asked.future
        try:
            reply = json.loads(message.body)
            future.set_result(reply if isinstance(reply, dict) else {"result": reply, "error": None})
        except ValueError:
            future.set_result({"result": None, "error": {"exc_type": "UnreadableReply"}})

    def _on_return(self, _error: Exception, _exchange: str, _routing_key: str, message: Any) -> None:
        asked = self._pending.pop(message.properties.get("correlation_id", ""), None)
        if asked is not None:
            asked.future.set_exception(ServiceAbsent(params={"service": asked.service}, retry_after=5))

    def _fail_pending(self) -> None:
        self._channel = None
        lost, self._pending = self._pending, {}
        for asked in lost.values():
            asked.future.set_exception(BrokerUnavailable(retry_after=2))


def _request(payload: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps({"args": [], "kwargs": dict(payload)}, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UnspeakableText from error


def _headers(context: CallContext, seconds: float) -> dict[str, Any]:
    headers: dict[str, Any] = {
        "nameko.call_id_stack": [],
        "nameko.correlation_id": context.correlation_id,
        # As text: a number over 31 bits would be of a type that other AMQP clients refuse.
        "nameko.deadline": str(int((time.time() + seconds) * 1000)),
    }
    if context.traceparent:
        headers["nameko.traceparent"] = context.traceparent
    return headers


def _result(reply: Mapping[str, Any]) -> Any:
    error = reply.get("error")
    if error is None:
        return reply.get("result")
    wire: Mapping[str, JsonValue] | None = error.get("imigr")
    if wire is not None:
        raise from_wire(dict(wire))
    raise from_wire({"code": "kit.remote_error", "family": "internal", "params": {"type": str(error.get("exc_type"))}})


def subscribe(
    amqp_uri: Secret[str],
    patterns: Sequence[str],
    callback: Callable[[CloudEvent], None],
    *,
    name: str,
    senders: Senders,
    lost: Callable[[], None] = lambda: None,
) -> Link:
    """Follow events without a durable queue, for caches: what is published while away is missed.

    ``callback`` runs in the connection's thread and must be quick; ``lost`` is called whenever the
    connection ended, so the caller can distrust what it has cached. Returns the running Link; stop() ends it.
    """

    def on_message(message: Any) -> None:
        try:
            event = CloudEvent.from_dict(json.loads(message.body))
            origin = origin_of(message, "", "")
            check_exchange(origin, EVENTS_EXCHANGE)
            check_event(origin, message, event, senders, patterns)
        except Refused as refused:
            MESSAGES_REFUSED.labels(name, refused.reason).inc()
            log.error("message.refused", handler=name, reason=refused.reason)
            return
        except (UnreadableEvent, ValueError):
            log.warning("subscription.unreadable", subscription=name)
            return
        try:
            callback(event)
        except Exception:
            log.exception("subscription.callback_failed", subscription=name)

    def setup(connection: Any) -> None:
        channel = connection.channel()
        channel.auto_decode = False
        queue = f"rpc.reply-{name}-{uuid.uuid4()}"
        channel.queue_declare(queue, exclusive=True, auto_delete=True)
        for pattern in patterns:
            channel.queue_bind(queue, EVENTS_EXCHANGE, pattern)
        channel.basic_consume(queue, no_ack=True, callback=on_message)

    link = Link(amqp_uri, f"{name}-events", setup=setup, lost=lost)
    link.start()
    return link


__all__ = ["CircuitOpen", "RpcClient", "RpcTimeout", "ServiceAbsent", "subscribe"]
