"""The rules of a municipality on the wire: read, settled, applied to what is planned."""

from __future__ import annotations

from typing import Any

from imigr_kit.entrypoints import every, rpc
from imigr_kit.keyed import body_hash
from imigr_notifications import handlers, schemas
from imigr_notifications.wiring import App


class RulesPart:
    """What staff ask about rules, and the job that brings planned reminders under them."""

    app: App

    @rpc
    def get_rules(self, **payload: Any) -> dict[str, Any]:
        """The rules that hold in a municipality, and what it settled itself."""
        wanted = schemas.OfMunicipality().load(payload)
        own, version = handlers.get_rules(self.app.rule_book, wanted["actor"], wanted["municipality"])
        return schemas.rules_out(wanted["municipality"], own, version)

    @rpc
    def set_rules(self, **payload: Any) -> dict[str, Any]:
        """Settle rules; what is left out follows the built-in ones again."""
        wanted = schemas.SetRules().load(payload)
        version = handlers.set_rules(
            self.app.rule_book,
            wanted["actor"],
            wanted["municipality"],
            wanted["rules"],
            wanted["version"],
            wanted["idempotency_key"],
            body_hash(payload),
        )
        own, _ = handlers.get_rules(self.app.rule_book, wanted["actor"], wanted["municipality"])
        return schemas.rules_out(wanted["municipality"], own, version)

    @every(2)
    def apply_rules(self) -> None:
        """Give planned reminders the moments of rules that changed."""
        for municipality, version in self.app.rule_book.unapplied():
            if handlers.apply_rules(self.app.desk, municipality, version):
                self.app.rule_book.applied(municipality, version)
