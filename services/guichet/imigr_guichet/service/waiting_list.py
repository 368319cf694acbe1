"""The waiting list on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_guichet.handlers import waiting_list
from imigr_guichet.schemas import waiting_list as schemas
from imigr_guichet.service.visits import WithVisits
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import every, rpc

SWEEP_SECONDS = 5.0


class WaitingListMethods:
    """RPC methods of the waiting list, and the sweep that makes its offers."""

    app: WithVisits

    @rpc
    def join_list(self, **payload: Any) -> dict[str, Any]:
        """Put somebody on the list."""
        wish = schemas.JOIN_LIST.load(payload)
        return self._told(waiting_list.join_list(self.app.visits.queue, wish, command_of("join_list", payload)))

    @rpc
    def get_entry(self, **payload: Any) -> dict[str, Any]:
        """What the person sees of an entry."""
        return self._told(waiting_list.get_entry(self.app.visits.queue, **schemas.OF_PERSON.load(payload)))

    @rpc
    def accept_offer(self, **payload: Any) -> dict[str, Any]:
        """Take the held place."""
        return self._change(waiting_list.accept_offer, "accept_offer", payload)

    @rpc
    def decline_offer(self, **payload: Any) -> dict[str, Any]:
        """Do not take it."""
        return self._change(waiting_list.decline_offer, "decline_offer", payload)

    @rpc
    def leave_list(self, **payload: Any) -> dict[str, Any]:
        """Wait no longer."""
        return self._change(waiting_list.leave_list, "leave_list", payload)

    @rpc
    def list_waiting(self, **payload: Any) -> dict[str, Any]:
        """Who waits or has an offer, for staff."""
        return waiting_list.list_waiting(self.app.visits.queue, **schemas.LIST_WAITING.load(payload))

    @every(SWEEP_SECONDS)
    def offer_places(self) -> None:
        """Offer what is free to who waits; let ended offers go on."""
        waiting_list.sweep(self.app.visits.queue)

    def _change(self, use_case: Any, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        wanted = schemas.PERSON_COMMAND.load(payload)
        command = command_of(name, payload)
        return self._told(use_case(self.app.visits.queue, wanted["municipality"], wanted["token_hash"], command))

    def _told(self, said: dict[str, Any]) -> dict[str, Any]:
        """An answer to the person: whether the guichet is imagined as well."""
        guichet = self.app.visits.queue.office.plans.get(said["guichet_id"])
        return said | {"demonstration": guichet is not None and guichet.demonstration}
