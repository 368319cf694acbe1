"""Who was shown an address, when and why: rows that carry the hash of the row before."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_kit.errors import Unavailable
from imigr_kit.keyed import body_hash, keyed_hash
from imigr_kit.secret import Secret
from imigr_notifications.ports_vault import Reveal
from imigr_notifications.storage.documents import Document
from imigr_notifications.storage.indexes import REVEALS

KEPT = timedelta(days=366)
SLACK = timedelta(hours=1)
"""The database deletes expired rows by its own clock."""
FIRST_LINK = "0" * 64
TRIES = 20


class ChainBusy(Unavailable):
    """Others wrote at the same moment, again and again; nothing was revealed."""

    code = "kit.database_unavailable"


class MongoReveals:
    """An append-only chain. The number is the row's id, so of two writers one has it and the other goes on from
    there. The links are keyed, and the key is not in the database: who can write to the database only can break
    the chain, but cannot mend it."""

    def __init__(self, db: Database[Document], key: Secret[bytes]) -> None:
        self._rows = db[REVEALS]
        self._key = key

    def add(self, reveal: Reveal, at: datetime) -> None:
        """One more row, stored by a majority when this returns; the same command is one row."""
        if self._rows.find_one({"command": reveal.command}) is not None:
            return
        for _ in range(TRIES):
            last = self._rows.find_one({}, sort=[("_id", -1)])
            row: Document = asdict(reveal) | {
                "_id": 1 if last is None else last["_id"] + 1,
                "previous": FIRST_LINK if last is None else last["hash"],
                "previous_at": None if last is None else last["at"],
                "at": at.replace(microsecond=0),
            }
            try:
                self._rows.insert_one(row | {"hash": self._link(row)})
            except DuplicateKeyError:
                continue
            return
        raise ChainBusy

    def break_at(self, now: datetime) -> int | None:
        """Number of the first row that does not follow from the one before; None when the chain holds. Rows that
        are older than a year may be gone from its beginning."""
        before: Document | None = None
        for row in self._rows.find().sort("_id", 1):
            found = row.pop("hash")
            if before is None:
                follows = row["_id"] == 1 or row["previous_at"] < now + SLACK - KEPT
            else:
                follows = row["_id"] == before["_id"] + 1 and row["previous"] == before["hash"]
            if not follows or found != self._link(row):
                return int(row["_id"])
            before = row | {"hash": found}
        return None

    def of_municipality(self, municipality: str, most: int) -> list[Document]:
        """The newest rows of a town."""
        return list(self._rows.find({"municipality": municipality}).sort("_id", -1).limit(most))

    def _link(self, row: Document) -> str:
        moments = {name: row[name] and row[name].isoformat()[:19] for name in ("at", "previous_at")}
        return keyed_hash(self._key, "reveal", body_hash(row | moments))
