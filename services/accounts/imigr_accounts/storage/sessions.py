"""Sessions of staff and one-time links for passwords: one document each, which the database deletes at its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from imigr_accounts.ports import Session
from imigr_kit.mongo import Index, guarded

Document = dict[str, Any]

SESSIONS, RESETS = "sessions", "resets"

INDEXES = (
    Index(SESSIONS, [("ends_at", 1)], expire_after=0, name="expiry"),
    Index(SESSIONS, [("staff_id", 1)], name="staff"),
    Index(RESETS, [("ends_at", 1)], expire_after=0, name="expiry"),
    Index(RESETS, [("staff_id", 1)], name="staff"),
)


class MongoSessions:
    """The Sessions port. Every method raises when the database is away."""

    def __init__(self, db: Database[Document]) -> None:
        self._rows = db[SESSIONS]

    def begin(self, session: Session) -> None:
        """One insert."""
        with guarded():
            self._rows.insert_one({"_id": session.id, "staff_id": session.staff_id, "ends_at": session.ends_at})

    def find(self, session_id: str, now: datetime) -> Session | None:
        """By primary key; the database may delete a little late."""
        with guarded():
            row = self._rows.find_one({"_id": session_id, "ends_at": {"$gt": now}})
        return None if row is None else Session(row["_id"], row["staff_id"], row["ends_at"])

    def end(self, session_id: str, staff_id: str) -> None:
        """One delete; ending twice is the same as once."""
        with guarded():
            self._rows.delete_one({"_id": session_id, "staff_id": staff_id})
