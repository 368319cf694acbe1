"""Whoever holds the broker credentials of one part, with a plain AMQP client that keeps no rule of ours."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import amqp
from kombu import Connection  # type: ignore[attr-defined]  # kombu names it lazily

from imigr_kit.ids import new_id

ANSWER_SECONDS = 5.0
OWN_NAME = "own name"


class Intruder:
    """One stolen connection. Every publish waits for the broker's word, so a refusal raises here."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def publish(
        self, exchange: str, key: str, body: dict[str, Any], user: str | None = OWN_NAME, **headers: Any
    ) -> None:
        """Persistent, confirmed; ``headers`` such as ``CC``. Raises what the broker refuses with."""
        properties: dict[str, Any] = {
            "content_type": "application/cloudevents+json",
            "application_headers": headers,
            "delivery_mode": 2,
        }
        if user is not None:
            properties["user_id"] = self._connection.userid if user == OWN_NAME else user
        channel = self._connection.connection.channel()
        try:
            channel.confirm_select()
            message = amqp.Message(json.dumps(body).encode(), **properties)
            channel.basic_publish_confirm(message, exchange, key, timeout=ANSWER_SECONDS)
        finally:
            if channel.is_open:
                channel.close()

    def attempt(self, verb: str, *arguments: Any, **options: Any) -> None:
        """One AMQP method on a channel of its own; raises what the broker refuses with."""
        channel = self._connection.connection.channel()
        try:
            getattr(channel, verb)(*arguments, **options)
        finally:
            if channel.is_open:
                channel.close()


@contextmanager
def intruder(uri: str) -> Iterator[Intruder]:
    """Connected with somebody's credentials."""
    with Connection(uri, connect_timeout=5) as connection:
        connection.connect()
        yield Intruder(connection)


def as_headers(headers: Mapping[str, Any]) -> Any:
    """Headers whose names are no Python words, as further keywords."""
    return headers


def call(method: str, **payload: Any) -> dict[str, Any]:
    """The body of an RPC request."""
    return {"args": [], "kwargs": payload, "method": method}


def event(service: str, kind: str, subject: str, town: str, sequence: int, data: dict[str, Any]) -> dict[str, Any]:
    """An event as that service would tell it."""
    return {
        "specversion": "1.0", "id": new_id(), "source": f"/local/{service}", "type": f"tn.imigr.{service}.{kind}.v1",
        "subject": subject, "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"), "municipality": town,
        "datacontenttype": "application/json", "sequence": sequence, "correlationid": str(uuid.uuid4()), "data": data,
    }  # fmt: skip
