"""What the methods of the service use: the use cases on this process's database, clock and keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from pymongo.database import Database

from imigr_events import handlers, schemas
from imigr_events.domain import Event
from imigr_events.handlers.certifying import Registry
from imigr_events.handlers.door import Door
from imigr_events.handlers.importing import Importer
from imigr_events.handlers.pathways import School
from imigr_events.sealing import ContactSeal
from imigr_events.signing import KeyRing
from imigr_events.storage import (
    MongoAgenda,
    MongoAttendance,
    MongoAttendanceRetention,
    MongoCertificates,
    MongoEvents,
    MongoImports,
    MongoPathways,
)
from imigr_kit.clock import Clock
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId
from imigr_kit.keyed import keyed_hash, short_reference
from imigr_kit.pressure import Gate


@dataclass(frozen=True)
class App:
    """The desks of the use cases."""

    desk: handlers.Desk
    finder: handlers.Finder
    door: Door
    registry: Registry
    school: School
    importer: Importer
    written: schemas.WrittenEvents
    retention: MongoAttendanceRetention

    def public(self, event: Event) -> dict[str, Any]:
        """An event for everyone."""
        return schemas.event_in_full(event, self.desk.clock.now())

    def staff(self, event: Event) -> dict[str, Any]:
        """An event for staff."""
        return schemas.event_for_staff(event, self.desk.clock.now())


class Around(Protocol):
    """What the use cases stand on: a running process, or the command line."""

    settings: Any
    db: Database[dict[str, Any]]
    clock: Clock
    new_id: NewId

    def stamp(self, facts: Iterable[Fact]) -> list[dict[str, Any]]:
        """Envelopes for an outbox."""
        ...


def build(runtime: Around) -> App:
    """The use cases on this process's database, clock and key."""
    key = runtime.settings.key
    events = MongoEvents(runtime.db, runtime.stamp, ContactSeal(key))
    desk = handlers.Desk(
        events=events,
        turns=handlers.Turns(events, runtime.clock),
        clock=runtime.clock,
        new_id=runtime.new_id,
        reference=lambda registration_id: short_reference(key, registration_id),
        hashed=lambda purpose, text: keyed_hash(key, purpose, text),
        gate=Gate(runtime.db),
    )
    signer = KeyRing(runtime.settings.signing_key, runtime.settings.retired_keys)
    door = Door(desk, MongoAttendance(runtime.db, runtime.stamp), signer)
    return App(
        desk=desk,
        finder=handlers.Finder(MongoAgenda(runtime.db), runtime.clock),
        door=door,
        registry=Registry(door, MongoCertificates(runtime.db, runtime.stamp)),
        school=School(door, MongoPathways(runtime.db, runtime.stamp)),
        importer=Importer(desk, MongoImports(runtime.db)),
        written=schemas.WrittenEvents(),
        retention=MongoAttendanceRetention(runtime.db),
    )
