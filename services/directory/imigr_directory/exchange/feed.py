"""The feed of changes: every published change of a record once, with a cursor that misses nothing.

A write marks its record ``unfed`` in the same statement. A sequencer, in any process, gives each marked record the next
number and takes the mark away. Why no reader can miss a change, although many write at once: docs/adr, "A feed whose
cursor cannot run ahead".
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pymongo import DESCENDING, ReturnDocument, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from imigr_directory.domain import Record
from imigr_directory.errors import BadCursor, CursorUnknown
from imigr_directory.storage import COLLECTIONS, MongoRecords
from imigr_directory.storage.records import UNFED
from imigr_kit.mongo import Index

Document = dict[str, Any]
CHANGES: Final = "changes"
BATCH: Final = 200
MOST_ROUNDS: Final = 50
_DUPLICATE = 11000

INDEXES: Final = (
    Index(CHANGES, [("seq", 1)], unique=True, name="seq"),
    *(Index(name, [(UNFED, 1)], partial={UNFED: True}, name="unfed") for name in COLLECTIONS.values()),
)


@dataclass(frozen=True)
class Change:
    """The latest change of a record; ``record`` None when readers no longer see it."""

    kind: str
    id: str
    municipality: str | None
    version: int
    record: Record | None


class Feed:
    """Numbers changes, and reads them after a cursor."""

    def __init__(self, db: Database[Document], records: MongoRecords) -> None:
        self._db = db
        self._records = records
        self._id: str | None = None

    def adopt(self) -> int:
        """Mark records that were published before there was a feed; how many."""
        query = {"version": {"$gte": 1}, UNFED: {"$exists": False}, "fed": {"$exists": False}}
        marks = {"$set": {UNFED: True}}
        return sum(self._db[name].update_many(query, marks).modified_count for name in COLLECTIONS.values())

    def advance(self) -> int:
        """Number what waits; how many changes. Any process may do it at any time, also several at once."""
        done = 0
        for kind, name in COLLECTIONS.items():
            for _ in range(MOST_ROUNDS):
                fields = {"version": 1, "municipality": 1}
                rows = list(self._db[name].find({UNFED: True}, fields).limit(BATCH))
                if not rows:
                    break
                self._number(kind, rows)
                self._db[name].bulk_write([_unmarked(row) for row in rows], ordered=False)
                done += len(rows)
        return done

    def _number(self, kind: str, rows: list[Document]) -> None:
        """Give each row the next number. Ordered: a number is written when all smaller ones are. Somebody else who
        took the same number first makes us look again; a row that already stands at its version is left."""
        left = rows
        while left:
            last = self._last()
            writes = [_numbered(kind, row, last + count) for count, row in enumerate(left, start=1)]
            try:
                self._db[CHANGES].bulk_write(writes, ordered=True)
            except BulkWriteError as error:
                first = error.details["writeErrors"][0]
                if first["code"] != _DUPLICATE:
                    raise
                is_known = "_id" in first.get("keyPattern", {})
                left = left[first["index"] + (1 if is_known else 0) :]
            else:
                return

    def _last(self) -> int:
        row = self._db[CHANGES].find_one({}, {"seq": 1}, sort=[("seq", DESCENDING)])
        return 0 if row is None else int(row["seq"])

    def after(self, cursor: str | None, limit: int, municipality: str | None) -> tuple[list[Change], str, bool]:
        """Changes after a cursor, the cursor after them, and whether there are more. One snapshot of the database, so
        that what a later number shows no earlier one can hide. Raises BadCursor and CursorUnknown."""
        begin = self._position(cursor)
        query: Document = {"seq": {"$gt": begin}}
        if municipality is not None:
            query["municipality"] = {"$in": [municipality, None]}
        with self._db.client.start_session(snapshot=True) as session:
            rows = list(self._db[CHANGES].find(query, session=session).sort("seq", 1).limit(limit + 1))
            top = self._db[CHANGES].find_one({}, {"seq": 1}, sort=[("seq", DESCENDING)], session=session)
        last = 0 if top is None else int(top["seq"])
        if begin > last:
            raise CursorUnknown
        more = len(rows) > limit
        end = int(rows[limit - 1]["seq"]) if more else last
        return self._told(rows[:limit]), self._cursor(end), more

    def _told(self, rows: Sequence[Document]) -> list[Change]:
        by_kind: dict[str, list[str]] = {}
        for row in rows:
            by_kind.setdefault(row["kind"], []).append(row["record_id"])
        found = {(kind, record.id): record for kind, ids in by_kind.items() for record in self._records.many(kind, ids)}
        return [_change(row, found) for row in rows]

    def renew(self) -> None:
        """Make every cursor given so far unknown: after a restore from a backup, whose numbers would count anew."""
        self._db["state"].update_one({"_id": "feed"}, {"$set": {"id": secrets.token_hex(4)}}, upsert=True)
        self._id = None

    def _feed_id(self) -> str:
        row = self._db["state"].find_one_and_update(
            {"_id": "feed"},
            {"$setOnInsert": {"id": secrets.token_hex(4)}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return str((row or {})["id"])

    def _cursor(self, position: int) -> str:
        return base64.urlsafe_b64encode(f"{self._feed_id()}.{position}".encode()).decode().rstrip("=")

    def _position(self, cursor: str | None) -> int:
        if not cursor:
            return 0
        try:
            text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise BadCursor from None
        feed, dot, position = text.partition(".")
        if not dot or not position.isdigit() or len(position) > 18:
            raise BadCursor
        if feed != self._feed_id():
            raise CursorUnknown
        return int(position)


def _numbered(kind: str, row: Document, number: int) -> UpdateOne:
    """An upsert that meets the unique id when the record already stands at this version or a later one."""
    said = {
        "kind": kind,
        "record_id": row["_id"],
        "municipality": row.get("municipality"),
        "version": row["version"],
        "seq": number,
    }
    query = {"_id": f"{kind}:{row['_id']}", "version": {"$lt": row["version"]}}
    return UpdateOne(query, {"$set": said}, upsert=True)


def _unmarked(row: Document) -> UpdateOne:
    """Only at the version that was numbered: a change meanwhile keeps its mark."""
    query = {"_id": row["_id"], "version": row["version"]}
    return UpdateOne(query, {"$unset": {UNFED: True}, "$set": {"fed": row["version"]}})


def _change(row: Document, found: Mapping[tuple[str, str], Record]) -> Change:
    record = found.get((row["kind"], row["record_id"]))
    public = record if record is not None and record.is_public else None
    version = row["version"] if record is None else record.version
    return Change(row["kind"], row["record_id"], row["municipality"], version, public)
