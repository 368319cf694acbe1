"""Private calendar feeds of mediators: the secret of an address is kept as a keyed hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from imigr_guichet.ports.feeds import Feed
from imigr_guichet.storage.collections import FEEDS

Document = dict[str, Any]


class MongoFeeds:
    """One feed per mediator of a guichet; a new secret ends the old one."""

    def __init__(self, db: Database[Document]) -> None:
        self._rows = db[FEEDS]

    def put(self, feed: Feed, secret_hash: str, by: str, at: datetime) -> None:
        """Store or replace the secret; who did it, and when, is kept."""
        row = {"guichet_id": feed.guichet_id, "mediator": feed.mediator, "secret": secret_hash, "by": by, "at": at}
        self._rows.update_one({"_id": f"{feed.guichet_id}:{feed.mediator}"}, {"$set": row}, upsert=True)

    def find(self, secret_hash: str) -> Feed | None:
        """The feed behind a secret."""
        row = self._rows.find_one({"secret": secret_hash})
        return Feed(row["guichet_id"], row["mediator"]) if row else None
