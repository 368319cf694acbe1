"""The ways of messages, as staff look them up, and what channels and providers do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from imigr_kit.entrypoints import every, rpc
from imigr_notifications.handlers.reading import may_see_figures, search_messages
from imigr_notifications.schemas.asked import ChannelFigures, SearchMessages
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

    @rpc
    def channel_figures(self, **payload: Any) -> dict[str, Any]:
        """Success, time and cost by channel and provider, for managers."""
        wanted = ChannelFigures().load(payload)
        may_see_figures(wanted["actor"], wanted["municipality"])
        since = self.app.desk.clock.now() - timedelta(days=wanted["days"])
        return {"items": self.app.figures.channels(wanted["municipality"], since)}

    @every(3_600)
    def sweep_content(self) -> None:
        """Take the content out of messages that are over; their ways stay."""
        self.app.messages.empty(self.app.desk.clock.now())
