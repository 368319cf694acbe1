"""Counted sign-ins: one document per name and window, changed by single atomic updates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from pymongo import ReturnDocument
from pymongo.database import Database

from imigr_kit.mongo import Index, guarded

Document = dict[str, Any]

TRIES = "tries"
WINDOW = timedelta(minutes=15)

INDEXES = (Index(TRIES, [("until", 1)], expire_after=0, name="expiry"),)


class MongoTries:
    """Counters with an end; names are keyed hashes. Every method raises when the database is away."""

    def __init__(self, db: Database[Document]) -> None:
        self._tries = db[TRIES]

    def count(self, name: str, now: datetime) -> tuple[int, datetime]:
        """One atomic update; a counter whose window is over starts anew."""
        is_over = {"$lte": [{"$ifNull": ["$until", now]}, now]}
        change = [
            {
                "$set": {
                    "count": {"$cond": [is_over, 1, {"$add": ["$count", 1]}]},
                    "until": {"$cond": [is_over, now + WINDOW, "$until"]},
                }
            }
        ]
        with guarded():
            found = self._tries.find_one_and_update(
                {"_id": name}, change, upsert=True, return_document=ReturnDocument.AFTER
            )
        row = cast(Document, found)  # an upsert always finds
        return int(row["count"]), row["until"]

    def give_back(self, name: str) -> None:
        """One less, if the window still runs."""
        with guarded():
            self._tries.update_one({"_id": name, "count": {"$gt": 0}}, {"$inc": {"count": -1}})

    def clear(self, name: str) -> None:
        """A good sign-in forgives."""
        with guarded():
            self._tries.delete_one({"_id": name})
