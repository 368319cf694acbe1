"""Who is at the press, and up to which change of the directory editions have been made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

Document = dict[str, Any]

PRESS = "press"
LEASE = timedelta(seconds=180)
"""A press that died without a word is followed by another one after this; the longest brochure is printed within it."""
NEVER = -1


@dataclass(frozen=True)
class PressState:
    """Directory versions of which all packs, and all brochures, have been made; how often staff asked for new ones,
    and how many of these wishes are met."""

    packs_as_of: int = NEVER
    brochures_as_of: int = NEVER
    wishes: int = 0
    met: int = 0


class MongoPress:
    """One document."""

    def __init__(self, db: Database[Document]) -> None:
        self._rows = db[PRESS]

    def state(self) -> PressState:
        """As it is now."""
        row = self._rows.find_one({"_id": "state"}) or {}
        return PressState(**{name: row[name] for name in PressState.__dataclass_fields__ if name in row})

    def wish(self) -> None:
        """Staff want all editions looked at again."""
        self._rows.update_one({"_id": "state"}, {"$inc": {"wishes": 1}}, upsert=True)

    def note(self, **done: int) -> None:
        """What has been made; a slower press never takes back what a faster one has noted."""
        self._rows.update_one({"_id": "state"}, {"$max": done}, upsert=True)

    def take(self, owner: str, now: datetime) -> bool:
        """Be the one at the press, for a while or for a while more; false when somebody else is."""
        query = {"_id": "lease", "$or": [{"owner": owner}, {"until": {"$lt": now}}]}
        try:
            self._rows.update_one(query, {"$set": {"owner": owner, "until": now + LEASE}}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def leave(self, owner: str) -> None:
        """Make room; harmless when somebody else is there."""
        self._rows.delete_one({"_id": "lease", "owner": owner})
