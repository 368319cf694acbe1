"""MongoDB: what attendance becomes when its event is archived: counts (docs/retention.md)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_events.domain.event import EventState
from imigr_events.storage.attendance import ATTENDANCE
from imigr_events.storage.books import EVENTS
from imigr_events.storage.rows import Document
from imigr_kit.mongo import Index, in_transaction

COUNTS = "attendance_counts"
RETENTION_INDEXES = (
    Index(
        EVENTS,
        [("attendance_counted", 1)],
        partial={"state": str(EventState.ARCHIVED)},
        name="attendance_counted",
    ),
)
BATCH = 200
AT_ONCE = 20
"""Events that one step looks at."""


class MongoAttendanceRetention:
    """Bounded steps; what was counted is gone in the same transaction, so a step that dies is done again."""

    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._db = db

    def count_old(self) -> int:
        """Make counts of some attendance of archived events; how many records and events were finished with."""
        archived = {"state": str(EventState.ARCHIVED), "attendance_counted": None}
        ids = [row["_id"] for row in self._db[EVENTS].find(archived, {"_id": 1}).limit(AT_ONCE)]
        return sum(self._step(event_id) for event_id in ids)

    def _step(self, event_id: str) -> int:
        done = in_transaction(self._db, lambda session: self._count(event_id, session))
        if done == 0 and not self._db[ATTENDANCE].find_one({"event_id": event_id}, {"_id": 1}):
            mark = {"$set": {"attendance_counted": True}}
            return int(self._db[EVENTS].update_one({"_id": event_id}, mark).modified_count)
        return done

    def _count(self, event_id: str, session: ClientSession) -> int:
        query = {"event_id": event_id, "unsent": {"$ne": True}}
        rows = list(self._db[ATTENDANCE].find(query, session=session).limit(BATCH))
        if not rows:
            return 0
        people: Counter[tuple[str, str]] = Counter()
        for row in rows:
            people[(row["sitting_id"], row["how"])] += row["people"] if row["scans"] else 0
        steps = [_adding(event_id, rows[0]["municipality"], *cell, number) for cell, number in people.items()]
        self._db[COUNTS].bulk_write(steps, session=session)
        self._db[ATTENDANCE].delete_many({"_id": {"$in": [row["_id"] for row in rows]}}, session=session)
        return len(rows)


def _adding(event_id: str, municipality: str, sitting_id: str, how: str, number: int) -> UpdateOne:
    fields: Document = {"event_id": event_id, "municipality": municipality, "sitting_id": sitting_id, "how": how}
    change = {"$inc": {"people": number}, "$setOnInsert": fields}
    return UpdateOne({"_id": f"{event_id}:{sitting_id}:{how}"}, change, upsert=True)
