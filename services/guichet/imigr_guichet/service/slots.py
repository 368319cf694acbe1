"""Guichets, slots and group sessions on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_guichet.building import WithBookings
from imigr_guichet.handlers import office, sessions, slots
from imigr_guichet.schemas import appointments as wire
from imigr_guichet.schemas import guichets as guichet_wire
from imigr_guichet.schemas import plans as plan_wire
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc


class SlotMethods:
    """RPC methods of what is open and free."""

    app: WithBookings

    @rpc
    def list_guichets(self, **payload: Any) -> dict[str, Any]:
        """Open guichets, all or of one municipality."""
        wanted = guichet_wire.LIST_GUICHETS.load(payload)
        found = slots.list_guichets(self.app.office, wanted["municipality"])
        return {
            "items": [guichet_wire.guichet_out(one) for one in found],
            "version": sum(one.version for one in found),
        }

    @rpc
    def get_guichet(self, guichet_id: str) -> dict[str, Any]:
        """One open guichet."""
        return guichet_wire.guichet_out(office.get_guichet(self.app.office, guichet_id))

    @rpc
    def list_slots(self, **payload: Any) -> dict[str, Any]:
        """Free slots of a guichet for a topic, in a language or any."""
        wanted = guichet_wire.LIST_SLOTS.load(payload)
        guichet = office.get_guichet(self.app.office, wanted["guichet_id"])
        found = slots.list_slots(
            self.app.office, guichet, wanted["ask"], wanted["from_date"], wanted["days"], wanted["limit"]
        )
        return guichet_wire.slots_out(guichet, wanted["topic"], found)

    @rpc
    def write_slots(self, **payload: Any) -> dict[str, str]:
        """As list_slots, as the text of its JSON: a long list is written once for all who ask, and passed on."""
        wanted = guichet_wire.LIST_SLOTS.load(payload)
        guichet = office.get_guichet(self.app.office, wanted["guichet_id"])
        found = slots.slot_parts(
            self.app.office, guichet, wanted["ask"], wanted["from_date"], wanted["days"], wanted["limit"]
        )
        return {"text": guichet_wire.slots_text(guichet, wanted["topic"], found)}

    @rpc
    def search_slots(self, **payload: Any) -> dict[str, Any]:
        """The next free slot of every guichet that can serve, the soonest first."""
        wanted = guichet_wire.SEARCH_SLOTS.load(payload)
        return guichet_wire.search_out(slots.search_slots(self.app.office, **wanted))

    @rpc
    def list_sessions(self, guichet_id: str) -> dict[str, Any]:
        """Group sessions to come, with the seats left."""
        found = sessions.list_sessions(self.app.office, self.app.sessions, guichet_id)
        return guichet_wire.sessions_out(found, self.app.office.plans.get(guichet_id))

    @rpc
    def plan_session(self, **payload: Any) -> dict[str, Any]:
        """Plan a group session."""
        wanted = plan_wire.PLAN_SESSION.load(payload)
        actor = wanted.pop("actor")
        command = command_of("plan_session", payload, wanted)
        new = sessions.NewSession(**wanted)
        return guichet_wire.session_out(sessions.plan_session(self.app.office, self.app.sessions, actor, new, command))

    @rpc
    def resize_session(self, **payload: Any) -> dict[str, Any]:
        """Another capacity; who sits beyond it is listed, nobody is dropped."""
        wanted = plan_wire.RESIZE_SESSION.load(payload)
        command = command_of("resize_session", payload, wanted)
        seated, over = sessions.resize_session(self.app.office, self.app.sessions, **wanted, command=command)
        return guichet_wire.session_out(seated) | {"too_many": [wire.agenda_row(one) for one in over]}

    @rpc
    def cancel_session(self, **payload: Any) -> dict[str, Any]:
        """Call a session off and cancel its seats."""
        wanted = plan_wire.CHANGE_SESSION.load(payload)
        command = command_of("cancel_session", payload, wanted)
        seated = sessions.cancel_session(self.app.office, self.app.sessions, **wanted, command=command)
        return guichet_wire.session_out(seated)
