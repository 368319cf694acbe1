"""Records of every kind: a change is one conditional write with its event in it.

A published version is copied to ``versions`` just before another takes its place. What stood at a version never
changes, so the copy is right whether or not the write that follows wins, and needs no transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from bson import Timestamp
from pymongo import InsertOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from imigr_directory.domain import Proposal, Record
from imigr_directory.handlers import Command
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import new_document_fields, with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

COLLECTIONS: Final[Mapping[str, str]] = {
    "organization": "organizations",
    "service": "services",
    "location": "locations",
    "article": "articles",
    "alert": "alerts",
}
SERVICES, VERSIONS = COLLECTIONS["service"], "versions"
BATCH = 500
_KEPT_COMMANDS = 20
UNFED: Final = "unfed"
"""Marks a public change that has no place in the feed yet (exchange/feed.py)."""
_NOW_ON_SERVER = Timestamp(0, 0)
"""The server puts its own time in its place (MongoDB manual, BSON types, timestamps)."""
_PLAIN = {"outbox": 0, UNFED: 0, "fed": 0, "unsent": 0, "commands": 0, "touched": 0}
_WITH_TIME = {"outbox": 0, UNFED: 0, "fed": 0, "unsent": 0, "commands": 0}


def _indexes(collection: str) -> tuple[Index, ...]:
    return (
        Index(collection, [("commands.key", 1)], name="commands"),
        Index(collection, [("municipality", 1), ("state", 1)], name="municipality"),
        Index(collection, [("touched", 1)], name="touched"),
        Index(collection, [("state", 1), ("expires_on", 1)], name="expiry"),
        Index(
            collection,
            [("proposal.state", 1), ("municipality", 1)],
            partial={"proposal.state": {"$exists": True}},
            name="proposals",
        ),
    )


INDEXES: Final = (
    *(index for collection in COLLECTIONS.values() for index in _indexes(collection)),
    Index(VERSIONS, [("record_id", 1), ("version", -1)], name="record"),
)


class MongoRecords:
    """Every change is one conditional write on the revision that was read; the version counter is raised after it."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._db = db
        self._stamp = stamp

    def get(self, kind: str, record_id: str) -> Record | None:
        """One record in whatever state."""
        row = self._db[COLLECTIONS[kind]].find_one({"_id": record_id}, _PLAIN)
        return None if row is None else record_in(row)

    def many(self, kind: str, ids: Sequence[str]) -> list[Record]:
        """Records of a kind by id, in whatever state."""
        return [record_in(row) for row in self._db[COLLECTIONS[kind]].find({"_id": {"$in": list(ids)}}, _PLAIN)]

    def published(self, kind: str) -> list[Record]:
        """All that readers see."""
        return [record_in(row) for row in self._db[COLLECTIONS[kind]].find({"state": "published"}, _PLAIN)]

    def touched_since(self, kind: str, since: Timestamp | None) -> Iterator[tuple[Record, Timestamp]]:
        """Records in whatever state whose public side changed at ``since`` or later, in that order, each with the
        server's time of its last change. Writes become visible out of that order within moments, so ask again from
        some seconds before the last time seen and compare versions."""
        query: Document = {} if since is None else {"touched": {"$gte": since}}
        rows = self._db[COLLECTIONS[kind]].find(query, _WITH_TIME).sort("touched", 1)
        return ((record_in(row), row["touched"]) for row in rows)

    def by_command(self, kind: str, key: str) -> tuple[Record, str] | None:
        """By the commands index: the record at the version and revision that the command made."""
        row = self._db[COLLECTIONS[kind]].find_one({"commands.key": key})
        if row is None:
            return None
        done = next(one for one in row["commands"] if one["key"] == key)
        if row["revision"] != done["revision"]:
            row = self._earlier(row, done) | {"revision": done["revision"]}
        return record_in(row), done["body_hash"]

    def add(self, record: Record, facts: Sequence[Fact], command: Command) -> bool:
        """Store a new record; its id follows from the command, so a repetition meets itself."""
        row = record_document(record) | {"commands": [_done(command, record)], "touched": _NOW_ON_SERVER}
        try:
            fresh = row | _mark(record) | new_document_fields(self._stamp(facts))
            self._db[COLLECTIONS[record.kind]].insert_one(fresh)
        except DuplicateKeyError:
            return False
        raise_version(self._db)
        return True

    def replace(self, old: Record, new: Record, facts: Sequence[Fact], command: Command | None = None) -> bool:
        """Put ``new`` in the place of ``old`` if that is still what is stored; one conditional write."""
        public = new.version != old.version
        if public and old.version:
            kept = version_document(old)
            self._db[VERSIONS].replace_one({"_id": kept["_id"]}, kept, upsert=True)
        body = {name: value for name, value in record_document(new).items() if name != "_id"}
        update: Document = {"$set": body | (_mark(new) if public else {})}
        if new.proposal is None:
            update["$unset"] = {"proposal": True}
        if command is not None:
            update["$push"] = {"commands": {"$each": [_done(command, new)], "$slice": -_KEPT_COMMANDS}}
        if public or new.expired != old.expired:
            update["$currentDate"] = {"touched": {"$type": "timestamp"}}
        query = not_after({"_id": new.id, "revision": old.revision}, current().deadline)
        changed = self._db[COLLECTIONS[new.kind]].update_one(query, with_events(update, self._stamp(facts)))
        if not changed.modified_count:
            return False
        raise_version(self._db)
        return True

    def insert_all(self, records: Iterable[tuple[Record, Sequence[Fact]]]) -> int:
        """Store new records in batches, each with its first events; those whose id is taken are left alone. How many
        were new."""
        rows: dict[str, list[Document]] = {}
        for record, facts in records:
            row = record_document(record) | {"commands": [], "touched": _NOW_ON_SERVER} | _mark(record)
            rows.setdefault(COLLECTIONS[record.kind], []).append(row | new_document_fields(self._stamp(facts)))
        fresh = sum(
            insert_new(self._db, name, some[at : at + BATCH])
            for name, some in rows.items()
            for at in range(0, len(some), BATCH)
        )
        if fresh:
            raise_version(self._db)
        return fresh

    def replace_all(self, changes: Iterable[tuple[Record, Record, Sequence[Fact]]]) -> list[str]:
        """Many changes in batches, each under the condition of ``replace``; ids of those that somebody else changed
        meanwhile."""
        return [new.id for old, new, facts in changes if not self.replace(old, new, facts)]

    def known(self, kind: str, ids: Collection[str]) -> set[str]:
        """Those of the ids that are records of the kind, in whatever state."""
        if not ids:
            return set()
        return {row["_id"] for row in self._db[COLLECTIONS[kind]].find({"_id": {"$in": list(set(ids))}}, {"_id": 1})}

    def find(
        self,
        kind: str,
        municipality: str | None,
        state: str | None,
        owners: Sequence[str] | None,
        page: tuple[int, int],
    ) -> tuple[list[Record], int]:
        """A page (number from 1, size) by id, and how many there are; ``owners`` None: of whomever."""
        query: Document = {"municipality": municipality}
        if state in ("draft", "in_review"):
            query["proposal.state"] = state
        elif state is not None:
            query["state"] = state
        if owners is not None:
            query["_id" if kind == "organization" else "owner"] = {"$in": list(owners)}
        rows, (number, size) = self._db[COLLECTIONS[kind]], page
        found = rows.find(query, _PLAIN).sort("_id", 1).skip((number - 1) * size).limit(size)
        return [record_in(row) for row in found], rows.count_documents(query)

    def due(self, kind: str, day: str, most: int) -> list[Record]:
        """Published records whose lifetime ends on ``day`` or earlier and which have not told it yet."""
        query = {"state": "published", "expires_on": {"$ne": None, "$lte": day}, "expired": False}
        return [record_in(row) for row in self._db[COLLECTIONS[kind]].find(query, _PLAIN).limit(most)]

    def ageing(self, kind: str, municipality: str | None, day: str, most: int) -> list[Record]:
        """Published records of a town whose lifetime ends on ``day`` or earlier, or that nobody has verified; the
        oldest first."""
        query = {"municipality": municipality, "state": "published", "expires_on": {"$not": {"$gt": day}}}
        rows = self._db[COLLECTIONS[kind]].find(query, _PLAIN).sort("expires_on", 1).limit(most)
        return [record_in(row) for row in rows]

    def to_translate(self, kind: str, municipality: str | None, most: int) -> list[Record]:
        """Published records of a town with translations that are outdated or made by a machine."""
        query = {"municipality": municipality, "state": "published", "to_translate": True}
        return [record_in(row) for row in self._db[COLLECTIONS[kind]].find(query, _PLAIN).sort("_id", 1).limit(most)]

    def published_in(self, kind: str, municipality: str | None) -> list[Record]:
        """All that readers of a town see of its own, by id."""
        query = {"municipality": municipality, "state": "published"}
        return [record_in(row) for row in self._db[COLLECTIONS[kind]].find(query, _PLAIN).sort("_id", 1)]

    def versions(self, record: Record) -> list[Document]:
        """Every published version, the latest first: version, by, at, state, content."""
        rows = list(self._db[VERSIONS].find({"record_id": record.id}).sort("version", -1))
        return [version_document(record), *rows] if record.version else rows

    def at_version(self, record: Record, version: int) -> Document | None:
        """One published version."""
        if record.version == version and version:
            return version_document(record)
        return self._db[VERSIONS].find_one({"_id": f"{record.id}:{version}"})

    def _earlier(self, row: Document, done: Document) -> Document:
        kept = self._db[VERSIONS].find_one({"_id": f"{row['_id']}:{done['version']}"})
        if kept is None:
            return row | {"version": done["version"]}
        return row | {name: kept[name] for name in _VERSIONED}


