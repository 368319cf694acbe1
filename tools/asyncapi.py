"""Writes contracts/asyncapi.yaml (AsyncAPI 3.0) from the event schemas (run by ``make generated``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "contracts" / "events"
AUDIENCES = ROOT / "contracts" / "audiences.json"
TARGET = ROOT / "contracts" / "asyncapi.yaml"
PRIVATE = frozenset({"gateway"})
"""Services whose messages go to one private queue and not over the exchange."""
EXCHANGE = {"name": "imigr.events", "type": "topic", "durable": True, "autoDelete": False}
ABOUT = (
    "Facts of all services as CloudEvents 1.0 in structured JSON. The installation's own services subscribe on the "
    "topic exchange imigr.events by municipality, service or kind: the routing key is the channel's address. Each "
    "event arrives at least once, in order per subject: recognise repetitions by id and order by sequence. Nobody else "
    "may bind to the exchange. Who outside may learn of a kind stands in its channel's x-class (all of them in "
    "audiences.json): public, concerned, counts or internal. Of a kind that partners are told, they see the properties "
    "marked x-audience partner. A compatible change keeps the type; a breaking one gets v2 beside v1."
)
ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0 with the attributes of this platform.",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "description": "UUIDv7; the same for every repetition."},
        "source": {"type": "string", "description": "/<instance>/<service>"},
        "type": {"type": "string", "description": "tn.imigr.<service>.<entity>.<verb>.v<n>"},
        "subject": {"type": "string", "description": "Opaque id of the record."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "format": "uri"},
        "municipality": {"type": "string", "description": "Slug; all for what belongs to no single one."},
        "sequence": {"type": "integer", "minimum": 1, "description": "Counts the events of the subject without gaps."},
        "correlationid": {"type": "string", "description": "The same for all that one request caused."},
        "causationid": {"type": "string", "description": "Id of the event that led to this one."},
        "traceparent": {"type": "string", "description": "W3C Trace Context."},
        "data": {"type": "object"},
    },
    "required": ["specversion", "id", "source", "type", "subject", "time", "municipality", "sequence", "data"],
}


def document() -> str:
    """The document as YAML text; one channel per event, its address is the routing key."""
    found = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(EVENTS.glob("*/*.json"))]
    public = [(path, schema) for path, schema in found if path.parent.name not in PRIVATE]
    audiences = json.loads(AUDIENCES.read_text(encoding="utf-8"))["kinds"]
    whole = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "I-MIGR domain events",
            "version": "1",
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {_name(path): _channel(path, schema, audiences) for path, schema in public},
        "operations": {f"send.{_name(path)}": _operation(path) for path, _ in public},
        "components": {
            "messages": {_name(path): _message(path, schema) for path, schema in public},
            "schemas": {"envelope": ENVELOPE},
        },
    }
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=110)


def _name(path: Path) -> str:
    """guichet.appointment.booked.v1"""
    return f"{path.parent.name}.{path.stem}"


def _channel(path: Path, schema: dict[str, Any], audiences: dict[str, Any]) -> dict[str, Any]:
    name = _name(path)
    return {
        "address": f"{{municipality}}.{name}",
        "title": schema["title"],
        # Of a kind without a class nothing is told; tests/contracts fails for it.
        "x-class": audiences.get(name, {"class": "internal"}),
        "parameters": {"municipality": {"description": "Slug, such as la-marsa; bind with * for every one."}},
        "messages": {"event": {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": dict(EXCHANGE), "bindingVersion": "0.3.0"}},
    }


def _operation(path: Path) -> dict[str, Any]:
    """The platform sends; who reads this document receives."""
    channel = f"#/channels/{_name(path)}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/event"}],
        "bindings": {"amqp": {"deliveryMode": 2, "bindingVersion": "0.3.0"}},
    }


def _message(path: Path, schema: dict[str, Any]) -> dict[str, Any]:
    name = _name(path)
    data = {"$ref": f"./events/{path.parent.name}/{path.name}"}
    kind = {"const": f"tn.imigr.{name}"}
    return {
        "name": f"tn.imigr.{name}",
        "title": schema["title"],
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [{"$ref": "#/components/schemas/envelope"}, {"properties": {"type": kind, "data": data}}],
        },
    }


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
