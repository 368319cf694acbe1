"""Counts look-ups that found nothing, in the shared database; a counter lives as long as its window."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.database import Database

from imigr_guichet.storage.collections import LOOKUPS
from imigr_kit.clock import Clock


class MongoLookups:
    """One counter per address and window."""

    def __init__(self, db: Database[dict[str, Any]], clock: Clock) -> None:
        self._rows = db[LOOKUPS]
        self._clock = clock

    def count(self, address: str, seconds: int) -> int:
        """Count one more; how many there are in the running window of that many seconds."""
        now = self._clock.now()
        window = int(now.timestamp()) // seconds
        row = self._rows.find_one_and_update(
            {"_id": f"{address}:{window}"},
            {"$inc": {"missed": 1}, "$setOnInsert": {"ends_at": now + timedelta(seconds=2 * seconds)}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return int(row["missed"]) if row else 1
