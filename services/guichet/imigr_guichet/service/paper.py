"""Paper on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_guichet.handlers import paper
from imigr_guichet.schemas import paper as schemas
from imigr_guichet.service.visits import WithVisits, without_key
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc


class PaperMethods:
    """RPC methods of slips, the list of a day, and the merge of what was done without a network."""

    app: WithVisits

    @rpc
    def get_slip(self, **payload: Any) -> dict[str, Any]:
        """The signed slip of the appointment behind a manage link."""
        return paper.get_slip(self.app.visits.paper, **schemas.GET_SLIP.load(payload))

    @rpc
    def get_slip_for_visitor(self, **payload: Any) -> dict[str, Any]:
        """The same, printed by staff."""
        return paper.get_slip_for_visitor(self.app.visits.paper, **schemas.SLIP_FOR_VISITOR.load(payload))

    @rpc
    def slip_keys(self) -> dict[str, Any]:
        """Keys that slips are verified with."""
        return paper.public_keys(self.app.visits.paper)

    @rpc
    def check_in(self, **payload: Any) -> dict[str, Any]:
        """Check in by slip or reference."""
        wanted = without_key(schemas.CHECK_IN.load(payload))
        return paper.check_in(self.app.visits.paper, **wanted, command=command_of("check_in", payload))

    @rpc
    def list_for_day(self, **payload: Any) -> dict[str, Any]:
        """What a desk keeps for a day without a network."""
        return paper.list_for_day(self.app.visits.paper, **schemas.LIST_FOR_DAY.load(payload))

    @rpc
    def merge_day(self, **payload: Any) -> dict[str, Any]:
        """Take in what a desk did without a network."""
        wanted = schemas.MERGE_DAY.load(payload)
        by = f"staff:{wanted['actor'].get('id', '')}"
        return paper.merge_day(
            self.app.visits.paper, wanted["actor"], wanted["municipality"], wanted["guichet_id"], wanted["entries"], by
        )
