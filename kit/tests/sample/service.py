"""Counters: one document per counter, an event per change, and handlers that hear their own events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, fields
from pymongo.client_session import ClientSession

from imigr_kit.context import current
from imigr_kit.entrypoints import on_event, on_queue, provided, rpc
from imigr_kit.errors import Conflict, Unavailable
from imigr_kit.events import CloudEvent
from imigr_kit.facts import Fact
from imigr_kit.mongo import not_after
from imigr_kit.outbox import with_events
from imigr_kit.runtime import Runtime
from imigr_kit.settings import KitSettings


@dataclass(frozen=True, kw_only=True)
class SampleSettings(KitSettings):
    """The kit's settings alone."""

    service: ClassVar[str] = "sample"


class CounterFull(Conflict):
    """The counter has reached its limit."""

    code = "sample.counter_full"


class Add(Schema):
    """Input of ``add``."""

    counter = fields.String(required=True)
    limit = fields.Integer(load_default=1_000_000)
    idempotency_key = fields.String(load_default="")


class Raised(Schema):
    """What the handler expects in an event."""

    value = fields.Integer(required=True)


def build(runtime: Runtime) -> Runtime:
    """The sample's application is the runtime itself."""
    return runtime


class SampleService:
    """What the tests call."""

    name = "sample"
    settings = SampleSettings
    outbox_collections = ("counters",)
    app = provided(build)

    @rpc
    def ping(self) -> dict[str, bool]:
        return {"pong": True}

    @rpc
    def context(self) -> dict[str, Any]:
        return {"correlation_id": current().correlation_id, "has_deadline": current().deadline is not None}

    @rpc
    def count_run(self, name: str) -> dict[str, bool]:
        """Note that it ran, without a look at any deadline."""
        self.app.db["runs"].insert_one({"name": name})
        return {"done": True}

    @rpc
    def wait_for(self, name: str) -> dict[str, bool]:
        """Note that it ran, and wait until a switch of that name is there."""
        self.count_run(name)
        while self.app.db["switches"].find_one({"_id": name}) is None:
            self.app.pause(0.05)
        return {"done": True}

    @rpc
    def refuse(self) -> None:
        raise CounterFull(params={"limit": 3})

    @rpc
    def crash(self) -> None:
        raise ZeroDivisionError("a bug")

    @rpc
    def add(self, **payload: Any) -> dict[str, Any]:
        """Add one to a counter and say so in an event; one conditional write with the caller's deadline."""
        command = Add().load(payload)
        key = command["idempotency_key"] or self.app.new_id()
        counters = self.app.db["counters"]
        counters.update_one({"_id": command["counter"]}, {"$setOnInsert": {"value": 0}}, upsert=True)
        while True:
            row = counters.find_one({"_id": command["counter"]})
            if key in row.get("answers", {}):
                return {"value": row["answers"][key]}
            if row["value"] >= command["limit"]:
                raise CounterFull(params={"limit": command["limit"]})
            value = row["value"] + 1
            fact = Fact("counter.raised", command["counter"], "raoued", value, {"value": value})
            guard = not_after({"_id": command["counter"], "value": row["value"]}, current().deadline)
            change = with_events({"$set": {"value": value, f"answers.{key}": value}}, self.app.stamp([fact]))
            if counters.update_one(guard, change).modified_count:
                return {"value": value}

    @on_event("*.sample.counter.*.v1", kinds=frozenset({"sample.counter.raised"}))
    def record(self, event: CloudEvent, session: ClientSession) -> None:
        """Keep what was heard, in order; fails while the switch document says so."""
        switch = self.app.db["switches"].find_one({"_id": event.subject}) or {}
        if switch.get("fail") == "bug":
            raise ZeroDivisionError("a bug in the handler")
        if switch.get("fail") == "refuse":
            raise CounterFull
        if switch.get("fail") == "away":
            raise Unavailable
        Raised().load(event.data)
        self.app.db["heard"].insert_one({"counter": event.subject, "value": event.data["value"]}, session=session)

    @on_queue("private")
    def take(self, event: CloudEvent, session: ClientSession) -> None:
        """Keep what came on the private queue."""
        self.app.db["taken"].insert_one({"subject": event.subject}, session=session)
