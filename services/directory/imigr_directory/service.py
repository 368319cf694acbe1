"""The directory on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_directory import handlers, schemas
from imigr_directory.errors import UnknownMunicipality, UnknownService, UnknownTaxonomy
from imigr_directory.feedback import building as feedback
from imigr_directory.feedback.domain import About, Kind, Opinion
from imigr_directory.feedback.storage import INDEXES as FEEDBACK_INDEXES
from imigr_directory.feedback.storage import TALLIES
from imigr_directory.handlers import Command
from imigr_directory.parts.feedback import FeedbackMethods
from imigr_directory.search import Searcher
from imigr_directory.settings import DirectorySettings
from imigr_directory.storage import INDEXES, MUNICIPALITIES, SERVICES, MongoDirectory
from imigr_kit.entrypoints import every, provided, rpc
from imigr_kit.errors import FieldError
from imigr_kit.keyed import body_hash
from imigr_kit.runtime import Runtime


class App:
    """The directory with its search, refreshed when the version counter has moved."""

    def __init__(self, runtime: Runtime) -> None:
        self.directory = MongoDirectory(runtime.db, runtime.stamp)
        self.desk = handlers.Desk(self.directory, self.refresh)
        self.box = feedback.build(runtime, self.check)
        self.version = -1
        self.refresh()

    def refresh(self) -> None:
        """Build index and copies anew if anything changed."""
        version = self.directory.version()
        if version != self.version:
            terms = self.directory.terms()
            self.towns = self.directory.municipalities()
            self.terms = terms
            self.searcher = Searcher(self.directory.services(), terms)
            self.version = version

    def check(self, opinion: Opinion) -> None:
        """Raises UnknownMunicipality, UnknownTaxonomy or UnknownService for what an opinion names and is not there."""
        if opinion.municipality not in {one.slug for one in self.towns}:
            raise UnknownMunicipality(params={"municipality": opinion.municipality})
        if opinion.theme is not None and opinion.theme not in self.terms:
            raise UnknownTaxonomy(fields=[FieldError("theme", "directory.unknown_taxonomy", opinion.theme[:60])])
        if opinion.kind is Kind.CORRECTION or opinion.about is About.SERVICE:
            service = self.searcher.get(opinion.record_id or "")
            if service is None or service.municipality != opinion.municipality:
                raise UnknownService(params={"service_id": opinion.record_id})


class DirectoryService(FeedbackMethods):
    """RPC methods of the directory."""

    name = "directory"
    settings = DirectorySettings
    outbox_collections = (MUNICIPALITIES, SERVICES, TALLIES)
    indexes = (*INDEXES, *FEEDBACK_INDEXES)
    app: App = provided(App)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}

    @every(1)
    def follow(self) -> None:
        """Notice what another process has written."""
        self.app.refresh()

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
        query = schemas.Search().load(payload)
        hits, total = self.app.searcher.find(query)
        return schemas.page_out(hits, total, query, self.app.version)

    @rpc
    def get_service(self, service_id: str) -> dict[str, Any]:
        """One public entry."""
        service = self.app.searcher.get(service_id)
        if service is None:
            raise UnknownService(params={"service_id": service_id})
        return schemas.service_out(service)

    @rpc
    def create_service(self, **payload: Any) -> dict[str, Any]:
        """Add an entry."""
        wanted = schemas.Create().load(payload)
        key = wanted["idempotency_key"]
        draft = schemas.entry_of(wanted["service"], key)
        made = handlers.create_service(self.app.desk, wanted["actor"], draft, Command(key, body_hash(payload)))
        return schemas.service_out(made)

    @rpc
    def update_service(self, **payload: Any) -> dict[str, Any]:
        """Change an entry on the version that was read."""
        wanted = schemas.Update().load(payload)
        key = wanted["idempotency_key"]
        changed = schemas.entry_of(wanted["service"], key)
        command = Command(key, body_hash(payload))
        made = handlers.update_service(
            self.app.desk, wanted["actor"], wanted["service_id"], wanted["version"], changed, command
        )
        return schemas.service_out(made)

    @rpc
    def withdraw_service(self, **payload: Any) -> dict[str, Any]:
        """Take an entry out."""
        wanted = schemas.Step().load(payload)
        command = Command(wanted["idempotency_key"], body_hash(payload))
        made = handlers.withdraw_service(
            self.app.desk, wanted["actor"], wanted["service_id"], wanted["version"], command
        )
        return schemas.service_out(made)
