"""Appointments and registrations as messages last told them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_notifications.domain import Matter, Message, Told
from imigr_notifications.storage.indexes import MATTERS

Document = dict[str, Any]
MOST_STANDING = 2


class MongoMatters:
    """One document per appointment or registration that messages go out about; gone 30 days after its start."""

    def __init__(self, db: Database[Document]) -> None:
        self._matters = db[MATTERS]

    def get(self, subject: str, session: ClientSession | None = None) -> tuple[Matter, Told] | None:
        """One of them, and what was told."""
        row = self._matters.find_one({"_id": subject}, session=session)
        return None if row is None else _of(row)

    def put(self, matter: Matter, told: Told, session: ClientSession | None) -> None:
        """Remember it."""
        row = asdict(matter)
        del row["subject"]
        self._matters.replace_one({"_id": matter.subject}, row | {"told": asdict(told)}, upsert=True, session=session)

    def standing(self, contacts: Sequence[str], besides: Message, now: datetime) -> Sequence[Matter]:
        """By the contacts; an event is known by when it begins."""
        query: Document = {"contact_id": {"$in": list(contacts)}, "_id": {"$ne": besides.subject}, "told.stands": True}
        query |= {"municipality": besides.municipality, "source": besides.source}
        query["start"] = besides.values["start"] if besides.source == "registration" else {"$gt": now}
        return [_of(row)[0] for row in self._matters.find(query).sort("start", 1).limit(MOST_STANDING)]


def _of(row: Document) -> tuple[Matter, Told]:
    told = row["told"]
    values = {name: row[name] for name in Matter.__dataclass_fields__ if name in row}
    own = {"subject": row["_id"], "start": row["start"].astimezone(UTC)}
    return Matter(**(values | own)), Told(**(told | {"start": told["start"].astimezone(UTC)}))
