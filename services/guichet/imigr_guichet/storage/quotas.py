"""How many bookings a contact or a device has made, apart from the bookings: rows end by themselves, and no record of
an appointment says whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_guichet.domain.limits import Quota
from imigr_guichet.storage.collections import QUOTAS
from imigr_guichet.storage.documents import Document


class MongoQuotas:
    """One document for each quota, with a keyed hash of every command that has counted against it."""

    def __init__(self, db: Database[Document]) -> None:
        self._rows = db[QUOTAS]

    def take(self, quota: Quota, taker: str, now: datetime) -> bool:
        """One conditional write; the same command counts once. Of several that are the first at the same moment the
        database refuses all but one, which are then no longer the first."""
        free = {"_id": quota.prefix, "$or": [{"takers": taker}, {f"takers.{quota.most - 1}": {"$exists": False}}]}
        count = {"$addToSet": {"takers": taker}, "$setOnInsert": {"ends_at": now + quota.lasts}}
        try:
            self._rows.update_one(free, count, upsert=True)
        except DuplicateKeyError:
            return self._rows.update_one(free, count).matched_count == 1
        return True

    def give_back(self, quotas: Sequence[Quota], taker: str) -> None:
        """In one write."""
        self._rows.update_many({"_id": {"$in": [one.prefix for one in quotas]}}, {"$pull": {"takers": taker}})
