"""A partner's own consumer in plain kombu: none of the platform's code, only its exchange and its schemas."""

from __future__ import annotations

import json
import threading
import uuid
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from kombu import Connection, Consumer, Exchange, Queue  # type: ignore[attr-defined]  # kombu names them lazily


class Partner:
    """Follows all events in the background and checks each against its JSON Schema."""

    def __init__(self, amqp_uri: str, contracts: Path, name: str = "demo") -> None:
        self._uri = amqp_uri
        self._contracts = contracts
        self._queue = f"partner.{name}.{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.events: list[dict[str, Any]] = []
        self.problems: list[str] = []

    def __enter__(self) -> Partner:
        self._thread.start()
        if not self._ready.wait(15):
            raise RuntimeError("the partner could not reach the broker")
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    def kinds(self, subject: str | None = None) -> list[str]:
        """The kinds of the events heard so far, without repeats of an id, in order."""
        seen: dict[str, str] = {}
        for event in list(self.events):
            if subject is None or event["subject"] == subject:
                seen.setdefault(event["id"], ".".join(event["type"].split(".")[2:5]))
        return list(seen.values())

    def _follow(self) -> None:
        exchange = Exchange("imigr.events", type="topic", durable=True, passive=True)
        queue = Queue(self._queue, exchange, routing_key="#", exclusive=True, auto_delete=True)
        with (
            Connection(self._uri, connect_timeout=10) as connection,
            Consumer(connection, [queue], on_message=self._heard, auto_declare=True),
        ):
            self._ready.set()
            while not self._stopping.is_set():
                try:
                    connection.drain_events(timeout=0.5)
                except TimeoutError:
                    continue

    def _heard(self, message: Any) -> None:
        message.ack()
        body = message.body
        event = json.loads(body if isinstance(body, str) else bytes(body).decode())
        problem = self._problem(event)
        if problem:
            self.problems.append(problem)
        self.events.append(event)

    def _problem(self, event: dict[str, Any]) -> str | None:
        service, kind = event["type"].split(".")[2], ".".join(event["type"].split(".")[3:])
        path = self._contracts / "events" / service / f"{kind}.json"
        if not path.is_file():
            return f"{event['type']}: no schema {path.name} in contracts"
        validator = Draft202012Validator(json.loads(path.read_text()))
        errors = [error.message for error in validator.iter_errors(event["data"])]
        return f"{event['type']}: {errors[0]}" if errors else None
