"""What is known of a person, who is only a keyed hash here: messages of a day, and the wish for none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError
from pymongo.write_concern import WriteConcern

from imigr_notifications.storage.indexes import DAILY, OPT_OUTS

Document = dict[str, Any]


class MongoDaily:
    """One document per person and day with the ids of the messages, so a second try of one counts once."""

    def __init__(self, db: Database[Document]) -> None:
        self._days = db[DAILY]
        self._lightly = db[DAILY].with_options(write_concern=WriteConcern(1))

    def admit(self, person: str, day: str, message_id: str, limit: int) -> bool:
        """Count the message in one conditional write, two when the day is not the first; false when the limit is
        reached."""
        row_id = f"{person}:{day}"
        try:
            self._days.insert_one({"_id": row_id, "ids": [message_id], "at": _day(day)})
            return True
        except DuplicateKeyError:
            pass  # there was one today
        query = {"_id": row_id, "ids": {"$ne": message_id}, f"ids.{max(limit, 1) - 1}": {"$exists": False}}
        if self._days.update_one(query, {"$push": {"ids": message_id}}).modified_count:
            return True
        return self._days.find_one({"_id": row_id, "ids": message_id}, {"_id": 1}) is not None

    def count(self, told: Sequence[tuple[str, str, str]]) -> None:
        """Count messages that go in any case, in one round trip that waits for no disk: a count that a crash
        loses lets one reminder more through."""
        writes = [
            UpdateOne(
                {"_id": f"{person}:{day}"},
                {"$addToSet": {"ids": message_id}, "$setOnInsert": {"at": _day(day)}},
                upsert=True,
            )
            for person, day, message_id in told
        ]
        if writes:
            self._lightly.bulk_write(writes, ordered=False)


def _day(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


class MongoOptOuts:
    """One document per opt-out; it outlives the contact, since it is only a keyed hash."""

    def __init__(self, db: Database[Document]) -> None:
        self._opt_outs = db[OPT_OUTS]

    def among(self, persons: Collection[str]) -> Collection[str]:
        """Those of them that opted out, in one look."""
        return {row["_id"] for row in self._opt_outs.find({"_id": {"$in": list(persons)}}, {"_id": 1})}

    def add(self, person: str, now: datetime, session: ClientSession | None) -> bool:
        """Opt out; false when it was so already."""
        found = self._opt_outs.update_one({"_id": person}, {"$setOnInsert": {"at": now}}, upsert=True, session=session)
        return found.upserted_id is not None

    def remove(self, person: str, session: ClientSession | None) -> bool:
        """End it; false when there was none."""
        return bool(self._opt_outs.delete_one({"_id": person}, session=session).deleted_count)
