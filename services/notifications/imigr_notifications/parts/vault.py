"""The vault on the wire: what is held, allowed, deleted and revealed."""

from __future__ import annotations

from typing import Any

from imigr_kit.commands import command_of
from imigr_kit.entrypoints import every, rpc
from imigr_notifications import handlers, schemas
from imigr_notifications.wiring import App


class VaultPart:
    """What persons and staff ask about contacts, and the sweep."""

    app: App

    @rpc
    def held_contact(self, **payload: Any) -> dict[str, Any]:
        """What is held about a contact, the address only hinted at; for the person."""
        wanted = schemas.OfContact().load(payload)
        return schemas.held_out(handlers.held_contact(self.app.desk, self.app.contacts, wanted["contact_id"]))

    @rpc
    def set_consent(self, **payload: Any) -> dict[str, Any]:
        """What the person allows from now on."""
        wanted = schemas.SetConsent().load(payload)
        handlers.set_consent(self.app.desk, self.app.contacts, wanted["contact_id"], wanted["consents"])
        return schemas.held_out(handlers.held_contact(self.app.desk, self.app.contacts, wanted["contact_id"]))

    @rpc
    def forget_contact(self, **payload: Any) -> dict[str, Any]:
        """Destroy a contact at once; the answer is the receipt."""
        wanted = schemas.Forget().load(payload)
        erased = handlers.forget_contact(self.app.desk, wanted["contact_id"])
        return schemas.erased_out(erased, self.app.vault.receipt(erased.contact_id, erased.at))

    @rpc
    def reveal_contact(self, **payload: Any) -> dict[str, Any]:
        """Show staff an address for a stated reason; noted before."""
        wanted = schemas.RevealContact().load(payload)
        contact = handlers.reveal_contact(
            self.app.desk,
            self.app.reveals,
            wanted["actor"],
            wanted["municipality"],
            wanted["subject"],
            wanted["reason"],
            command_of("reveal_contact", payload),
        )
        return schemas.revealed_out(contact)

    @rpc
    def list_reveals(self, **payload: Any) -> dict[str, Any]:
        """Who was shown what and why, for managers."""
        wanted = schemas.ListReveals().load(payload)
        rows = handlers.list_reveals(self.app.reveals, wanted["actor"], wanted["municipality"], wanted["limit"])
        return schemas.reveals_out(rows)

    @every(60)
    def fade(self) -> None:
        """Delete contacts without a living purpose."""
        self.app.contacts.sweep(self.app.desk.clock.now())
