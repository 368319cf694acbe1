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
        return schemas.agenda_out(*handlers.search_agenda(self.app.finder, wanted), wanted)

    @rpc
    def get_agenda_entry(self, **payload: Any) -> dict[str, Any]:
        """One public event with its last change."""
        return schemas.entry_out(handlers.get_agenda_entry(self.app.finder, **schemas.GET_EVENT.load(payload)))
