"""What the methods of the service use: the use cases on this process's database, clock and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imigr_events import handlers, schemas
from imigr_events.domain import Event
from imigr_events.handlers.certifying import Registry
from imigr_events.handlers.door import Door
from imigr_events.handlers.pathways import School
from imigr_events.sealing import ContactSeal
from imigr_events.signing import KeyRing
from imigr_events.storage import MongoAgenda, MongoAttendance, MongoCertificates, MongoEvents, MongoPathways
from imigr_kit.keyed import keyed_hash, short_reference
from imigr_kit.runtime import Runtime


@dataclass(frozen=True)
class App:
    """The desks of the use cases."""

    desk: handlers.Desk
    finder: handlers.Finder
    door: Door
    registry: Registry
    school: School

    def public(self, event: Event) -> dict[str, Any]:
        """An event for everyone."""
        return schemas.event_in_full(event, self.desk.clock.now())

    def staff(self, event: Event) -> dict[str, Any]:
        """An event for staff."""
        return schemas.event_for_staff(event, self.desk.clock.now())


def build(runtime: Runtime) -> App:
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
    )
    signer = KeyRing(runtime.settings.signing_key, runtime.settings.retired_keys)
    door = Door(desk, MongoAttendance(runtime.db, runtime.stamp), signer)
    return App(
        desk=desk,
        finder=handlers.Finder(MongoAgenda(runtime.db), runtime.clock),
        door=door,
        registry=Registry(door, MongoCertificates(runtime.db, runtime.stamp)),
        school=School(door, MongoPathways(runtime.db, runtime.stamp)),
    )
