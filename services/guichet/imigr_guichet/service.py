"""The guichet on the wire: load, one use case, dump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imigr_guichet import handlers, schemas
from imigr_guichet.ports import Command
from imigr_guichet.settings import GuichetSettings
from imigr_guichet.storage import DAYS, GUICHETS, INDEXES, MongoAppointments, MongoPlans
from imigr_kit.entrypoints import provided, rpc
from imigr_kit.keyed import body_hash, keyed_hash, short_reference
from imigr_kit.runtime import Runtime


@dataclass(frozen=True)
class App:
    """What the methods below use."""

    desk: handlers.Desk

    def place(self, said: dict[str, Any]) -> dict[str, Any]:
        """An answer with the name and address of its guichet."""
        return schemas.with_place(said, self.desk.plans.get(said["guichet_id"]))


def build(runtime: Runtime) -> App:
    """The use cases on this process's database, clock and key."""
    key = runtime.settings.key

    def reference_hash(appointment_id: str) -> str:
        return keyed_hash(key, "reference", short_reference(key, appointment_id))

    return App(
        handlers.Desk(
            plans=MongoPlans(runtime.db, runtime.stamp),
            appointments=MongoAppointments(runtime.db, runtime.stamp, reference_hash),
            clock=runtime.clock,
            new_id=runtime.new_id,
            reference=lambda appointment_id: short_reference(key, appointment_id),
            hashed=lambda purpose, text: keyed_hash(key, purpose, text),
        )
    )


class GuichetService:
    """RPC methods of the guichet."""

    name = "guichet"
    settings = GuichetSettings
    outbox_collections = (GUICHETS, DAYS)
    indexes = INDEXES
    app: App = provided(build)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}

    @rpc
    def list_guichets(self, **payload: Any) -> dict[str, Any]:
        """Open guichets, all or of one municipality."""
        wanted = schemas.LIST_GUICHETS.load(payload)
        found = handlers.list_guichets(self.app.desk, wanted["municipality"])
        return {"items": [schemas.guichet_out(one) for one in found], "version": sum(one.version for one in found)}

    @rpc
    def get_guichet(self, guichet_id: str) -> dict[str, Any]:
        """One open guichet."""
        return schemas.guichet_out(handlers.get_guichet(self.app.desk, guichet_id))

    @rpc
    def list_slots(self, **payload: Any) -> dict[str, Any]:
        """Free slots of a guichet for a topic, in a language or any."""
        wanted = schemas.LIST_SLOTS.load(payload)
        guichet = handlers.get_guichet(self.app.desk, wanted["guichet_id"])
        found = handlers.list_slots(
            self.app.desk,
            guichet,
            wanted["topic"],
            wanted["language"],
            wanted["from_date"],
            wanted["days"],
            wanted["limit"],
        )
        return schemas.slots_out(guichet, wanted["topic"], found)

    @rpc
    def book_appointment(self, **payload: Any) -> dict[str, Any]:
        """Book a start; the same key gives the same answer."""
        booking, key = schemas.BOOK.load(payload)
        return self.app.place(handlers.book_appointment(self.app.desk, booking, Command(key, body_hash(payload))))

    @rpc
    def get_appointment(self, **payload: Any) -> dict[str, Any]:
        """The appointment behind a manage link."""
        wanted = schemas.MANAGE.load(payload)
        return self.app.place(handlers.get_appointment(self.app.desk, **wanted))

    @rpc
    def move_appointment(self, **payload: Any) -> dict[str, Any]:
        """Move it to another start."""
        wanted = schemas.MOVE.load(payload)
        command = Command(wanted.pop("idempotency_key"), body_hash(payload))
        return self.app.place(handlers.move_appointment(self.app.desk, **wanted, command=command))

    @rpc
    def cancel_appointment(self, **payload: Any) -> dict[str, Any]:
        """Cancel it."""
        wanted = schemas.CHANGE.load(payload)
        command = Command(wanted.pop("idempotency_key"), body_hash(payload))
        return self.app.place(handlers.cancel_appointment(self.app.desk, **wanted, command=command))

    @rpc
    def list_appointments(self, **payload: Any) -> dict[str, Any]:
        """The agenda of a day, for staff."""
        wanted = schemas.AGENDA.load(payload)
        found = handlers.list_appointments(
            self.app.desk, wanted["actor"], wanted["municipality"], wanted["guichet_id"], wanted["date"]
        )
        return schemas.agenda_out(found)
