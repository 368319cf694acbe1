"""Counted sign-ins: one document per name and window, changed by single atomic updates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from pymongo import ReturnDocument
from pymongo.database import Database

from imigr_accounts.ports import Pace
from imigr_kit.mongo import Index, guarded

Document = dict[str, Any]

TRIES = "tries"
WINDOW = timedelta(minutes=15)
SKEW_SECONDS = 60
"""Tries reach the database in another order than their clocks were read: a free one makes none of them early."""

INDEXES = (Index(TRIES, [("until", 1)], expire_after=0, name="expiry"),)


class MongoTries:
    """Counters with an end; names are keyed hashes. Every method raises when the database is away."""

    def __init__(self, db: Database[Document]) -> None:
        self._tries = db[TRIES]

    def wait(self, name: str, pace: Pace, now: datetime) -> int:
        """One atomic update, so that tries made all at once are slowed down like tries in a row; a counter whose
        window is over starts anew. A try that comes too early does not count, so nobody makes another wait longer by
        trying on."""
        is_over = {"$lte": [{"$ifNull": ["$until", now]}, now]}
        is_early = {"$and": [{"$not": [is_over]}, {"$gt": ["$next_at", now]}]}
        count = {"$cond": [is_over, 1, {"$add": ["$count", 1]}]}
        beyond = {"$min": [30, {"$subtract": ["$count", pace.free]}]}
        delay = {"$cond": [{"$lt": [beyond, 0]}, -SKEW_SECONDS, {"$min": [pace.most_seconds, {"$pow": [2, beyond]}]}]}
        change: list[Document] = [
            {"$set": {"refused": is_early}},
            {"$set": {"count": {"$cond": ["$refused", "$count", count]}}},
            {"$set": {"next_at": {"$cond": ["$refused", "$next_at", _later(now, delay)]}}},
            {"$set": {"until": {"$cond": [is_over, now + WINDOW, "$until"]}}},
            {"$set": {"until": {"$max": ["$until", "$next_at"]}}},
        ]
        with guarded():
            found = self._tries.find_one_and_update(
                {"_id": name}, change, upsert=True, return_document=ReturnDocument.AFTER
            )
        row = cast(Document, found)  # an upsert always finds
        return max(1, round((row["next_at"] - now).total_seconds())) if row["refused"] else 0

    def give_back(self, name: str) -> None:
        """One less, if the window still runs; what it made others wait is over."""
        with guarded():
            self._tries.update_one(
                {"_id": name, "count": {"$gt": 0}}, {"$inc": {"count": -1}, "$unset": {"next_at": 1}}
            )

    def clear(self, name: str) -> None:
        """A good sign-in forgives."""
        with guarded():
            self._tries.delete_one({"_id": name})


def _later(now: datetime, seconds: Any) -> Document:
    return {"$add": [now, {"$multiply": [1000, seconds]}]}
