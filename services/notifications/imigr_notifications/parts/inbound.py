"""What comes back on the wire: reports of providers, and one click against more emails."""

from __future__ import annotations

from typing import Any

from imigr_kit.entrypoints import rpc
from imigr_notifications import handlers, schemas
from imigr_notifications.errors import UnknownLink
from imigr_notifications.providers import report_of
from imigr_notifications.wiring import App


class InboundPart:
    """Answers to providers and to mail programs."""

    app: App

    @rpc
    def take_report(self, **payload: Any) -> dict[str, Any]:
        """What a provider says about a message; the token shows that it is the provider."""
        wanted = schemas.TakeReport().load(payload)
        plan = self.app.channels.providers.get(wanted["provider"])
        if plan is None or not self.app.vault.is_report_token(wanted["provider"], wanted["token"]):
            raise UnknownLink
        receipt = report_of(plan, wanted["told"])
        if receipt is not None:
            handlers.take_receipts(self.app.desk, [receipt])
        return {"taken": receipt is not None}

    @rpc
    def unsubscribe(self, **payload: Any) -> dict[str, Any]:
        """No more emails to the address behind a token (RFC 8058)."""
        wanted = schemas.Unsubscribe().load(payload)
        contact_id = self.app.vault.unsubscribed(wanted["token"])
        if contact_id is None:
            raise UnknownLink
        handlers.unsubscribe(self.app.desk, contact_id)
        return {"unsubscribed": True}
