"""The least that a command can cost: one durable write that nobody hears of, and one whose event is heard.

Started by ``imigr_kit.launch`` like every service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pymongo.client_session import ClientSession

from imigr_kit.entrypoints import on_event, provided, rpc
from imigr_kit.events import CloudEvent
from imigr_kit.facts import Fact
from imigr_kit.outbox import new_document_fields
from imigr_kit.runtime import Runtime
from imigr_kit.settings import KitSettings


@dataclass(frozen=True, kw_only=True)
class FloorSettings(KitSettings):
    """The kit's settings alone."""

    service: ClassVar[str] = "bench_floor"


def build(runtime: Runtime) -> Runtime:
    """The service is its runtime."""
    return runtime


class FloorService:
    """What a booking can not be quicker than."""

    name = "bench_floor"
    settings = FloorSettings
    outbox_collections = ("told",)
    app = provided(build)

    @rpc
    def store(self, **payload: Any) -> dict[str, Any]:
        """One insert with the platform's write concern: majority, journaled."""
        self.app.db["rows"].insert_one({"_id": self.app.new_id(), "payload": payload})
        return {"stored": True}

    @rpc
    def tell(self, **payload: Any) -> dict[str, Any]:
        """The same insert with an event in its outbox, which the relay publishes and ``hear`` takes note of."""
        row = self.app.new_id()
        facts = [Fact("row.stored", row, "bench", 1, payload)]
        self.app.db["told"].insert_one({"_id": row, "payload": payload, **new_document_fields(self.app.stamp(facts))})
        return {"stored": True}


@dataclass(frozen=True, kw_only=True)
class EarSettings(KitSettings):
    """The kit's settings alone."""

    service: ClassVar[str] = "bench_ear"


class FloorEar:
    """Hears what the floor service tells, in a process of its own as services do."""

    name = "bench_ear"
    settings = EarSettings
    niceness = 10  # as notifications

    @on_event("*.bench_floor.row.stored.v1", kinds=frozenset({"bench_floor.row.stored"}))
    def hear(self, event: CloudEvent, session: ClientSession) -> None:
        """Nothing but the inbox slip."""
