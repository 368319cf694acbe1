"""The exchange on the wire: HSDS, the feed of changes, imports and exports."""

from __future__ import annotations

import base64
from typing import Any

from imigr_directory.errors import BadPackage, UnknownHsdsObject
from imigr_directory.exchange import exporting, jobs, schemas
from imigr_directory.exchange.catalogue import Asked
from imigr_directory.exchange.ids import derived
from imigr_directory.exchange.importing import Order
from imigr_directory.service.app import App
from imigr_kit.access import require
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import every, rpc

IMPORTERS, READERS = ("manager",), ("manager", "editor")
LIST, ONE, CHANGES = schemas.HsdsQuery(), schemas.HsdsOne(), schemas.Changes()


class ExchangeMethods:
    """What other directories read."""

    app: App

    @rpc
    def list_hsds(self, **payload: Any) -> dict[str, Any]:
        """A page of HSDS objects; no database call but to see whether anything changed."""
        kind, asked = LIST.load(payload)
        return {"page": self.app.catalogue.page(kind, asked), "version": self.app.version}

    @rpc
    def get_hsds(self, **payload: Any) -> dict[str, Any]:
        """One HSDS object."""
        wanted = ONE.load(payload)
        asked = Asked(full_service=wanted["full_service"])
        found = self.app.catalogue.one(wanted["kind"], wanted["id"], asked)
        if found is None:
            raise UnknownHsdsObject(params={"id": wanted["id"]})
        return found

    @rpc
    def list_changes(self, **payload: Any) -> dict[str, Any]:
        """A part of the feed."""
        wanted = CHANGES.load(payload)
        found, cursor, more = self.app.feed.after(wanted["after"], wanted["limit"], wanted["municipality"])
        return {"items": [schemas.change_out(one) for one in found], "cursor": cursor, "more": more}

    @rpc
    def begin_import(self, **payload: Any) -> dict[str, Any]:
        """An import whose file follows in parts; nothing is read yet."""
        wanted = schemas.BeginImport().load(payload)
        del wanted["idempotency_key"]
        actor, town = wanted.pop("actor"), wanted["municipality"]
        require(actor, IMPORTERS, town)
        command = command_of("begin_import", payload)
        job = derived(town, "import", command.key)
        return jobs.out(self.app.jobs.begin(job, town, Order(**wanted), str(actor.get("id", "")), command))

    @rpc
    def add_import_part(self, **payload: Any) -> dict[str, Any]:
        """The next part of the file."""
        wanted = schemas.ImportPart().load(payload)
        require(wanted["actor"], IMPORTERS, wanted["municipality"])
        try:
            data = base64.b64decode(wanted["data"], validate=True)
        except ValueError:
            raise BadPackage(params={"why": "not_base64"}) from None
        return jobs.out(self.app.jobs.add(wanted["import_id"], wanted["municipality"], wanted["number"], data))

    @rpc
    def start_import(self, **payload: Any) -> dict[str, Any]:
        """The file is whole: read it in the background."""
        wanted = schemas.OfImport().load(payload)
        require(wanted["actor"], IMPORTERS, wanted["municipality"])
        return jobs.out(self.app.jobs.start(wanted["import_id"], wanted["municipality"]))

    @rpc
    def get_import(self, **payload: Any) -> dict[str, Any]:
        """How far it is, and its report."""
        wanted = schemas.OfImport().load(payload)
        require(wanted["actor"], IMPORTERS, wanted["municipality"])
        return jobs.out(self.app.jobs.get(wanted["import_id"], wanted["municipality"]))

    @rpc
    def list_import_lines(self, **payload: Any) -> dict[str, Any]:
        """Row by row what became of the file, or the difference it makes."""
        wanted = schemas.ImportLines().load(payload)
        require(wanted["actor"], IMPORTERS, wanted["municipality"])
        rows, more = self.app.jobs.lines(wanted["import_id"], wanted["municipality"], wanted["sort"], wanted["page"])
        return {"items": list(rows), "page": wanted["page"], "more": more}

    @rpc
    def export_directory(self, **payload: Any) -> dict[str, Any]:
        """The published directory of a municipality as a file, in base64."""
        wanted = schemas.Export().load(payload)
        require(wanted["actor"], READERS, wanted["municipality"])
        found = self.app.catalogue.of_municipality(wanted["municipality"])
        content = exporting.as_bytes(wanted["form"], found, self.app.towns, self.app.terms)
        return {"data": base64.b64encode(content).decode(), "form": wanted["form"]}

    @every(2)
    def run_imports(self) -> None:
        """Begin the next import."""
        self.app.workshop.look()

    @every(1)
    def number_changes(self) -> None:
        """Give what changed its place in the feed."""
        self.app.feed.advance()
