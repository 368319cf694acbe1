"""MongoDB: opinions, their tallies with an outbox, limits, and the audit of remarks that were read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_directory.feedback.domain import About, Kind, Opinion, Outcome, Tally
from imigr_directory.feedback.handlers import Filter, RemarkRead
from imigr_directory.feedback.sealing import RemarkSeal
from imigr_kit.chain_head import ChainHead, Head
from imigr_kit.commands import KeyReused
from imigr_kit.context import current
from imigr_kit.errors import Unavailable
from imigr_kit.facts import Fact
from imigr_kit.keyed import body_hash
from imigr_kit.mongo import Index, in_transaction, not_after
from imigr_kit.outbox import with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

OPINIONS, TALLIES, LIMITS, READS = "opinions", "opinion_tallies", "opinion_limits", "remark_reads"
INDEXES = (
    # The sweep deletes on time; the database's own clockwork, which may lag, deletes while no process of ours runs.
    Index(OPINIONS, [("gone_at", 1)], expire_after=0, name="gone"),
    Index(OPINIONS, [("municipality", 1), ("state", 1), ("received_on", -1), ("_id", 1)], name="town"),
    Index(OPINIONS, [("received_on", 1)], partial={"kind": "correction", "proposed": False}, name="to_propose"),
    Index(TALLIES, [("municipality", 1)], name="town"),
    Index(LIMITS, [("gone_at", 1)], expire_after=0, name="gone"),
    Index(READS, [("at", 1)], expire_after=366 * 24 * 3600, name="gone"),
    Index(READS, [("command", 1)], unique=True, name="command"),
    Index(READS, [("municipality", 1), ("_id", -1)], name="town"),
)
NO_HEAD = ChainHead(None)
LIMIT_KEPT = timedelta(hours=2)
FIRST_LINK = "0" * 64
TRIES = 20


class ChainBusy(Unavailable):
    """Others wrote at the same moment, again and again; nothing was shown."""

    code = "kit.database_unavailable"


class MongoOpinions:
    """An opinion and its count are one transaction; all else is one conditional write."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._db = db
        self._stamp = stamp

    def add(self, opinion: Opinion, mark: str, sealed: bytes | None, tally: Tally | None) -> bool:
        """Store and count."""
        row = _row(opinion) | {"mark": mark, "remark": sealed}

        def work(session: ClientSession) -> None:
            self._db[OPINIONS].insert_one(row, session=session)
            if tally is not None:
                self._count(opinion, tally, session)

        try:
            in_transaction(self._db, work)
        except DuplicateKeyError:
            return False
        return True

    def known(self, opinion_id: str) -> tuple[Opinion, str] | None:
        """By id."""
        row = self._db[OPINIONS].find_one({"_id": opinion_id}, {"remark": 0})
        return None if row is None else (_opinion(row), str(row["mark"]))

    def get(self, opinion_id: str, now: datetime) -> Opinion | None:
        """By id."""
        row = self._db[OPINIONS].find_one({"_id": opinion_id, "gone_at": {"$gt": now}}, _PLAIN)
        return None if row is None else _opinion(row)

    def sealed_remark(self, opinion_id: str, now: datetime) -> bytes | None:
        """By id."""
        row = self._db[OPINIONS].find_one({"_id": opinion_id, "gone_at": {"$gt": now}}, {"remark": 1})
        return None if row is None or row["remark"] is None else bytes(row["remark"])

    def find(self, wanted: Filter, now: datetime) -> tuple[Sequence[Opinion], int]:
        """By town and state; the rest is filtered."""
        names = ("municipality", "state", "kind", "about", "record_id")
        query: Document = {name: value for name in names if (value := getattr(wanted, name)) is not None}
        query |= {"gone_at": {"$gt": now}}
        rows = self._db[OPINIONS].find(query, _PLAIN).sort([("received_on", -1), ("_id", 1)])
        page = rows.skip((wanted.page - 1) * wanted.per_page).limit(wanted.per_page)
        return [_opinion(row) for row in page], self._db[OPINIONS].count_documents(query)

    def handle(self, opinion: Opinion) -> bool:
        """On the version before."""
        query = not_after({"_id": opinion.id, "version": opinion.version - 1}, current().deadline)
        change = {"state": opinion.state, "outcome": opinion.outcome, "version": opinion.version}
        update = {"$set": change | {"remark": None, "has_remark": False, "value": None}}
        return bool(self._db[OPINIONS].update_one(query, update).modified_count)

    def to_propose(self, most: int) -> list[Opinion]:
        """Corrections that are written out and not in review yet."""
        query = {"kind": Kind.CORRECTION, "state": "new", "proposed": False, "value": {"$ne": None}}
        return [_opinion(row) for row in self._db[OPINIONS].find(query, _PLAIN).sort("received_on", 1).limit(most)]

    def note_proposed(self, opinion_id: str) -> None:
        """It is in review, or says what the entry says already."""
        self._db[OPINIONS].update_one({"_id": opinion_id}, {"$set": {"proposed": True}})

    def tallies(self, municipality: str) -> Sequence[Tally]:
        """By town, the most spoken of first."""
        rows = self._db[TALLIES].find({"municipality": municipality}, {"outbox": 0, "unsent": 0})
        return [_tally(row) for row in rows.sort([("total", -1), ("_id", 1)])]

    def count_try(self, client: str, hour: int) -> int:
        """One conditional write."""
        gone_at = datetime.fromtimestamp(hour * 3600, UTC) + LIMIT_KEPT
        row = self._db[LIMITS].find_one_and_update(
            {"_id": f"{client}:{hour}"},
            {"$inc": {"tries": 1}, "$setOnInsert": {"gone_at": gone_at}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return 1 if row is None else int(row["tries"])

    def sweep(self, now: datetime) -> int:
        """By the index of time."""
        self._db[LIMITS].delete_many({"gone_at": {"$lte": now}})
        return self._db[OPINIONS].delete_many({"gone_at": {"$lte": now}}).deleted_count

    def _count(self, opinion: Opinion, empty: Tally, session: ClientSession) -> None:
        row = self._db[TALLIES].find_one({"_id": empty.id}, session=session)
        tally, facts = (empty if row is None else _tally(row)).counted(opinion)
        body = {name: value for name, value in asdict(tally).items() if name != "id"}
        update = with_events({"$set": body}, self._stamp(facts))
        self._db[TALLIES].update_one({"_id": tally.id}, update, upsert=True, session=session)


class MongoReads:
    """An append-only chain. The number is the row's id, so of two writers one has it and the other goes on from there.
    The links are keyed, and the key is not in the database."""

    def __init__(self, db: Database[Document], seal: RemarkSeal, head: ChainHead = NO_HEAD) -> None:
        self._rows = db[READS]
        self._seal = seal
        self._head = head

    def add(self, read: RemarkRead, at: datetime) -> None:
        """One more row."""
        for _ in range(TRIES):
            known = self._rows.find_one({"command": read.command}, {"body": 1})
            if known is not None:
                if known.get("body") != read.body:
                    raise KeyReused
                return
            last = self._last()
            row: Document = asdict(read) | {
                "_id": 1 if last is None else last["_id"] + 1,
                "previous": FIRST_LINK if last is None else last["hash"],
                "at": at.replace(microsecond=0),
            }
            row["hash"] = self._link(row)
            try:
                self._rows.insert_one(row)
            except DuplicateKeyError:
                continue
            self._head.advance(row["_id"], row["hash"], row["at"], self._hash_of)
            return
        raise ChainBusy

    def of_municipality(self, municipality: str, most: int) -> Sequence[Mapping[str, Any]]:
        """By town."""
        return list(self._rows.find({"municipality": municipality}).sort("_id", -1).limit(most))

    def break_at(self) -> int | None:
        """Number of the first row that does not follow from the one before, or of the head that is missing; None when
        the chain holds. Rows older than a year are gone from its beginning."""
        before: Document | None = None
        for row in self._rows.find().sort("_id", 1):
            found = row.pop("hash")
            follows = before is None or (row["_id"] == before["_id"] + 1 and row["previous"] == before["hash"])
            if not follows or found != self._link(row):
                return int(row["_id"])
            before = row | {"hash": found}
        missing = self._head.missing(self._hash_of)
        return None if missing is None else missing.number

    def take_in(self) -> None:
        """Bring the head up to the last row: what a process wrote that died before it could keep the head."""
        last = self._rows.find_one({}, sort=[("_id", -1)])
        if last is not None:
            self._head.advance(last["_id"], last["hash"], last["at"], self._hash_of)

    def accept(self) -> None:
        """Keep the last row as the head, though rows after it are lost: for an operator who restored a backup."""
        last = self._rows.find_one({}, sort=[("_id", -1)])
        self._head.replace(None if last is None else Head(last["_id"], last["hash"], last["at"].isoformat()))

    def _last(self) -> Document | None:
        """The row to go on from. When all rows have expired, the kept head says what the last one was."""
        found = self._rows.find_one({}, sort=[("_id", -1)])
        kept = self._head.read() if found is None else None
        return found if kept is None else {"_id": kept.number, "hash": kept.hash}

    def _hash_of(self, number: int) -> str | None:
        row, after = (self._rows.find_one({"_id": one}) for one in (number, number + 1))
        if row is not None:
            return str(row["hash"])
        return None if after is None else str(after["previous"])  # the row itself has reached its age

    def _link(self, row: Document) -> str:
        return self._seal.mark("audit of remarks", body_hash(row | {"at": row["at"].isoformat()[:19]}))


_PLAIN = {"remark": 0, "mark": 0}


def _row(opinion: Opinion) -> Document:
    row = asdict(opinion)
    changed = {"received_on": opinion.received_on.isoformat(), "reasons": list(opinion.reasons)}
    return {"_id": row.pop("id"), **row, **changed, "gone_at": opinion.gone_at}


def _opinion(row: Document) -> Opinion:
    plain = {name: row[name] for name in Opinion.__dataclass_fields__ if name in row}
    made = {
        "kind": Kind(row["kind"]),
        "about": About(row["about"]),
        "received_on": date.fromisoformat(row["received_on"]),
        "reasons": tuple(row["reasons"]),
        "outcome": None if row["outcome"] is None else Outcome(row["outcome"]),
    }
    return Opinion(**(plain | made | {"id": row["_id"]}))


def _tally(row: Document) -> Tally:
    plain = {name: row[name] for name in Tally.__dataclass_fields__ if name in row}
    return Tally(**(plain | {"id": row["_id"], "kind": Kind(row["kind"]), "about": About(row["about"])}))
