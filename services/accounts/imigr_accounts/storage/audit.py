"""The audit trail: rows that carry the hash of the row before, so that no past row changes unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_accounts.ports import Audit
from imigr_kit.chain_head import ChainHead, Head
from imigr_kit.clock import Clock
from imigr_kit.mongo import Index

Document = dict[str, Any]

AUDIT, HEAD = "audit", "audit_head"
KEPT = timedelta(days=366)
SLACK = timedelta(hours=1)
"""The database deletes expired rows by its own clock."""
FIRST_LINK = "0" * 64
NO_HEAD = ChainHead(None)
SIGNED = ("number", "previous", "previous_at", "actor", "action", "object", "reason", "at")

INDEXES = (Index(AUDIT, [("at", 1)], expire_after=int(KEPT.total_seconds()), name="expiry"),)


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: the row's number, and what is wrong with it."""

    number: int
    what: str


class AuditTrail:
    """Appends in the transaction of the change it tells of; the one head document puts writers in a row.

    The links are keyed hashes and the key is not in the database: who can write to the database only
    can break the chain, but cannot mend it.
    """

    def __init__(
        self, db: Database[Document], clock: Clock, link: Callable[[str], str], outside: ChainHead = NO_HEAD
    ) -> None:
        self._db = db
        self._clock = clock
        self._link = link
        self._outside = outside

    def keep_head(self) -> None:
        """Keep the last row's number and hash outside of the database; after the transaction, before the answer. At the
        start it takes in what a process wrote that died in between."""
        head = self._db[HEAD].find_one({"_id": "head"})
        if head is not None:
            self._outside.advance(head["number"], head["hash"], head["at"], self._hash_of)

    def accept(self) -> None:
        """Keep the last row as the head, though rows after it are lost: for an operator who restored a backup."""
        head = self._db[HEAD].find_one({"_id": "head"})
        kept = None if head is None else Head(head["number"], head["hash"], head["at"].isoformat())
        self._outside.replace(kept)

    def append(self, audit: Audit, session: ClientSession) -> None:
        """One more row."""
        head = self._db[HEAD].find_one({"_id": "head"}, session=session)
        last = head or {"number": 0, "hash": FIRST_LINK, "at": None}
        row: Document = asdict(audit) | {
            "number": last["number"] + 1,
            "previous": last["hash"],
            "previous_at": last["at"],
            "at": self._clock.now().replace(microsecond=0),
        }
        row["hash"] = self._hash(row)
        self._db[AUDIT].insert_one({"_id": row["number"], **row}, session=session)
        change = {"$set": {name: row[name] for name in ("number", "hash", "at")}}
        self._db[HEAD].update_one({"_id": "head"}, change, upsert=True, session=session)

    def check(self) -> Break | None:
        """The first row that was altered, removed or inserted; None when the chain holds.

        Rows that have reached their age are gone from the beginning; the first one left says when the
        row before it was written, so a beginning that went too early is seen as well.
        """
        before: Document | None = None
        for row in self._db[AUDIT].find().sort("_id", 1):
            found = self._wrong(row, before)
            if found:
                return Break(int(row["_id"]), found)
            before = row
        head = self._db[HEAD].find_one({"_id": "head"})
        return self._end_wrong(before, head) or self._outside_wrong(before)

    def _wrong(self, row: Document, before: Document | None) -> str:
        if row.get("number") != row["_id"] or row.get("hash") != self._hash(row):
            return "altered"
        if before is None:
            is_first = row["number"] == 1 and row["previous"] == FIRST_LINK
            return "" if is_first or self._expired(row["previous_at"]) else "rows before it are missing"
        if row["number"] != before["number"] + 1 or row["previous"] != before["hash"]:
            return "rows before it are missing or replaced"
        return ""

    def _end_wrong(self, last: Document | None, head: Document | None) -> Break | None:
        if head is None:
            return None if last is None else Break(int(last["number"]), "the head is missing")
        if last is None:
            return None if self._expired(head["at"]) else Break(int(head["number"]), "all rows are missing")
        is_end = (head["number"], head["hash"]) == (last["number"], last["hash"])
        return None if is_end else Break(int(head["number"]), "the last rows are missing")

    def _outside_wrong(self, last: Document | None) -> Break | None:
        missing = self._outside.missing(self._hash_of)
        if missing is None or (last is None and self._expired(datetime.fromisoformat(missing.at))):
            return None
        return Break(missing.number, "the last rows are missing or replaced")

    def _hash_of(self, number: int) -> str | None:
        row, after = (self._db[AUDIT].find_one({"_id": one}) for one in (number, number + 1))
        if row is not None:
            return str(row["hash"])
        return None if after is None else str(after["previous"])  # the row itself has reached its age

    def _expired(self, at: datetime | None) -> bool:
        return at is not None and at <= self._clock.now() - KEPT + SLACK

    def _hash(self, row: Document) -> str:
        told = {name: _text(row.get(name)) for name in SIGNED}
        return self._link(json.dumps(told, sort_keys=True))


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
