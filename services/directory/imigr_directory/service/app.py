"""What the methods of the service work with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from imigr_directory import handlers
from imigr_directory.brochure.storage import MongoBrochures
from imigr_directory.domain import Municipality, Record, Service, Term
from imigr_directory.domain.calendar import Calendar
from imigr_directory.domain.hours.now import hours_of, told_now
from imigr_directory.domain.hours.openings import is_open
from imigr_directory.errors import UnknownMunicipality, UnknownRecord, UnknownService, UnknownTaxonomy
from imigr_directory.exchange.catalogue import Catalogue
from imigr_directory.exchange.feed import Feed
from imigr_directory.exchange.jobs import Jobs, Workshop
from imigr_directory.feedback import building as feedback
from imigr_directory.feedback.domain import About, Kind, Opinion
from imigr_directory.handlers.calendars import Almanac
from imigr_directory.links.fetching import look
from imigr_directory.links.handlers import Watch
from imigr_directory.links.storage import MongoLinks
from imigr_directory.packs.storage import MongoPacks
from imigr_directory.press.state import MongoPress
from imigr_directory.press.tending import Tender
from imigr_directory.reading import Snapshot
from imigr_directory.reading.shelf import Shelf
from imigr_directory.reading.written import WrittenEntries
from imigr_directory.schemas.content import fits
from imigr_directory.schemas.services import hit_end, timeless_out
from imigr_directory.search import Found, Query, Searcher
from imigr_directory.storage import MongoDirectory, MongoMandates, MongoUploads, upgrade
from imigr_kit.chain_head import look_after
from imigr_kit.errors import FieldError
from imigr_kit.runtime import Runtime
from imigr_kit.texts import FALLBACK


class App:
    """The directory with its copy of all that is public, which follows every change."""

    def __init__(self, runtime: Runtime) -> None:
        upgrade(runtime.db)
        self.directory = MongoDirectory(runtime.db, runtime.stamp)
        records, mandates = self.directory.records, MongoMandates(runtime.db)
        self.desk = handlers.Desk(self.directory, records, mandates, runtime.clock, self.refresh, fits)
        self.clock = runtime.clock
        self.checks_links: bool = runtime.settings.checks_links
        self.watch = Watch(records, MongoLinks(runtime.db, runtime.stamp), look, runtime.clock)
        self.box = feedback.build(runtime, self.check)
        self.almanac = Almanac(self.directory.calendars, runtime.clock, self.refresh)
        self.uploads = MongoUploads(runtime.db)
        self.snapshot = Snapshot(self.directory)
        self.shelf = Shelf(self.snapshot)
        self._written = WrittenEntries(timeless_out)
        self.packs = MongoPacks(runtime.db, runtime.stamp)
        self.brochures = MongoBrochures(runtime.db, runtime.stamp)
        self.press = MongoPress(runtime.db)
        self.tender = Tender(self.press)
        self.feed = Feed(runtime.db, self.directory.records)
        self.feed.adopt()
        self.jobs = Jobs(runtime.db, runtime.clock)
        self.workshop = Workshop(self.jobs)
        self.catalogue = Catalogue(self.snapshot)

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self.snapshot.version

    @property
    def searcher(self) -> Searcher:
        """The search over the public services."""
        return self.snapshot.services

    @property
    def towns(self) -> Sequence[Municipality]:
        """All that take part."""
        return self.snapshot.towns

    @property
    def terms(self) -> Mapping[str, Term]:
        """All themes by code."""
        return self.snapshot.terms

    def placed(self, query: Query) -> Query:
        """The question with the day, the moment and the calendars by which it is answered."""
        now = self.clock.now()
        open_at = now if query.open_now else query.open_at
        return replace(query, today=now.date(), open_at=open_at, calendars=self.snapshot.calendars)

    @property
    def calendars(self) -> Mapping[str, Calendar]:
        """The calendars of all towns, by slug."""
        return self.snapshot.calendars

    def hours_now(self, service: Service) -> dict[str, Any]:
        """What a reader is told of the hours of a service at this moment; nothing for a town that is not known."""
        calendar = self.calendars.get(service.municipality)
        return {} if calendar is None else told_now(service.schedules, calendar, self.clock.now())

    def hours_of_place(self, record: Record) -> dict[str, Any]:
        """The same for a location."""
        calendar = self.calendars.get(record.municipality or "")
        return {} if calendar is None else told_now(hours_of(record.content or {}), calendar, self.clock.now())

    def is_open_now(self, service: Service) -> bool | None:
        """Whether one can come now without an appointment; None when no hours are known."""
        calendar, schedules = self.calendars.get(service.municipality), service.schedules
        return None if calendar is None or not schedules else is_open(schedules, self.clock.now(), calendar)

    def written_hits(self, found: Found, query: Query) -> list[str]:
        """The hits as JSON for a reader of the languages."""
        languages = query.languages or FALLBACK
        texts: list[str] = []
        for hit in found.hits:
            end = hit_end(hit.distance_km, self.is_open_now(hit.service))
            text = self._written.open_text(hit.service, languages) + end
            texts.append(text.decode())
        return texts

    def refresh(self) -> None:
        """Take in what has changed, whoever changed it."""
        self.snapshot.refresh()

    def check(self, opinion: Opinion) -> None:
        """Raises UnknownMunicipality, UnknownTaxonomy or UnknownService for what an opinion names and is not there."""
        if opinion.municipality not in {one.slug for one in self.towns}:
            raise UnknownMunicipality(params={"municipality": opinion.municipality})
        if opinion.theme is not None and opinion.theme not in self.terms:
            raise UnknownTaxonomy(fields=[FieldError("theme", "directory.unknown_taxonomy", opinion.theme[:60])])
        if opinion.about is About.ARTICLE:
            article = self.directory.records.get("article", opinion.record_id or "")
            if article is None or not article.is_public or article.municipality not in (None, opinion.municipality):
                raise UnknownRecord
        if opinion.kind is Kind.CORRECTION or opinion.about is About.SERVICE:
            service = self.searcher.get(opinion.record_id or "")
            if service is None or service.municipality != opinion.municipality:
                raise UnknownService(params={"service_id": opinion.record_id})


def look_after_reads(runtime: Runtime) -> None:
    """Walk the audit of remarks that were read, beside the start."""
    reads = feedback.reads_of(runtime)
    runtime.spawn(lambda: look_after(reads.take_in, reads.break_at, "remark_reads"))
