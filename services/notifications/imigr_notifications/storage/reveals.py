"""Who was shown an address, when and why: rows that carry the hash of the row before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_kit.chain_head import ChainHead, Head
from imigr_kit.commands import KeyReused
from imigr_kit.errors import Unavailable
from imigr_kit.facts import Fact
from imigr_kit.keyed import body_hash, keyed_hash
from imigr_kit.outbox import new_document_fields
from imigr_kit.secret import Secret
from imigr_notifications.errors import TooManyReveals
from imigr_notifications.ports_vault import Reveal
from imigr_notifications.storage.documents import Document
from imigr_notifications.storage.indexes import REVEALS

KEPT = timedelta(days=366)
SLACK = timedelta(hours=1)
"""The database deletes expired rows by its own clock."""
HOUR = timedelta(hours=1)
FIRST_LINK = "0" * 64
TRIES = 20
SHOWN, REFUSED = "shown", "refused"
UNSIGNED = {"outbox": 0, "unsent": 0, "once": 0}
"""What a row carries beside what its hash covers."""
NO_HEAD = ChainHead(None)


class ChainBusy(Unavailable):
    """Others wrote at the same moment, again and again; nothing was revealed."""

    code = "kit.database_unavailable"


class MongoReveals:
    """An append-only chain. The number is the row's id, so of two writers one has it and the other goes on from
    there; whoever has it knows all rows before, so the limit of an hour is exact. The links are keyed, and the key is
    not in the database: who can write to the database only can break the chain, but cannot mend it. Its head is kept
    outside, so that a cut end is seen too."""

    def __init__(
        self,
        db: Database[Document],
        key: Secret[bytes],
        *,
        most: int = 20,
        head: ChainHead = NO_HEAD,
        stamp: Callable[[Iterable[Fact]], list[Document]] = lambda _: [],
    ) -> None:
        self._rows = db[REVEALS]
        self._key = key
        self._most = most
        self._head = head
        self._stamp = stamp

    def add(self, reveal: Reveal, at: datetime) -> None:
        """One more row, stored by a majority and under the head when this returns; see ports_vault."""
        at = at.replace(microsecond=0)
        for _ in range(TRIES):
            if self._is_there(reveal):
                self.take_in()
                return
            last = self._last()
            since = at - HOUR
            shown = self._rows.count_documents({"actor": reveal.actor, "outcome": SHOWN, "at": {"$gt": since}})
            outcome = SHOWN if shown < self._most else REFUSED
            if outcome is REFUSED and self._was_refused(reveal.actor, since):
                raise TooManyReveals(retry_after=int(HOUR.total_seconds()))
            if not self._insert(reveal, outcome, last, at):
                continue
            if outcome is REFUSED:
                raise TooManyReveals(retry_after=int(HOUR.total_seconds()))
            return
        raise ChainBusy

    def break_at(self, now: datetime) -> int | None:
        """Number of the first row that does not follow from the one before, or of the head that is missing; None when
        the chain holds. Rows that are older than a year may be gone from its beginning."""
        before: Document | None = None
        for row in self._rows.find({}, UNSIGNED).sort("_id", 1):
            found = row.pop("hash")
            if before is None:
                follows = row["_id"] == 1 or row["previous_at"] < now + SLACK - KEPT
            else:
                follows = row["_id"] == before["_id"] + 1 and row["previous"] == before["hash"]
            if not follows or found != self._link(row):
                return int(row["_id"])
            before = row | {"hash": found}
        missing = self._head.missing(self._hash_of)
        if missing is None or (before is None and datetime.fromisoformat(missing.at) < now + SLACK - KEPT):
            return None
        return missing.number

    def take_in(self) -> None:
        """Bring the head up to the last row: what a process wrote that died before it could keep the head."""
        last = self._rows.find_one({}, sort=[("_id", -1)])
        if last is not None:
            self._head.advance(last["_id"], last["hash"], last["at"], self._hash_of)

    def accept(self) -> None:
        """Keep the last row as the head, though rows after it are lost: for an operator who restored a backup."""
        last = self._rows.find_one({}, sort=[("_id", -1)])
        self._head.replace(None if last is None else Head(last["_id"], last["hash"], last["at"].isoformat()))

    def of_municipality(self, municipality: str, most: int) -> list[Document]:
        """The newest rows of a town."""
        return list(self._rows.find({"municipality": municipality}, UNSIGNED).sort("_id", -1).limit(most))

    def _is_there(self, reveal: Reveal) -> bool:
        known = self._rows.find_one({"command": reveal.command, "outcome": {"$ne": REFUSED}})
        if known is None:
            return False
        # Looked up anew, the subject may have another contact by now: that would be another number without a row.
        if (known.get("body"), known["contact_id"]) != (reveal.body, reveal.contact_id):
            raise KeyReused
        return True

    def _last(self) -> Document | None:
        """The row to go on from. When all rows have expired, the kept head says what the last one was."""
        found = self._rows.find_one({}, sort=[("_id", -1)])
        kept = self._head.read() if found is None else None
        if kept is None:
            return found
        return {"_id": kept.number, "hash": kept.hash, "at": datetime.fromisoformat(kept.at)}

    def _was_refused(self, actor: str, since: datetime) -> bool:
        query = {"actor": actor, "outcome": REFUSED, "at": {"$gt": since}}
        return self._rows.find_one(query, {"_id": 1}) is not None

    def _insert(self, reveal: Reveal, outcome: str, last: Document | None, at: datetime) -> bool:
        row: Document = asdict(reveal) | {
            "_id": 1 if last is None else last["_id"] + 1,
            "previous": FIRST_LINK if last is None else last["hash"],
            "previous_at": None if last is None else last["at"],
            "at": at,
            "outcome": outcome,
        }
        row["hash"] = self._link(row)
        beside = {"once": reveal.command} if outcome == SHOWN else new_document_fields(self._stamp([_capped(row)]))
        try:
            self._rows.insert_one(row | beside)
        except DuplicateKeyError:
            return False
        self._head.advance(row["_id"], row["hash"], at, self._hash_of)
        return True

    def _hash_of(self, number: int) -> str | None:
        row, after = (self._rows.find_one({"_id": one}) for one in (number, number + 1))
        if row is not None:
            return str(row["hash"])
        return None if after is None else str(after["previous"])  # the row itself has reached its age

    def _link(self, row: Document) -> str:
        signed = {name: value for name, value in row.items() if name != "hash"}
        moments = {name: row[name] and row[name].isoformat()[:19] for name in ("at", "previous_at")}
        return keyed_hash(self._key, "reveal", body_hash(signed | moments))


def _capped(row: Document) -> Fact:
    """Who reached the limit of an hour. Its subject is the row of the chain, so it is the only fact of its kind."""
    data = {"staff_id": row["actor"], "number": row["_id"]}
    return Fact("reveal.capped", f"reveal-{row['_id']}", row["municipality"], 1, data)
