"""Guichets in MongoDB, read through a short cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.storage.collections import GUICHETS
from imigr_guichet.storage.documents import Document, guichet_document, guichet_of
from imigr_kit.facts import Fact
from imigr_kit.outbox import new_document_fields, with_events

Stamp = Callable[[Iterable[Fact]], list[Document]]
PLAN_SECONDS = 2.0


class MongoPlans:
    """Guichets, read through a cache of two seconds: every booking needs the plan, and plans change rarely."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._db = db
        self._stamp = stamp
        self._cache: dict[str, Guichet] = {}
        self._read_at = float("-inf")

    def get(self, guichet_id: str) -> Guichet | None:
        """One guichet, at most two seconds old."""
        return self._fresh().get(guichet_id)

    def all(self, municipality: str | None) -> Sequence[Guichet]:
        """All guichets, or those of one municipality, by id."""
        found = [one for one in self._fresh().values() if municipality in (None, one.municipality)]
        return sorted(found, key=lambda one: one.id)

    def put(self, guichet: Guichet, facts: Sequence[Fact]) -> bool:
        """Store a guichet with its facts if it is new or has exactly the version before; false otherwise."""
        body = guichet_document(guichet)
        events = self._stamp(facts)
        if guichet.version == 1:
            try:
                self._db[GUICHETS].insert_one({"_id": guichet.id, **body, **new_document_fields(events)})
            except DuplicateKeyError:
                return False
            return True
        change = with_events({"$set": body}, events)
        result = self._db[GUICHETS].update_one({"_id": guichet.id, "version": guichet.version - 1}, change)
        return bool(result.modified_count)

    def _fresh(self) -> dict[str, Guichet]:
        if time.monotonic() - self._read_at > PLAN_SECONDS:
            rows = self._db[GUICHETS].find({}, {"outbox": 0, "unsent": 0})
            self._cache = {row["_id"]: guichet_of(row) for row in rows}
            self._read_at = time.monotonic()
        return self._cache
