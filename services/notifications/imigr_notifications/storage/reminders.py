"""Planned reminders, found by municipality or by person, each way with an index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_notifications.domain import Message, State
from imigr_notifications.storage.documents import message_of
from imigr_notifications.storage.indexes import MESSAGES

Document = dict[str, Any]
MOST_TOGETHER = 10


class MongoReminders:
    """The same documents as MongoMessages; every write is conditional on the state."""

    def __init__(self, db: Database[Document]) -> None:
        self._messages = db[MESSAGES]

    def outdated(self, municipality: str, version: int, most: int) -> Sequence[Message]:
        """Planned ones that follow older rules."""
        query = {"municipality": municipality, "kind": "reminder", "state": str(State.PLANNED)}
        rows = self._messages.find(query | {"rules_version": {"$lt": version}}).limit(most)
        return [message_of(row) for row in rows]

    def retime(self, message: Message, session: ClientSession | None) -> bool:
        """Give a planned one its new times; false when it is no longer planned."""
        query = {"_id": message.id, "state": str(State.PLANNED), "version": message.version}
        change = {
            "due_at": message.due_at,
            "claim_at": message.due_at,
            "expires_at": message.expires_at,
            "asks": message.asks,
            "rules_version": message.rules_version,
        }
        return bool(self._messages.update_one(query, {"$set": change}, session=session).modified_count)

    def due_together(self, contacts: Sequence[str], carrier: Message, until: datetime) -> Sequence[Message]:
        """Planned reminders to these contacts that are due until then, but not the carrier, by start."""
        query = {
            "contact_id": {"$in": list(contacts)},
            "state": str(State.PLANNED),
            "kind": "reminder",
            "channel": carrier.channel,
            "language": carrier.language,
            "municipality": carrier.municipality,
            "claim_at": {"$lte": until},
        }
        found = [message_of(row) for row in self._messages.find(query).limit(MOST_TOGETHER)]
        return sorted((one for one in found if one.id != carrier.id), key=lambda one: one.values["start"])

    def take_along(self, message: Message, lease: str, now: datetime, until: datetime) -> Message | None:
        """To sending under the carrier's lease, unless withdrawn meanwhile."""
        mine = [{"state": str(State.PLANNED)}, {"state": str(State.LEASED), "lease": lease}]
        row = self._messages.find_one_and_update(
            {"_id": message.id, "version": message.version, "$or": mine},
            {"$set": {"state": str(State.SENDING), "lease": lease, "handed_at": now, "claim_at": until}},
            return_document=ReturnDocument.AFTER,
        )
        return None if row is None else message_of(row)
