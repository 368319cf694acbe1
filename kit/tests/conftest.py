"""Fixtures of the kit's own tests: the sample service in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu.connection import Connection

from imigr_kit.events import CloudEvent

SHORT_DELAYS = "100ms,200ms,400ms"


@pytest.fixture
def sample_env(amqp_uri: str, mongo_uri: str, mongo_db: Any) -> dict[str, str]:
    """The settings of one sample service; short retry delays, so that tests need not wait."""
    return {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_RETRY_DELAYS": SHORT_DELAYS,
        "IMIGR_ATTEMPTS": "3",
        "PYTHONPATH": str(Path(__file__).parent),
    }


@pytest.fixture
def sample(service_process: Callable[..., Any], sample_env: dict[str, str]) -> Any:
    """The running sample service."""
    return service_process("sample", env=sample_env)


@pytest.fixture
def publish(amqp_uri: str) -> Iterator[Callable[..., None]]:
    """Publish raw bytes the way a foreign producer would, with kombu alone."""
    with Connection(amqp_uri) as connection:

        def send(body: bytes | dict[str, Any], routing_key: str, **properties: Any) -> None:
            raw = json.dumps(body).encode() if isinstance(body, dict) else body
            options = {
                "content_type": "application/cloudevents+json",
                "content_encoding": "binary",
                "user_id": connection.userid,
            } | properties
            exchange = options.pop("exchange", "imigr.events")
            connection.Producer().publish(raw, exchange=exchange, routing_key=routing_key, **options)

        yield send


def counter_event(counter: str, sequence: int, **changes: Any) -> dict[str, Any]:
    """A well-formed event of the sample service as a foreign producer would write it."""
    event = {
        "specversion": "1.0",
        "id": f"00000000-0000-7000-8000-{abs(hash((counter, sequence))) % 10**12:012d}",
        "source": "/elsewhere/sample",
        "type": "tn.imigr.sample.counter.raised.v1",
        "subject": counter,
        "time": "2026-11-23T08:00:00Z",
        "datacontenttype": "application/json",
        "municipality": "raoued",
        "sequence": sequence,
        "data": {"value": sequence},
    } | changes
    CloudEvent.from_dict(event)
    return event
