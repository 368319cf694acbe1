"""Brings queues of an older installation under today's arguments; no message is lost, and it may be killed at any step.

RabbitMQ refuses to declare a queue again with other arguments. Until 2026-12 messages waited, came back and were parked
over the default exchange, which nobody may write to any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import amqp
from kombu.connection import Connection

from imigr_provision.broker import EVENTS, INTAKE, BrokerAdmin
from imigr_provision.catalogue import VHOST

SPARE = ".moving"
REMEMBERED = "x-imigr-arguments"
"""Argument of a spare queue: the arguments that the queue it stands for will have, as JSON."""
DEAD_LETTERS = "x-dead-letter-exchange"
CONFIRM_SECONDS = 10.0


def renew_queues(admin: BrokerAdmin, part: str, address: str, vhost: str = VHOST) -> int:
    """Renews what the part owns, with the part's own rights; how many queues. Stop the part's processes before."""
    at = quote(vhost, safe="")
    with Connection(address, connect_timeout=5) as connection:
        mover = _Mover(connection, part)
        for queue in _of(admin, at, part):
            if queue["arguments"].get(DEAD_LETTERS) == "" and not queue["name"].endswith(SPARE):
                mover.set_aside(queue["name"], queue["arguments"], _patterns(admin, at, queue["name"]))
        spares = [queue for queue in _of(admin, at, part) if queue["name"].endswith(SPARE)]
        for spare in spares:
            name = spare["name"].removesuffix(SPARE)
            mover.put_back(name, json.loads(spare["arguments"][REMEMBERED]), _patterns(admin, at, spare["name"]))
    return len(spares)


def _of(admin: BrokerAdmin, at: str, part: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.get(f"/queues/{at}?disable_stats=true&enable_queue_totals=true")
    return [queue for queue in found if queue["name"].startswith(f"{part}.")]


def _patterns(admin: BrokerAdmin, at: str, queue: str) -> list[str]:
    bindings = admin.get(f"/queues/{at}/{quote(queue, safe='')}/bindings")
    return [one["routing_key"] for one in bindings if one["source"] == EVENTS]


class _Mover:
    """Moves messages as the part itself: only its own copies on its own exchange are believed by it."""

    def __init__(self, connection: Any, part: str) -> None:
        self._user = connection.userid
        self._exchange = f"{part}.redelivery"
        self._channel = connection.default_channel
        self._channel.auto_decode = False
        self._channel.confirm_select()
        self._channel.exchange_declare(self._exchange, "direct", durable=True, auto_delete=False)

    def set_aside(self, name: str, arguments: Mapping[str, Any], patterns: list[str]) -> None:
        """Into a spare queue, which also hears what is published meanwhile; then the old queue is deleted."""
        target = {**arguments, DEAD_LETTERS: self._exchange}
        self._declare(name + SPARE, {"x-queue-type": "quorum", REMEMBERED: json.dumps(target)}, patterns)
        self._move(name, name + SPARE)
        self._channel.queue_delete(name)

    def put_back(self, name: str, arguments: Mapping[str, Any], patterns: list[str]) -> None:
        """Into the queue with its new arguments; then the spare queue is deleted."""
        self._declare(name, arguments, patterns)
        for pattern in patterns:
            self._channel.queue_unbind(name + SPARE, EVENTS, pattern)
        self._move(name + SPARE, name)
        self._channel.queue_delete(name + SPARE)

    def _declare(self, name: str, arguments: Mapping[str, Any], patterns: list[str]) -> None:
        self._channel.queue_declare(name, durable=True, auto_delete=False, arguments=dict(arguments))
        self._channel.queue_bind(name, self._exchange, name)
        for pattern in patterns:
            self._channel.queue_bind(name, EVENTS, pattern)

    def _move(self, source: str, target: str) -> None:
        """Each copy is confirmed before the original is acknowledged; what is moved twice is recognised by its id."""
        while (message := self._channel.basic_get(source)) is not None:
            kept = {name: value for name, value in message.properties.items() if name != "user_id"}
            kept["application_headers"] = self._origin(message, source) | self._kept(message)
            kept["user_id"] = self._user
            copy = amqp.Message(message.body, **kept)
            self._channel.basic_publish_confirm(copy, self._exchange, target, timeout=CONFIRM_SECONDS)
            self._channel.basic_ack(message.delivery_tag)

    @staticmethod
    def _kept(message: Any) -> dict[str, Any]:
        headers = message.properties.get("application_headers") or {}
        return {name: value for name, value in headers.items() if not name.startswith("x-death")}

    @staticmethod
    def _origin(message: Any, source: str) -> dict[str, str]:
        """Who must have sent it: messages of older installations do not say it, but only that service could use the
        routing key. What came by the name of the queue came from the gateway."""
        headers = message.properties.get("application_headers") or {}
        key = str(headers.get("x-imigr-routing-key") or message.delivery_info["routing_key"])
        words = key.split(".")
        is_event = len(words) == 5  # town, service, entity, verb, version
        sender = str(message.properties.get("user_id") or (words[1] if is_event else "gateway"))
        told = {"x-imigr-sender": sender, "x-imigr-routing-key": key}
        return told | {"x-imigr-exchange": EVENTS if is_event else INTAKE}
