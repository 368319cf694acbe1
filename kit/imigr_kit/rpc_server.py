"""The service's side of RPC: nameko's wire protocol, errors carried by code, late requests refused."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import amqp
from marshmallow import ValidationError
from nameko.exceptions import IncorrectSignature

from imigr_kit.broker import ANSWER_ERRORS, BrokerUnavailable, Outgoing
from imigr_kit.consumer import PARKED_AT, REASON
from imigr_kit.errors import FieldError, Forbidden, ImigrError, Invalid, NotFound, Unavailable, to_wire
from imigr_kit.inbound import Subscription, acknowledge, body_bytes, give_back
from imigr_kit.logs import get_logger
from imigr_kit.metrics import MESSAGES_REFUSED, RPC_SERVED, RPC_SERVED_SECONDS
from imigr_kit.mongo import DATABASE_ERRORS, translate
from imigr_kit.senders import ROUTING_KEY, SENDER, Refused, check_call
from imigr_kit.topology import (
    RPC_EXCHANGE,
    declare_parking,
    parking_queue,
    redelivery_exchange,
    refused_calls,
    rpc_queue,
)

if TYPE_CHECKING:
    from imigr_kit.runtime import Runtime

log = get_logger(__name__)

REFUSE_SECONDS = 3.0
MOST_DIGITS = 14
"""Of an instant in milliseconds, which reaches the year 5138."""


class UnknownMethod(NotFound):
    """The service has no such RPC method (nameko calls it MethodNotFound)."""

    code = "kit.unknown_method"


class MalformedCall(Invalid):
    """The request is not nameko's ``{"args": [], "kwargs": {}}``, or its arguments do not fit the method."""

    code = "kit.malformed_call"


class DeadlinePassed(Unavailable):
    """The request was read after its caller had given up; it was not run."""

    code = "kit.deadline_passed"


class SenderRefused(Forbidden):
    """The user of the broker who sent the request may not call this method of this service."""

    code = "kit.sender_refused"


@dataclass(frozen=True)
class Call:
    """One request as read from the wire."""

    method: str
    args: list[Any]
    kwargs: dict[str, Any]
    data: dict[str, Any]


