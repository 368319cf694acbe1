"""Search, services, municipalities and themes."""

from __future__ import annotations

from typing import Any

from imigr_directory import handlers, schemas
from imigr_directory.domain import Service
from imigr_directory.errors import UnknownService
from imigr_directory.schemas.records import care_out
from imigr_directory.search import Found, Query
from imigr_directory.service.app import App
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc

SEARCH = schemas.Search()
"""Made once: making a schema costs more than using it."""


class ServiceMethods:
    """Methods of services as the first routes use them."""

    app: App

    @rpc
    def list_municipalities(self) -> dict[str, Any]:
        """Municipalities that take part."""
        items = [schemas.municipality_out(one) for one in self.app.towns]
        return {"items": items, "version": self.app.version}

    @rpc
    def list_taxonomy(self) -> dict[str, Any]:
        """All themes."""
        items = [schemas.term_out(one) for one in self.app.terms.values()]
        return {"items": items, "version": self.app.version}

    @rpc
    def search_services(self, **payload: Any) -> dict[str, Any]:
        """Search; no database call."""
        query = self.app.placed(SEARCH.load(payload))
        found = self.app.searcher.find(query)
        page = schemas.page_out(found, query, self.app.version) | self._help(found, query)
        for item, hit in zip(page["items"], found.hits, strict=True):
            item["open_now"] = self.app.is_open_now(hit.service)
        return page

    @rpc
    def write_services(self, **payload: Any) -> dict[str, Any]:
        """As search_services, each hit as the text of its JSON in the reader's languages: written once for all who ask,
        and passed on."""
        query = self.app.placed(SEARCH.load(payload))
        found = self.app.searcher.find(query)
        told = schemas.counted_out(found, query, self.app.version) | self._help(found, query)
        return {"items": self.app.written_hits(found, query)} | told

    @rpc
    def get_service(self, service_id: str) -> dict[str, Any]:
        """One public entry with its hours of now."""
        service = self.app.searcher.get(service_id)
        if service is None:
            raise UnknownService(params={"service_id": service_id})
        return self._whole(service)

    @rpc
    def get_shared_service(self, code: str) -> dict[str, Any]:
        """The public entry that a shared link names."""
        service = self.app.snapshot.shared(str(code))
        if service is None:
            raise UnknownService(params={"code": str(code)[:20]})
        return self._whole(service)

    @rpc
    def list_service_links(self, **payload: Any) -> dict[str, Any]:
        """Codes of all links with the day of their last change, by id; for the sitemap."""
        page = schemas.Links().load(payload)
        return schemas.links_out(self.app.snapshot.records["service"], page["page"], page["per_page"])

    @rpc
    def create_service(self, **payload: Any) -> dict[str, Any]:
        """Add an entry: at once by a manager, for review by an editor."""
        wanted = schemas.Create().load(payload)
        key = wanted["idempotency_key"]
        draft = schemas.draft_of(wanted["service"], key)
        made = handlers.create_service(self.app.desk, wanted["actor"], draft, command_of("create_service", payload))
        return schemas.written_out(made)

    @rpc
    def update_service(self, **payload: Any) -> dict[str, Any]:
        """Change an entry on the version that was read: at once by a manager, for review by an editor."""
        wanted = schemas.Update().load(payload)
        key = wanted["idempotency_key"]
        draft = schemas.draft_of(wanted["service"], key)
        made = handlers.update_service(
            self.app.desk,
            wanted["actor"],
            wanted["service_id"],
            wanted["version"],
            draft.content,
            command_of("update_service", payload),
            verified_on=draft.verified_on,
        )
        return schemas.written_out(made)

    @rpc
    def withdraw_service(self, **payload: Any) -> dict[str, Any]:
        """Take an entry out."""
        wanted = schemas.Step().load(payload)
        command = command_of("withdraw_service", payload)
        made = handlers.withdraw_service(
            self.app.desk, wanted["actor"], wanted["service_id"], wanted["version"], command
        )
        return schemas.written_out(made)

    def _whole(self, service: Service) -> dict[str, Any]:
        record = self.app.snapshot.records["service"].get(service.id)
        care = {} if record is None else care_out(record, self.app.clock.now().date())
        return schemas.service_out(service) | care | self.app.hours_now(service)

    def _help(self, found: Found, query: Query) -> dict[str, Any]:
        return {} if found.total else {"help": schemas.help_out(self.app.searcher.help(query))}
