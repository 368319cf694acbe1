"""The day by staff on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_guichet.building import WithBookings
from imigr_guichet.handlers import agenda
from imigr_guichet.schemas import appointments as wire
from imigr_guichet.schemas.appointments import to_staff, told
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc


class AgendaMethods:
    """RPC methods of staff at the desk."""

    app: WithBookings

    @rpc
    def list_appointments(self, **payload: Any) -> dict[str, Any]:
        """The agenda of a day, for staff."""
        wanted = wire.AGENDA.load(payload)
        found = agenda.list_appointments(
            self.app.office, wanted["actor"], wanted["municipality"], wanted["guichet_id"], wanted["date"]
        )
        return wire.agenda_out(found)

    @rpc
    def find_appointment(self, **payload: Any) -> dict[str, Any]:
        """The appointment behind a spoken reference, at the desk."""
        return wire.agenda_row(agenda.find_by_reference(self.app.office, **wire.BY_REFERENCE.load(payload)))

    @rpc
    def take_step(self, **payload: Any) -> dict[str, Any]:
        """Confirm, check in, start, finish, leave, miss, correct."""
        wanted = wire.TAKE_STEP.load(payload)
        command = command_of("take_step", payload, wanted)
        return to_staff(agenda.take_step(self.app.office, **wanted, command=command))

    @rpc
    def cancel_for_service(self, **payload: Any) -> dict[str, Any]:
        """Cancel by the service, with a reason."""
        wanted = wire.CANCEL_FOR_SERVICE.load(payload)
        command = command_of("cancel_for_service", payload, wanted)
        return to_staff(agenda.cancel_for_service(self.app.office, **wanted, command=command))

    @rpc
    def move_for_visitor(self, **payload: Any) -> dict[str, Any]:
        """Move by staff."""
        wanted = wire.STAFF_MOVE.load(payload)
        command = command_of("move_for_visitor", payload, wanted)
        return to_staff(agenda.move_for_visitor(self.app.office, **wanted, command=command))

    @rpc
    def book_for_visitor(self, **payload: Any) -> dict[str, Any]:
        """Book on behalf of somebody."""
        actor, wanted, _, _ = wire.BOOK_FOR_VISITOR.load(payload)
        command = command_of("book_for_visitor", payload)
        return told(self.app.office, agenda.book_for_visitor(self.app.office, actor, wanted, command))

    @rpc
    def overbook(self, **payload: Any) -> dict[str, Any]:
        """A deliberate overbooking at a desk, by a manager."""
        actor, wanted, desk, _ = wire.BOOK_FOR_VISITOR.load(payload)
        command = command_of("overbook", payload)
        return told(self.app.office, agenda.overbook(self.app.office, actor, wanted, desk or "", command))
