"""The events service on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_events import handlers, schemas
from imigr_events.domain import wire_time
from imigr_events.service.agenda import AgendaMethods
from imigr_events.service.app import App, build
from imigr_events.service.certificates import CertificateMethods
from imigr_events.service.commands import command_in
from imigr_events.service.door import DoorMethods
from imigr_events.service.importing import ImportMethods
from imigr_events.service.pathways import PathwayMethods
from imigr_events.service.staff import StaffMethods
from imigr_events.settings import EventsSettings
from imigr_events.storage import (
    ATTENDANCE,
    ATTENDANCE_INDEXES,
    CERTIFICATE_INDEXES,
    CERTIFICATES,
    EVENTS,
    INDEXES,
    PATHWAY_INDEXES,
    PATHWAYS,
    RETENTION_INDEXES,
)
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import every, provided, rpc
from imigr_kit.pressure import INDEX as PRESSURE


class EventsService(AgendaMethods, DoorMethods, CertificateMethods, PathwayMethods, ImportMethods, StaffMethods):
    """RPC methods of the events service."""

    name = "events"
    settings = EventsSettings
    outbox_collections = (EVENTS, ATTENDANCE, CERTIFICATES, PATHWAYS)
    indexes = (*INDEXES, *ATTENDANCE_INDEXES, *CERTIFICATE_INDEXES, *PATHWAY_INDEXES, *RETENTION_INDEXES, PRESSURE)
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
        return schemas.events_out(found, total, page, per_page, self.app.desk.clock.now())

    @rpc
    def write_events(self, **payload: Any) -> dict[str, Any]:
        """As list_events, each event as its start and the text of its JSON in the reader's languages."""
        wanted = schemas.WRITE_EVENTS.load(payload)
        page, per_page, now = wanted["page"], wanted["per_page"], self.app.desk.clock.now()
        found, total = handlers.list_events(self.app.desk, wanted["municipality"], wanted["from_time"], page, per_page)
        languages = tuple(wanted["languages"])
        items = [[wire_time(one.starts_at), self.app.written.text(one, languages, now)] for one in found]
        return {"items": items, "total": total, "page": page, "per_page": per_page}

    @rpc
    def get_event(self, **payload: Any) -> dict[str, Any]:
        """One public event, with its programme."""
        return self.app.public(handlers.get_event(self.app.desk, **schemas.GET_EVENT.load(payload)))

    @rpc
    def hold_places(self, **payload: Any) -> dict[str, Any]:
        """Keep places for ten minutes while a form is filled."""
        wanted, _ = schemas.HOLD.load(payload)
        return handlers.hold_places(self.app.desk, wanted, command_of("hold_places", payload))

    @rpc
    def release_hold(self, **payload: Any) -> dict[str, Any]:
        """Give held places back before they run out."""
        return handlers.release_hold(self.app.desk, **schemas.RELEASE_HOLD.load(payload))

    @rpc
    def register(self, **payload: Any) -> dict[str, Any]:
        """Register for an event; the same key gives the same answer."""
        wanted, _ = schemas.REGISTER.load(payload)
        return handlers.register(self.app.desk, wanted, command_of("register", payload))

    @rpc
    def get_registration(self, **payload: Any) -> dict[str, Any]:
        """The registration behind a manage link."""
        return handlers.get_registration(self.app.desk, **schemas.MANAGE.load(payload))

    @rpc
    def cancel_registration(self, **payload: Any) -> dict[str, Any]:
        """Give it up."""
        return handlers.cancel_registration(self.app.desk, **command_in("cancel_registration", schemas.CHANGE, payload))

    @rpc
    def forget_contact(self, **payload: Any) -> dict[str, Any]:
        """Cut every tie to the contact; nothing else changes."""
        return handlers.forget_contact(self.app.desk, **schemas.MANAGE.load(payload))

    @rpc
    def accept_offer(self, **payload: Any) -> dict[str, Any]:
        """Take the places that an offer holds."""
        return handlers.accept_offer(self.app.desk, **command_in("accept_offer", schemas.CHANGE, payload))

    @rpc
    def decline_offer(self, **payload: Any) -> dict[str, Any]:
        """Leave them to the next in line."""
        return handlers.decline_offer(self.app.desk, **command_in("decline_offer", schemas.CHANGE, payload))

    @every(2)
    def keep_time(self) -> None:
        """Holds and offers that run out, places released, events that begin and end, registrants to be told."""
        handlers.keep_time(self.app.desk)

    @every(600)
    def count_attendance(self) -> None:
        """Of archived events only numbers are kept."""
        while self.app.retention.count_old():
            pass
