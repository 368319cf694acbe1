"""RPC methods of tickets and doors."""

from __future__ import annotations

from typing import Any

from imigr_events import schemas
from imigr_events.handlers import correcting, door
from imigr_events.service.app import App
from imigr_events.service.commands import command_in
from imigr_kit.entrypoints import rpc


class DoorMethods:
    """Tickets, check-in and attendance."""

    app: App

    @rpc
    def get_ticket(self, **payload: Any) -> dict[str, Any]:
        """The signed ticket of the registration behind a manage link."""
        return door.get_ticket(self.app.door, **schemas.MANAGE.load(payload))

    @rpc
    def public_keys(self) -> dict[str, Any]:
        """Keys that tickets and certificates are verified with, without asking."""
        return {"algorithm": "Ed25519", "keys": self.app.door.signer.public_keys()}

    @rpc
    def cancelled_tickets(self, **payload: Any) -> dict[str, Any]:
        """Ids of tickets that no longer open the doors of an event."""
        return door.cancelled_tickets(self.app.door, **schemas.GET_EVENT.load(payload))

    @rpc
    def record_scans(self, **payload: Any) -> dict[str, Any]:
        """What a device saw, now or while it had no network; each look has an id that makes repetition harmless."""
        wanted = schemas.SCANS.load(payload)
        scans = wanted.pop("scans")
        return {"items": door.record_scans(self.app.door, **wanted, shown=scans)}

    @rpc
    def correct_attendance(self, **payload: Any) -> dict[str, Any]:
        """Make a check-in right on its day; who did it stays with it."""
        wanted = command_in("correct_attendance", schemas.CORRECT_ATTENDANCE, payload)
        place = (wanted["municipality"], wanted["event_id"])
        wrong = schemas.wrong_of(wanted)
        return correcting.correct_attendance(self.app.door, wanted["actor"], place, wrong, wanted["command"])

    @rpc
    def get_attendance(self, **payload: Any) -> dict[str, Any]:
        """Counts by session, and tickets that were shown more than once."""
        return door.get_attendance(self.app.door, **schemas.REGISTRATIONS.load(payload))
