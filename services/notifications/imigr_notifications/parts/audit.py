"""The ways of messages, as staff look them up."""

from __future__ import annotations

from typing import Any

from imigr_kit.entrypoints import rpc
from imigr_notifications.handlers.reading import search_messages
from imigr_notifications.schemas.asked import SearchMessages
from imigr_notifications.schemas.told import path_out
from imigr_notifications.wiring import App


class AuditPart:
    """What staff ask about messages."""

    app: App

    @rpc
    def search_messages(self, **payload: Any) -> dict[str, Any]:
        """The ways of messages by reference; no content, no address."""
        found = search_messages(self.app.desk, **SearchMessages().load(payload))
        return {"items": [path_out(one) for one in found]}
