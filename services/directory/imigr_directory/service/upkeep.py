"""Translations, tasks and links, for staff; and the jobs that look for what has grown old."""

from __future__ import annotations

import time
from typing import Any

from imigr_directory import xliff
from imigr_directory.handlers import freshness, translations
from imigr_directory.handlers.translations import Report
from imigr_directory.links import handlers as links
from imigr_directory.schemas import records as records_schemas
from imigr_directory.schemas import upkeep as schemas
from imigr_directory.service.app import App
from imigr_kit.commands import Command, actor_name, command_of
from imigr_kit.entrypoints import every, rpc, rpc_part
from imigr_kit.errors import ImigrError
from imigr_kit.keyed import body_hash

FILE_SECONDS = 0.7
"""For so long one call takes in records of an uploaded file: well under the deadline of a call."""


def _upload_of(wanted: dict[str, Any]) -> str:
    """One upload for who sends it, where and under which key: nobody reaches into another's."""
    told = {name: wanted[name] for name in ("municipality", "idempotency_key")}
    return body_hash(told | {"by": actor_name(wanted["actor"])})[:40]


class UpkeepMethods:
    """Each loads, calls one use case, dumps."""

    app: App

    @rpc
    def list_record_texts(self, **payload: Any) -> dict[str, Any]:
        """Every text of a record with its translations and their states."""
        wanted = records_schemas.OneRecord().load(payload)
        found = translations.list_lines(self.app.desk, wanted["actor"], wanted["kind"], wanted["record_id"])
        return {"items": [schemas.line_out(one) for one in found]}

    @rpc
    def translate_record(self, **payload: Any) -> dict[str, Any]:
        """Other words in one language."""
        wanted = schemas.Translate().load(payload)
        command = command_of("translate_record", payload)
        made = translations.translate(self.app.desk, wanted["actor"], wanted["target"], wanted["words"], command)
        return records_schemas.record_out(made)

    @rpc
    def export_translations(self, **payload: Any) -> dict[str, Any]:
        """A file for translators."""
        wanted = schemas.Export().load(payload)
        home = records_schemas.home_in(wanted["municipality"])
        found = translations.export_lines(self.app.desk, wanted["actor"], home, wanted["kinds"], wanted["record_ids"])
        return {"xliff": xliff.written(found, wanted["language"]).decode()}

    @rpc
    def import_translations(self, **payload: Any) -> dict[str, Any]:
        """A translators' file."""
        wanted = schemas.Import().load(payload)
        file = xliff.read(wanted["xliff"].encode())
        home = records_schemas.home_in(wanted["municipality"])
        command = command_of("import_translations", payload)
        report = translations.import_units(
            self.app.desk, wanted["actor"], home, file.language, file.units, wanted["state"], command
        )
        return schemas.report_out(report)

    @rpc_part
    def add_translations_part(self, **payload: Any) -> dict[str, Any]:
        """A part of a translators' file that is too large for one call; again is harmless."""
        wanted = schemas.FilePart().load(payload)
        home = records_schemas.home_in(wanted["municipality"])
        translations.may_exchange(wanted["actor"], home)
        self.app.uploads.add(_upload_of(wanted), wanted["number"], wanted["data"], self.app.clock.now())
        return {"number": wanted["number"]}

    @rpc_part
    def import_translations_file(self, **payload: Any) -> dict[str, Any]:
        """Take in a part of the records of an uploaded file; ``next`` says where to go on, None when all are taken."""
        wanted = schemas.ReadFile().load(payload)
        home = records_schemas.home_in(wanted["municipality"])
        translations.may_exchange(wanted["actor"], home)
        upload = _upload_of(wanted)
        try:
            report, after = self._taken_in(wanted, home, upload)
        except ImigrError:
            self.app.uploads.forget(upload)
            raise
        if after is None:
            self.app.uploads.forget(upload)
        return schemas.report_out(report) | {"next": after}

    def _taken_in(self, wanted: dict[str, Any], home: str | None, upload: str) -> tuple[Report, int | None]:
        file = xliff.read(self.app.uploads.file(upload, wanted["parts"]))
        command = Command(upload, body_hash({"upload": upload, "state": wanted["state"]}))
        until = time.monotonic() + FILE_SECONDS
        return translations.import_some(
            self.app.desk,
            wanted["actor"],
            home,
            file.language,
            file.by_record(),
            wanted["state"],
            command,
            wanted["first"],
            lambda: time.monotonic() > until,
        )

    @rpc
    def list_tasks(self, **payload: Any) -> dict[str, Any]:
        """What waits in a town."""
        wanted = schemas.OfTown().load(payload)
        home = records_schemas.home_in(wanted["municipality"])
        tasks = [schemas.task_out(one) for one in freshness.list_tasks(self.app.desk, wanted["actor"], home)]
        broken = links.list_broken(self.app.watch, wanted["actor"], wanted["municipality"])
        return {"items": tasks + [schemas.link_task_out(one) for one in broken]}

    @rpc
    def list_broken_links(self, **payload: Any) -> dict[str, Any]:
        """Links that lead nowhere any more."""
        wanted = schemas.OfTown().load(payload)
        found = links.list_broken(self.app.watch, wanted["actor"], wanted["municipality"])
        return {"items": [schemas.link_out(one) for one in found]}

    @every(60)
    def expire(self) -> None:
        """Tell of what has grown old."""
        freshness.expire(self.app.desk)

    @every(3600)
    def follow_links(self) -> None:
        """Collect the addresses that readers can meet."""
        if self.app.checks_links:
            links.follow(self.app.watch)

    @every(60)
    def look_at_links(self) -> None:
        """A few of those whose turn it is."""
        if self.app.checks_links:
            links.look_at_due(self.app.watch)
