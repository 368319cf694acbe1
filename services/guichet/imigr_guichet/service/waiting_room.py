"""The waiting room on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_guichet.handlers import tickets
from imigr_guichet.schemas import tickets as schemas
from imigr_guichet.service.visits import WithVisits, without_key
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc


class WaitingRoomMethods:
    """RPC methods of walk-in tickets."""

    app: WithVisits

    @rpc
    def take_ticket(self, **payload: Any) -> dict[str, Any]:
        """Give the next number of the day."""
        actor, arrival = schemas.TAKE_TICKET.load(payload)
        return tickets.take_ticket(self.app.visits.hall, actor, arrival, command_of("take_ticket", payload))

    @rpc
    def note_demand(self, **payload: Any) -> dict[str, Any]:
        """Count a language that was asked for in vain."""
        wanted = without_key(schemas.NOTE_DEMAND.load(payload))
        return tickets.note_demand(self.app.visits.hall, **wanted, command=command_of("note_demand", payload))

    @rpc
    def call_next(self, **payload: Any) -> dict[str, Any]:
        """Call whose turn it is to a desk."""
        wanted = without_key(schemas.CALL_NEXT.load(payload))
        return tickets.call_next(self.app.visits.hall, **wanted, command=command_of("call_next", payload))

    @rpc
    def step_ticket(self, **payload: Any) -> dict[str, Any]:
        """One step of a ticket."""
        wanted = without_key(schemas.STEP_TICKET.load(payload))
        return tickets.step_ticket(self.app.visits.hall, **wanted, command=command_of("step_ticket", payload))

    @rpc
    def list_tickets(self, **payload: Any) -> dict[str, Any]:
        """Today's tickets, for staff."""
        return tickets.list_tickets(self.app.visits.hall, **schemas.LIST_TICKETS.load(payload))

    @rpc
    def get_ticket(self, **payload: Any) -> dict[str, Any]:
        """What the holder of a ticket may know."""
        return tickets.get_ticket(self.app.visits.hall, **schemas.OF_HOLDER.load(payload))

    @rpc
    def leave_line(self, **payload: Any) -> dict[str, Any]:
        """The holder gives the ticket up."""
        wanted = without_key(schemas.LEAVE_LINE.load(payload))
        return tickets.leave_line(self.app.visits.hall, **wanted, command=command_of("leave_line", payload))

    @rpc
    def get_board(self, guichet_id: str) -> dict[str, Any]:
        """What the screen of the waiting room shows."""
        return tickets.get_board(self.app.visits.hall, guichet_id)
