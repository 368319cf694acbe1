"""Organizations, locations, articles and alerts as readers see them; no database call."""

from __future__ import annotations

from typing import Any

from imigr_directory.errors import UnknownRecord
from imigr_directory.schemas import records as schemas
from imigr_directory.service.app import App
from imigr_kit.entrypoints import rpc


class PublicMethods:
    """From the copy in memory."""

    app: App

    @rpc
    def list_public_records(self, **payload: Any) -> dict[str, Any]:
        """A page of what readers see of a kind."""
        wanted = schemas.PublicList().load(payload)
        now, number, size = self.app.clock.now(), wanted["page"], wanted["per_page"]
        found = self.app.shelf.find(wanted["kind"], wanted["municipality"], wanted["taxonomy"], now)
        some = found[(number - 1) * size : number * size]
        rows = [schemas.public_out(one, now.date()) for one in some]
        return schemas.listed_out(rows, len(found), (number, size)) | {"version": self.app.version}

    @rpc
    def get_public_record(self, **payload: Any) -> dict[str, Any]:
        """One record that readers see."""
        wanted = schemas.PublicOne().load(payload)
        record = self.app.shelf.get(wanted["kind"], wanted["record_id"])
        if record is None:
            raise UnknownRecord(params={"record_id": wanted["record_id"]})
        told = schemas.public_out(record, self.app.clock.now().date())
        return told | self.app.hours_of_place(record) if record.kind == "location" else told
