"""RPC methods of the public agenda."""

from __future__ import annotations

from typing import Any

from imigr_events import handlers, schemas
from imigr_events.service.app import App
from imigr_kit.entrypoints import rpc


class AgendaMethods:
    """What the formats of the agenda are made of."""

    app: App

    @rpc
    def search_agenda(self, **payload: Any) -> dict[str, Any]:
        """Public events by words, theme, language and time, called-off ones too, each with its last change."""
        wanted = schemas.SEARCH_AGENDA.load(payload)
        found, total = handlers.search_agenda(self.app.finder, wanted)
        return schemas.agenda_out(found, total, wanted, self.app.desk.clock.now())

    @rpc
    def calendar_marks(self, **payload: Any) -> dict[str, Any]:
        """Which events a whole calendar is made of, up to a thousand, and at which mark each is."""
        found = handlers.calendar_marks(self.app.finder, schemas.SEARCH_AGENDA.load(payload))
        return schemas.calendar_marks_out(*found, self.app.desk.clock.now())

    @rpc
    def calendar_events(self, **payload: Any) -> dict[str, Any]:
        """Events of a calendar by their ids, without what is counted about them."""
        found = handlers.calendar_events(self.app.finder, **schemas.CALENDAR_EVENTS.load(payload))
        return schemas.calendar_events_out(found)

    @rpc
    def get_agenda_entry(self, **payload: Any) -> dict[str, Any]:
        """One public event with its last change."""
        found = handlers.get_agenda_entry(self.app.finder, **schemas.GET_EVENT.load(payload))
        return schemas.entry_out(found, self.app.desk.clock.now())
