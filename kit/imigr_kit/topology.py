"""Names and declarations of what stands on the broker: exchanges, queues, retry tiers, parking."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from kombu.connection import Connection

from imigr_kit.secret import Secret

EVENTS_EXCHANGE = "imigr.events"
UNROUTED_EXCHANGE = "imigr.unrouted"
UNROUTED_QUEUE = "imigr.unrouted"
RPC_EXCHANGE = "nameko-rpc"
"""nameko's default; kept so that foreign nameko services take part."""
INTAKE_EXCHANGE = "imigr.intake"
"""What is sent to one queue of another part by its name; only the gateway may write there."""
PROBE_EXCHANGE = "imigr.probe"
"""Leads nowhere: the broker confirms and forgets what is sent there. Nobody may write to the default exchange, which
leads to every queue."""

DELIVERY_LIMIT = 100
"""A message that was delivered so often without an answer kills its handler's process: it is parked."""

_DELAY = re.compile(r"(\d+)(ms|s|m|h)\Z", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


def delay_ms(delay: str) -> int:
    """Milliseconds of a written delay such as ``10s``; raises ValueError for anything else."""
    match = _DELAY.match(delay)
    if match is None:
        raise ValueError(f"a delay is a number and one of ms, s, m, h: {delay!r}")
    return int(match[1]) * _UNIT_MS[match[2]]


def rpc_queue(rpc_name: str) -> str:
    """The queue of nameko's RPC protocol for one service name."""
    return f"rpc-{rpc_name}"


def redelivery_exchange(rpc_name: str) -> str:
    """The exchange of one service over which its own messages wait, come back and are parked; it alone writes there."""
    return f"{rpc_name}.redelivery"


def refused_calls(rpc_name: str) -> str:
    """The name under which calls that were not believed are parked."""
    return f"{rpc_name}.rpc"


def retry_queue(queue: str, delay: str) -> str:
    """One queue per delay: a message waits there and returns to ``queue`` by dead-lettering."""
    return f"{queue}.retry.{delay}"


def parking_queue(queue: str) -> str:
    """Where messages wait that nobody could handle, until a person replays or drops them."""
    return f"{queue}.parking"


def declare_shared(uri: Secret[str]) -> None:
    """Declare the exchanges that all services share. Idempotent; needs configure rights on them."""
    with Connection(uri.reveal(), connect_timeout=5) as connection:
        channel = connection.default_channel
        durable = {"durable": True, "auto_delete": False}
        seen = durable | {"arguments": {"alternate-exchange": UNROUTED_EXCHANGE}}
        channel.exchange_declare(UNROUTED_EXCHANGE, "fanout", **durable)
        channel.queue_declare(UNROUTED_QUEUE, arguments=_unrouted_limits(), **durable)
        channel.queue_bind(UNROUTED_QUEUE, UNROUTED_EXCHANGE, "")
        channel.exchange_declare(EVENTS_EXCHANGE, "topic", **seen)
        channel.exchange_declare(INTAKE_EXCHANGE, "direct", **seen)
        channel.exchange_declare(PROBE_EXCHANGE, "fanout", **durable)
        channel.exchange_declare(RPC_EXCHANGE, "topic", **durable)


def declare_consumer(channel: Any, queue: str, redelivery: str, patterns: Iterable[str], delays: Sequence[str]) -> None:
    """Declare a handler's queue with its retry tiers and its parking, and bind it to the events.

    All are quorum queues, so an acknowledged publish survives the broker's death; dead-lettering is
    at-least-once (RabbitMQ 3.10), so a message on its way back from a retry tier survives it too. One
    consumer at a time is active: a second instance of the service takes over without reordering.
    """
    channel.exchange_declare(redelivery, "direct", durable=True, auto_delete=False)
    declare_parking(channel, queue, redelivery)
    _quorum(channel, queue, _dead_letter(redelivery, parking_queue(queue)) | {"x-single-active-consumer": True})
    channel.queue_bind(queue, redelivery, queue)
    for delay in delays:
        tier = retry_queue(queue, delay)
        _quorum(channel, tier, _dead_letter(redelivery, queue) | {"x-message-ttl": delay_ms(delay)})
        channel.queue_bind(tier, redelivery, tier)
    for pattern in patterns:
        channel.queue_bind(queue, EVENTS_EXCHANGE, pattern)


def declare_parking(channel: Any, queue: str, redelivery: str) -> None:
    """Declare where the messages of ``queue`` wait for a person."""
    channel.exchange_declare(redelivery, "direct", durable=True, auto_delete=False)
    _quorum(channel, parking_queue(queue))
    channel.queue_bind(parking_queue(queue), redelivery, parking_queue(queue))


def _quorum(channel: Any, name: str, arguments: dict[str, Any] | None = None) -> None:
    limits = {"x-delivery-limit": DELIVERY_LIMIT} if arguments and "x-single-active-consumer" in arguments else {}
    channel.queue_declare(
        name,
        durable=True,
        auto_delete=False,
        arguments={"x-queue-type": "quorum"} | limits | (arguments or {}),
    )


def _dead_letter(exchange: str, target: str) -> dict[str, Any]:
    return {
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-routing-key": target,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _unrouted_limits() -> dict[str, Any]:
    """The unrouted queue is a window for people, not a store: it keeps the newest 10,000 for 7 days."""
    return {"x-max-length": 10_000, "x-message-ttl": 7 * 24 * 3_600_000}