def insert_new(db: Database[Document], collection: str, rows: list[Document]) -> int:
    """Insert what is not there yet; how many were new."""
    try:
        return db[collection].bulk_write([InsertOne(row) for row in rows], ordered=False).inserted_count
    except BulkWriteError as error:
        if any(one["code"] != 11000 for one in error.details["writeErrors"]):
            raise
        return int(error.details["nInserted"])


def raise_version(db: Database[Document]) -> None:
    """Tell every process that something changed."""
    db["state"].update_one({"_id": "version"}, {"$inc": {"value": 1}}, upsert=True)


_VERSIONED = ("version", "state", "content", "translations", "verified_on", "by", "at")


def version_document(record: Record) -> Document:
    """A published version as it is kept."""
    row = record_document(record)
    kept = {name: row[name] for name in _VERSIONED}
    return {"_id": f"{record.id}:{record.version}", "record_id": record.id, "kind": record.kind} | kept


def record_document(record: Record) -> Document:
    """A record as it is kept."""
    row = asdict(record)
    if record.proposal is None:
        del row["proposal"]
    unsettled = any(state != "published" for states in record.translations.values() for state in states.values())
    return {"_id": row.pop("id"), **row, "to_translate": unsettled}


def record_in(row: Document) -> Record:
    """The record in a document."""
    values = {name: row[name] for name in Record.__dataclass_fields__ if name in row}
    proposal = row.get("proposal")
    return Record(**(values | {"id": row["_id"], "proposal": Proposal(**proposal) if proposal else None}))


def _mark(record: Record) -> Document:
    return {UNFED: True} if record.version else {}


def _done(command: Command, record: Record) -> Document:
    return {
        "key": command.key,
        "body_hash": command.body_hash,
        "version": record.version,
        "revision": record.revision,
    }
