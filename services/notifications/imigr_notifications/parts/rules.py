"""The rules of a municipality on the wire: read, settled, applied to what is planned."""

from __future__ import annotations

from typing import Any

from pymongo.client_session import ClientSession

from imigr_kit.commands import command_of
from imigr_kit.entrypoints import every, on_event, rpc
from imigr_kit.events import CloudEvent
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
        return self._out(wanted["municipality"], own, version)

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
            command_of("set_rules", payload),
        )
        own, _ = handlers.get_rules(self.app.rule_book, wanted["actor"], wanted["municipality"])
        return self._out(wanted["municipality"], own, version)

    @on_event("*.directory.calendar.*.v1", kinds=frozenset({"directory.calendar.changed"}))
    def on_calendar(self, event: CloudEvent, session: ClientSession) -> None:
        """The nights of Ramadan are where the directory's calendar has them."""
        self.app.rule_book.follow(event.municipality, schemas.told_months(event.data), session)

    @every(2)
    def apply_rules(self) -> None:
        """Give planned reminders the moments of rules that changed."""
        for municipality, version in self.app.rule_book.unapplied():
            if handlers.apply_rules(self.app.desk, municipality, version):
                self.app.rule_book.applied(municipality, version)

    def _out(self, municipality: str, own: dict[str, Any], version: int) -> dict[str, Any]:
        return schemas.rules_out(municipality, own, version, self.app.rule_book.rules(municipality).ramadan)
