"""Which partner editor holds the entries of which organizations: opaque staff ids only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pymongo.database import Database

from imigr_directory.domain import Act
from imigr_kit.mongo import Index

MANDATES = "mandates"
INDEXES = (
    Index(MANDATES, [("staff_id", 1)], name="staff"),
    Index(MANDATES, [("organization_id", 1)], name="organization"),
)


class MongoMandates:
    """One document per organization and editor."""

    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._rows = db[MANDATES]

    def of(self, staff_id: str) -> set[str]:
        """Organizations in these hands."""
        return {row["organization_id"] for row in self._rows.find({"staff_id": staff_id})}

    def holders(self, organization_id: str) -> Sequence[str]:
        """Staff ids."""
        return sorted(row["staff_id"] for row in self._rows.find({"organization_id": organization_id}))

    def give(self, organization_id: str, staff_id: str, act: Act) -> None:
        """Put one there; the first one who did so stays written down."""
        first = {"organization_id": organization_id, "staff_id": staff_id} | asdict(act)
        self._rows.update_one({"_id": f"{organization_id}:{staff_id}"}, {"$setOnInsert": first}, upsert=True)

    def take(self, organization_id: str, staff_id: str) -> None:
        """Take one back."""
        self._rows.delete_one({"_id": f"{organization_id}:{staff_id}"})
