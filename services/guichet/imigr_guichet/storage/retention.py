"""MongoDB: what appointments become when their time is over: without a contact, then a count (docs/retention.md)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_guichet.ports.plans import Plans
from imigr_guichet.storage.appointments import WITHOUT_CONTACT
from imigr_guichet.storage.collections import APPOINTMENTS
from imigr_kit.mongo import in_transaction

Document = dict[str, Any]

COUNTS = "appointment_counts"
CONTACT_HOURS = 24
"""So long after its end an appointment that nobody closed keeps its contact."""
KEPT_DAYS = 30
"""So long after its end an appointment is kept, with its commands; group sessions likewise."""
BATCH = 100


class MongoRetention:
    """Bounded steps, each of which may be interrupted and run again: what was counted is gone in the same write."""

    def __init__(self, db: Database[Document], plans: Plans) -> None:
        self._db = db
        self._plans = plans

    def forget_contacts(self, now: datetime) -> int:
        """Cut the ties of a batch of appointments that ended a day ago; how many."""
        query = {"end": {"$lt": now - timedelta(hours=CONTACT_HOURS)}, "contact_id": {"$gt": ""}}
        ids = [row["_id"] for row in self._db[APPOINTMENTS].find(query, {"_id": 1}).limit(BATCH)]
        if ids:
            self._db[APPOINTMENTS].update_many({"_id": {"$in": ids}}, WITHOUT_CONTACT)
        return len(ids)

    def count_old(self, now: datetime) -> int:
        """Make counts of a batch of old appointments, in one transaction with their deletion; how many. What still has
        something to tell waits until it is told."""
        return in_transaction(self._db, lambda session: self._count(now, session))

    def _count(self, now: datetime, session: ClientSession) -> int:
        query = {"end": {"$lt": now - timedelta(days=KEPT_DAYS)}, "unsent": {"$ne": True}}
        shown = {"kind": 1, "municipality": 1, "guichet_id": 1, "start": 1, "topic": 1, "language": 1, "state": 1}
        rows = list(self._db[APPOINTMENTS].find(query, shown, session=session).limit(BATCH))
        if not rows:
            return 0
        steps = Counter(self._cell(row) for row in rows if "kind" not in row)
        if steps:
            self._db[COUNTS].bulk_write([_adding(*one) for one in steps.items()], session=session)
        self._db[APPOINTMENTS].delete_many({"_id": {"$in": [row["_id"] for row in rows]}}, session=session)
        return len(rows)

    def _cell(self, row: Document) -> tuple[str, ...]:
        guichet = self._plans.get(row["guichet_id"])
        zone = ZoneInfo(guichet.timezone if guichet else "Africa/Tunis")
        month = f"{row['start'].astimezone(zone):%Y-%m}"
        return (row["municipality"], row["guichet_id"], month, row["topic"], row["language"], row["state"])


def _adding(cell: tuple[str, ...], number: int) -> UpdateOne:
    names = ("municipality", "guichet_id", "month", "topic", "language", "state")
    fields = dict(zip(names, cell, strict=True))
    return UpdateOne({"_id": ":".join(cell)}, {"$inc": {"number": number}, "$setOnInsert": fields}, upsert=True)