class RpcServer:
    """Reads the RPC queue of one service, runs methods in nameko's workers, and answers.

    A request is acknowledged after its answer was sent, so it survives the death of the process and may
    run twice: every writing method takes an idempotency key.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._name = runtime.settings.rpc_name
        self._entrypoints: dict[str, Any] = {}
        self._redelivery = redelivery_exchange(self._name)
        runtime.inbound.register(
            Subscription(
                queue=rpc_queue(self._name),
                prefetch=runtime.settings.workers,
                declare=self._declare,
                on_message=self._on_message,
            )
        )

    def register(self, entrypoint: Any) -> None:
        """Serve the entrypoint's method under its own name."""
        self._entrypoints[entrypoint.method_name] = entrypoint

    def _declare(self, channel: Any) -> None:
        queue = rpc_queue(self._name)
        channel.queue_declare(queue, durable=True, auto_delete=False)
        channel.queue_bind(queue, RPC_EXCHANGE, f"{self._name}.*")
        declare_parking(channel, refused_calls(self._name), self._redelivery)

    def _on_message(self, message: Any) -> None:
        started = time.monotonic()
        try:
            check_call(message, method_of(message), self._name, self._runtime.senders)
            call = read_call(message)
            entrypoint = self._find(call)
        except Refused as refused:
            self._runtime.spawn(partial(self._refuse, message, refused.reason))
            return
        except ImigrError as error:
            self._answer(message, None, error)
            return

        def finished(_context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            error = None if exc_info is None else self._error(call.method, exc_info[1])
            self._runtime.foreground.end()
            self._answer(message, result, error)
            outcome = "ok" if error is None else error.family
            RPC_SERVED.labels(call.method, outcome).inc()
            RPC_SERVED_SECONDS.labels(call.method).observe(time.monotonic() - started)
            self._runtime.wake_if_dirty()
            return result, None

        self._runtime.foreground.begin()
        try:
            entrypoint.container.spawn_worker(
                entrypoint, call.args, call.kwargs, context_data=call.data, handle_result=finished
            )
        except Exception:
            self._runtime.foreground.end()
            log.exception("rpc.not_spawned", method=call.method)
            give_back(message)

    def _refuse(self, message: Any, reason: str) -> None:
        """Park what can be told of a call that is not believed, and tell its sender that it is refused.

        Its body is not kept: it may hold a password. So much is kept as tells who tried what.
        """
        sender = str(message.properties.get("user_id") or "")
        MESSAGES_REFUSED.labels("rpc", reason).inc()
        log.error("message.refused", handler="rpc", reason=reason, sender=sender)
        noted = {"sender": sender, "routing_key": str(message.delivery_info.get("routing_key", "")), "reason": reason}
        noted["octets"] = str(len(body_bytes(message)))
        parked = Outgoing(
            self._redelivery,
            parking_queue(refused_calls(self._name)),
            json.dumps(noted).encode(),
            content_type="application/json",
            headers={REASON: reason, PARKED_AT: int(time.time()), SENDER: sender, ROUTING_KEY: noted["routing_key"]},
        )
        try:
            self._runtime.publisher.publish([parked], seconds=REFUSE_SECONDS)
        except BrokerUnavailable:
            self._runtime.pause(1.0)
            give_back(message)
            return
        self._answer(message, None, SenderRefused(params={"reason": reason}))

    def _find(self, call: Call) -> Any:
        entrypoint = self._entrypoints.get(call.method)
        if entrypoint is None:
            raise UnknownMethod(params={"method": call.method})
        deadline = call.data.get("deadline")
        if deadline is not None and datetime.now(UTC) >= deadline:
            raise DeadlinePassed(retry_after=1)
        try:
            entrypoint.check_signature(call.args, call.kwargs)
        except IncorrectSignature as error:
            raise MalformedCall(params={"method": call.method}) from error
        return entrypoint

    def _error(self, method: str, error: BaseException) -> ImigrError:
        if isinstance(error, ImigrError):
            return error
        if isinstance(error, ValidationError):
            return invalid_input(self._runtime.settings.service, error)
        if isinstance(error, DATABASE_ERRORS):
            log.warning("rpc.database_error", method=method, reason=type(error).__name__)
            return translate(error)
        log.error("rpc.failed", method=method, exc_info=(type(error), error, error.__traceback__))
        return InternalError(params={"type": type(error).__name__})

    def _answer(self, message: Any, result: Any, error: ImigrError | None) -> None:
        reply_to = message.properties.get("reply_to")
        if reply_to:
            reply = amqp.Message(
                reply_body(result, error),
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=1,
                correlation_id=message.properties.get("correlation_id", ""),
                user_id=self._runtime.publisher.user,
            )
            try:
                message.channel.basic_publish(reply, exchange=RPC_EXCHANGE, routing_key=reply_to)
            except ANSWER_ERRORS:
                return
        acknowledge(message)


class InternalError(ImigrError):
    """A fault of ours: logged here with its cause, told outside by code only."""

    code = "kit.internal_error"
    family = "internal"


def method_of(message: Any) -> str:
    """The method that a request names in its routing key ``<rpc name>.<method>``."""
    return str(message.delivery_info["routing_key"]).rpartition(".")[2]


def read_call(message: Any) -> Call:
    """The request in an AMQP message of nameko's protocol; raises MalformedCall."""
    method = method_of(message)
    try:
        body = json.loads(body_bytes(message))
        args, kwargs = list(body["args"]), dict(body["kwargs"])
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedCall(params={"method": method}) from error
    return Call(method, args, kwargs, context_data(message.properties.get("application_headers") or {}))


def context_data(headers: Mapping[str, Any]) -> dict[str, Any]:
    """What travels with a call: correlation id, trace parent, and the caller's deadline (aware UTC)."""
    deadline = _milliseconds(headers.get("nameko.deadline"))
    return {
        "correlation_id": headers.get("nameko.correlation_id"),
        "traceparent": headers.get("nameko.traceparent"),
        "deadline": None if deadline is None else datetime.fromtimestamp(deadline / 1000, UTC),
    }


def _milliseconds(written: Any) -> int | None:
    """Milliseconds since 1970 as text: a header's number over 31 bits is of a type that other clients cannot read."""
    text = str(written)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def reply_body(result: Any, error: ImigrError | None) -> bytes:
    """nameko's reply, with our error beside nameko's own fields so that both kinds of caller can read it."""
    if error is None:
        try:
            return json.dumps({"result": result, "error": None}, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError):
            log.exception("rpc.unserialisable_result")
            error = InternalError(params={"type": "unserialisable_result"})
    kind = type(error)
    serialised = {
        "exc_type": "MethodNotFound" if isinstance(error, UnknownMethod) else kind.__name__,
        "exc_path": f"{kind.__module__}.{kind.__qualname__}",
        "exc_args": [error.code],
        "value": error.code,
        "imigr": to_wire(error),
    }
    return json.dumps({"result": None, "error": serialised}, ensure_ascii=False).encode()


def invalid_input(service: str, error: ValidationError) -> Invalid:
    """Marshmallow's messages as field errors with dotted paths (RFC 9457 keeps them field by field)."""
    fields = tuple(FieldError(path, "invalid", text) for path, text in _flatten(error.messages, ""))
    return Invalid(code=f"{service}.invalid_input", fields=fields)


def _flatten(messages: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(messages, Mapping):
        return [
            row for key, inner in messages.items() for row in _flatten(inner, str(key) if not path else f"{path}.{key}")
        ]
    if isinstance(messages, list):
        return [row for inner in messages for row in _flatten(inner, path)]
    return [(path, str(messages))]
