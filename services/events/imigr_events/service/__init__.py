"""The events service on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_events import handlers, schemas
from imigr_events.ports import Command
from imigr_events.service.agenda import AgendaMethods
from imigr_events.service.app import App, build
from imigr_events.service.door import DoorMethods
from imigr_events.settings import EventsSettings
from imigr_events.storage import ATTENDANCE, ATTENDANCE_INDEXES, EVENTS, INDEXES
from imigr_kit.entrypoints import every, provided, rpc
from imigr_kit.keyed import body_hash


class EventsService(AgendaMethods, DoorMethods):
    """RPC methods of the events service."""

    name = "events"
    settings = EventsSettings
    outbox_collections = (EVENTS, ATTENDANCE)
    indexes = (*INDEXES, *ATTENDANCE_INDEXES)
    app: App = provided(build)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}

    @rpc
    def list_events(self, **payload: Any) -> dict[str, Any]:
        """The public agenda."""
        wanted = schemas.LIST_EVENTS.load(payload)
        page, per_page = wanted["page"], wanted["per_page"]
        found, total = handlers.list_events(self.app.desk, wanted["municipality"], wanted["from_time"], page, per_page)
        return schemas.events_out(found, total, page, per_page)

    @rpc
    def get_event(self, **payload: Any) -> dict[str, Any]:
        """One public event."""
        return schemas.event_out(handlers.get_event(self.app.desk, **schemas.GET_EVENT.load(payload)))

    @rpc
    def register(self, **payload: Any) -> dict[str, Any]:
        """Register for an event; the same key gives the same answer."""
        wanted, key = schemas.REGISTER.load(payload)
        return handlers.register(self.app.desk, wanted, Command(key, body_hash(payload)))

    @rpc
    def get_registration(self, **payload: Any) -> dict[str, Any]:
        """The registration behind a manage link."""
        return handlers.get_registration(self.app.desk, **schemas.MANAGE.load(payload))

    @rpc
    def cancel_registration(self, **payload: Any) -> dict[str, Any]:
        """Give it up."""
        wanted = schemas.CHANGE.load(payload)
        command = Command(wanted.pop("idempotency_key"), body_hash(payload))
        return handlers.cancel_registration(self.app.desk, **wanted, command=command)

    @rpc
    def create_event(self, **payload: Any) -> dict[str, Any]:
        """Store a draft."""
        wanted = schemas.CREATE_EVENT.load(payload)
        draft = schemas.draft_of(wanted["event"], self.app.desk.new_id())
        command = Command(wanted["idempotency_key"], body_hash(payload))
        return schemas.event_out(handlers.create_event(self.app.desk, wanted["actor"], draft, command))

    @rpc
    def publish_event(self, **payload: Any) -> dict[str, Any]:
        """Make a draft public."""
        wanted = schemas.STEP.load(payload)
        command = Command(wanted.pop("idempotency_key"), body_hash(payload))
        return schemas.event_out(handlers.publish_event(self.app.desk, **wanted, command=command))

    @rpc
    def cancel_event(self, **payload: Any) -> dict[str, Any]:
        """Call an event off."""
        wanted = schemas.STEP.load(payload)
        command = Command(wanted.pop("idempotency_key"), body_hash(payload))
        return schemas.event_out(handlers.cancel_event(self.app.desk, **wanted, command=command))

    @rpc
    def list_registrations(self, **payload: Any) -> dict[str, Any]:
        """Who comes, in order of arrival; no contact is in it."""
        wanted = schemas.REGISTRATIONS.load(payload)
        return schemas.registrations_out(*handlers.list_registrations(self.app.desk, **wanted))

    @every(5)
    def finish_called_off(self) -> None:
        """End registrations that outlived their event because a process died."""
        handlers.finish_called_off(self.app.desk)
