"""MongoDB: which events came from a partner's calendar, and at which SEQUENCE."""

from __future__ import annotations

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_events.domain.importing import Known
from imigr_events.storage.rows import Document


class MongoImports:
    """One document for each event that came in."""

    def __init__(self, db: Database[Document]) -> None:
        self._imports = db["imports"]
        self._events = db["events"]

    def find(self, event_id: str) -> Known | None:
        """By id."""
        row = self._imports.find_one({"_id": event_id})
        if row is None:
            return None
        return Known(event_id, row["uid"], row["municipality"], row["sequence"], row.get("dates", {}))

    def keep(self, known: Known) -> None:
        """The UID first: feeds may be read between both writes, and an import that died is done again."""
        self._events.update_one({"_id": known.event_id}, {"$set": {"uid": known.uid}})
        row = {"uid": known.uid, "municipality": known.municipality, "sequence": known.sequence}
        row["dates"] = dict(known.dates)
        try:
            older = {"_id": known.event_id, "sequence": {"$lte": known.sequence}}
            self._imports.update_one(older, {"$set": row}, upsert=True)
        except DuplicateKeyError:
            return  # a newer one is remembered already
