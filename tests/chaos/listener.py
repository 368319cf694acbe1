"""The administrator's own consumer of everything, on a durable queue, which outlives the death of the broker."""

from __future__ import annotations

import json
import threading
from typing import Any

from kombu import Connection, Consumer, Exchange, Queue  # type: ignore[attr-defined]  # kombu names them lazily
from kombu.exceptions import OperationalError


class Listener:
    """Keeps every event it was given, by id; reconnects until it is stopped."""

    def __init__(self, uri: str, queue: str) -> None:
        self._uri = uri
        exchange = Exchange("imigr.events", type="topic", durable=True, passive=True)
        self._queue = Queue(queue, exchange, routing_key="#", durable=True, queue_arguments={"x-queue-type": "quorum"})
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.events: dict[str, dict[str, Any]] = {}
        self.order: dict[str, list[int]] = {}
        self.raw: list[bytes] = []

    def __enter__(self) -> Listener:
        self._thread.start()
        assert self._ready.wait(20), "the listener could not reach the broker"
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    def kinds(self, subject: str) -> list[str]:
        """Kinds of a subject's events in the order first heard."""
        return [".".join(one["type"].split(".")[2:5]) for one in self.events.values() if one["subject"] == subject]

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with (
                    Connection(self._uri, connect_timeout=3, heartbeat=5) as connection,
                    Consumer(connection, [self._queue], on_message=self._heard),
                ):
                    self._ready.set()
                    while not self._stopping.is_set():
                        try:
                            connection.drain_events(timeout=0.5)
                        except TimeoutError:
                            connection.heartbeat_check()
            except (OSError, OperationalError, *Connection(self._uri).connection_errors):
                self._stopping.wait(0.2)

    def _heard(self, message: Any) -> None:
        body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
        event = json.loads(body)
        self.raw.append(body)
        if event["id"] not in self.events:
            self.order.setdefault(event["subject"], []).append(event["sequence"])
        self.events[event["id"]] = event
        message.ack()
