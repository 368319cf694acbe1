"""Writes contracts/asyncapi.yaml (AsyncAPI 3.0) from the event schemas (run by ``make generated``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "contracts" / "events"
TARGET = ROOT / "contracts" / "asyncapi.yaml"
ENVELOPE = "CloudEvents 1.0, structured JSON; subscribe on the topic exchange by municipality, service or kind."


def document() -> str:
    """The document as YAML text; one channel per event, its address is the routing key."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for path in sorted(EVENTS.glob("*/*.json")):
        service, kind = path.parent.name, path.stem
        if service == "gateway":
            continue
        schema = json.loads(path.read_text(encoding="utf-8"))
        name = f"{service}.{kind}"
        message = {
            "name": f"tn.imigr.{name}",
            "title": schema["title"],
            "contentType": "application/cloudevents+json",
            "payload": {"$ref": f"./events/{service}/{path.name}"},
        }
        channels[name] = {
            "address": f"{{municipality}}.{name}",
            "title": schema["title"],
            "parameters": {"municipality": {"description": "Slug, such as la-marsa; * for all."}},
            "messages": {"event": message},
            "bindings": {
                "amqp": {"is": "routingKey", "exchange": {"name": "imigr.events", "type": "topic", "durable": True}}
            },
        }
        operations[f"receive.{name}"] = {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}}
    whole = {
        "asyncapi": "3.0.0",
        "info": {"title": "I-MIGR domain events", "version": "1", "description": ENVELOPE},
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
    }
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
