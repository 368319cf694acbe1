"""A partner's own consumer in plain kombu: none of the platform's code, only a queue and the published schemas."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from kombu import Connection, Consumer, Queue  # type: ignore[attr-defined]  # kombu names them lazily


class Partner:
    """Takes what is in its queue in the background and checks each event against its JSON Schema.

    It may do nothing but read: the installation has declared the queue and bound the public kinds to it.
    """

    def __init__(self, amqp_uri: str, contracts: Path, queue: str = "demo.public") -> None:
        self._uri = amqp_uri
        self._contracts = contracts
        self._queue = queue
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
        with (
            Connection(self._uri, connect_timeout=10) as connection,
            Consumer(connection, [Queue(self._queue)], on_message=self._heard, auto_declare=False),
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
        problem = broken(event, self._contracts)
        if problem:
            self.problems.append(problem)
        self.events.append(event)


def broken(event: dict[str, Any], contracts: Path) -> str | None:
    """How an event breaks the schema of its kind; None when it does not."""
    service, kind = event["type"].split(".")[2], ".".join(event["type"].split(".")[3:])
    path = contracts / "events" / service / f"{kind}.json"
    if not path.is_file():
        return f"{event['type']}: no schema {path.name} in contracts"
    validator = Draft202012Validator(json.loads(path.read_text()))
    errors = [error.message for error in validator.iter_errors(event["data"])]
    return f"{event['type']}: {errors[0]}" if errors else None
