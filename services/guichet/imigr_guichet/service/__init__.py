"""The guichet on the wire: load, one use case, dump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imigr_guichet.handlers import agenda, booking, changing, office, slots
from imigr_guichet.ports.appointments import Command
from imigr_guichet.schemas import appointments as wire
from imigr_guichet.schemas import guichets as plan_wire
from imigr_guichet.service import visits
from imigr_guichet.service.figures import FiguresMethods
from imigr_guichet.service.orientation import OrientationMethods
from imigr_guichet.service.visits import Visits, build_visits
from imigr_guichet.service.waiting_room import WaitingRoomMethods
from imigr_guichet.settings import GuichetSettings
from imigr_guichet.storage.appointments import MongoAppointments
from imigr_guichet.storage.collections import INDEXES, OUTBOXES
from imigr_guichet.storage.plans import MongoPlans
from imigr_kit.entrypoints import provided, rpc
from imigr_kit.keyed import body_hash, keyed_hash, short_reference
from imigr_kit.runtime import Runtime


@dataclass(frozen=True)
class App:
    """What the methods below use."""

    office: office.Office
    visits: Visits

    def place(self, said: dict[str, Any]) -> dict[str, Any]:
        """An answer with the name and address of its guichet."""
        return wire.with_place(said, self.office.plans.get(said["guichet_id"]))


def build(runtime: Runtime) -> App:
    """The use cases on this process's database, clock and key."""
    key = runtime.settings.key

    def reference_hash(appointment_id: str) -> str:
        return keyed_hash(key, "reference", short_reference(key, appointment_id))

    plans = MongoPlans(runtime.db, runtime.stamp)
    return App(
        office.Office(
            plans=plans,
            appointments=MongoAppointments(runtime.db, runtime.stamp, reference_hash),
            clock=runtime.clock,
            new_id=runtime.new_id,
            reference=lambda appointment_id: short_reference(key, appointment_id),
            hashed=lambda purpose, text: keyed_hash(key, purpose, text),
        ),
        build_visits(runtime, plans),
    )


class GuichetService(WaitingRoomMethods, OrientationMethods, FiguresMethods):
    """RPC methods of the guichet."""

    name = "guichet"
    settings = GuichetSettings
    outbox_collections = (*OUTBOXES, *visits.OUTBOXES)
    indexes = (*INDEXES, *visits.INDEXES)
    app: App = provided(build)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}

    @rpc
    def list_guichets(self, **payload: Any) -> dict[str, Any]:
        """Open guichets, all or of one municipality."""
        wanted = plan_wire.LIST_GUICHETS.load(payload)
        found = slots.list_guichets(self.app.office, wanted["municipality"])
        return {"items": [plan_wire.guichet_out(one) for one in found], "version": sum(one.version for one in found)}

    @rpc
    def get_guichet(self, guichet_id: str) -> dict[str, Any]:
        """One open guichet."""
        return plan_wire.guichet_out(office.get_guichet(self.app.office, guichet_id))

    @rpc
    def list_slots(self, **payload: Any) -> dict[str, Any]:
        """Free slots of a guichet for a topic, in a language or any."""
        wanted = plan_wire.LIST_SLOTS.load(payload)
        guichet = office.get_guichet(self.app.office, wanted["guichet_id"])
        found = slots.list_slots(
            self.app.office,
            guichet,
            wanted["topic"],
            wanted["language"],
            wanted["from_date"],
            wanted["days"],
            wanted["limit"],
        )
        return plan_wire.slots_out(guichet, wanted["topic"], found)

    @rpc
    def book_appointment(self, **payload: Any) -> dict[str, Any]:
        """Book a start; the same key gives the same answer."""
        wanted, key = wire.BOOK.load(payload)
        return self.app.place(booking.book_appointment(self.app.office, wanted, Command(key, body_hash(payload))))

    @rpc
    def get_appointment(self, **payload: Any) -> dict[str, Any]:
        """The appointment behind a manage link."""
        wanted = wire.MANAGE.load(payload)
        return self.app.place(changing.get_appointment(self.app.office, **wanted))

    @rpc
    def move_appointment(self, **payload: Any) -> dict[str, Any]:
        """Move it to another start."""
        wanted = wire.MOVE.load(payload)
        command = Command(wanted.pop("idempotency_key"), body_hash(payload))
        return self.app.place(changing.move_appointment(self.app.office, **wanted, command=command))

    @rpc
    def cancel_appointment(self, **payload: Any) -> dict[str, Any]:
        """Cancel it."""
        wanted = wire.CHANGE.load(payload)
        command = Command(wanted.pop("idempotency_key"), body_hash(payload))
        return self.app.place(changing.cancel_appointment(self.app.office, **wanted, command=command))

    @rpc
    def list_appointments(self, **payload: Any) -> dict[str, Any]:
        """The agenda of a day, for staff."""
        wanted = wire.AGENDA.load(payload)
        found = agenda.list_appointments(
            self.app.office, wanted["actor"], wanted["municipality"], wanted["guichet_id"], wanted["date"]
        )
        return wire.agenda_out(found)
