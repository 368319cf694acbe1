"""What the methods of the service work with."""

from __future__ import annotations

from datetime import date

from imigr_directory import handlers
from imigr_directory.errors import UnknownMunicipality, UnknownService, UnknownTaxonomy
from imigr_directory.feedback import building as feedback
from imigr_directory.feedback.domain import About, Kind, Opinion
from imigr_directory.handlers.calendars import Almanac
from imigr_directory.links.fetching import look
from imigr_directory.links.handlers import Watch
from imigr_directory.links.storage import MongoLinks
from imigr_directory.reading.shelf import Shelf
from imigr_directory.schemas.content import fits
from imigr_directory.search import Searcher
from imigr_directory.storage import MongoDirectory, MongoMandates, upgrade
from imigr_kit.errors import FieldError
from imigr_kit.runtime import Runtime


class App:
    """The directory with its search, refreshed when the version counter has moved."""

    def __init__(self, runtime: Runtime) -> None:
        upgrade(runtime.db)
        self.directory = MongoDirectory(runtime.db, runtime.stamp)
        records, mandates = self.directory.records, MongoMandates(runtime.db)
        self.desk = handlers.Desk(self.directory, records, mandates, runtime.clock, self.refresh, fits)
        self.clock = runtime.clock
        self.shelf = Shelf(records)
        self.checks_links: bool = runtime.settings.checks_links
        self.watch = Watch(records, MongoLinks(runtime.db, runtime.stamp), look, runtime.clock)
        self.box = feedback.build(runtime, self.check)
        self.almanac = Almanac(self.directory.calendars, runtime.clock, self.refresh)
        self.version = -1
        self.refresh()

    def today(self) -> date:
        """The day by which facts are fresh or stale (UTC)."""
        return self.clock.now().date()

    def refresh(self) -> None:
        """Build index and copies anew if anything changed."""
        version = self.directory.version()
        if version != self.version:
            terms = self.directory.terms()
            self.towns = self.directory.municipalities()
            self.terms = terms
            self.shelf.refresh(dict(terms))
            self.calendars = self.almanac.calendars.all()
            self.searcher = Searcher(self.directory.services(), terms, self.towns)
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
