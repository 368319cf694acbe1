"""Municipalities, themes, and the counter that says when anything changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bson import Timestamp
from pymongo.database import Database

from imigr_directory.domain import Act, Municipality, Record, Service, Term, record_of, service_of
from imigr_directory.domain.calendar import Calendar
from imigr_directory.reading import State
from imigr_directory.storage.calendars import MongoCalendars
from imigr_directory.storage.records import MongoRecords, insert_new, raise_version
from imigr_kit.facts import Fact
from imigr_kit.outbox import new_document_fields

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

SEED = Act("seed", "")
MUNICIPALITIES, TERMS, STATE = "municipalities", "terms", "state"
_PLAIN = {"outbox": 0, "unsent": 0}


class MongoDirectory:
    """What is common to all records."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self.db = self._db = db
        self.stamp = self._stamp = stamp
        self.records = MongoRecords(db, stamp)
        self.calendars = MongoCalendars(db, stamp)

    def municipalities(self) -> Sequence[Municipality]:
        """All that take part, by slug."""
        return [_municipality(row) for row in self._db[MUNICIPALITIES].find({}, _PLAIN).sort("_id", 1)]

    def terms(self) -> Mapping[str, Term]:
        """All themes by code."""
        rows = self._db[TERMS].find().sort("_id", 1)
        return {row["_id"]: Term(row["_id"], row["parent"], row["name"], row["words"]) for row in rows}

    def services(self) -> list[Service]:
        """All published entries."""
        return [service_of(record) for record in self.records.published("service")]

    def all_calendars(self) -> Mapping[str, Calendar]:
        """See MongoCalendars.all."""
        return self.calendars.all()

    def touched_since(self, kind: str, since: Timestamp | None) -> Iterator[tuple[Record, Timestamp]]:
        """See MongoRecords.touched_since."""
        return self.records.touched_since(kind, since)

    def state(self) -> State:
        """What was announced last to all processes."""
        row = self._db[STATE].find_one({"_id": "version"}) or {}
        return State(int(row.get("value", 0)), int(row.get("rebuilding", 0)))

    def order_rebuilding(self) -> None:
        """Make every process read everything anew."""
        self._db[STATE].update_one({"_id": "version"}, {"$inc": {"value": 1, "rebuilding": 1}}, upsert=True)

    def version(self) -> int:
        """A number that grows with every change, whoever made it."""
        row = self._db[STATE].find_one({"_id": "version"})
        return 0 if row is None else int(row["value"])

    def seed(
        self,
        municipalities: Iterable[Municipality],
        terms: Iterable[Term],
        services: Iterable[Service],
        act: Act = SEED,
        records: Iterable[Record] = (),
    ) -> int:
        """Store what is not there yet, in batches, each with its first event; how many entries were new."""
        for town in municipalities:
            row = asdict(town)
            row = {"_id": row.pop("slug"), **row, "languages": list(town.languages)}
            insert_new(self._db, MUNICIPALITIES, [row | new_document_fields(self._stamp(town.added()))])
        for term in terms:
            row = asdict(term)
            self._db[TERMS].replace_one({"_id": row.pop("code")}, row, upsert=True)
        new = [*records, *(record_of(service, act) for service in services)]
        fresh = self.records.insert_all((record, [record.fact("published", {})]) for record in new)
        raise_version(self._db)
        return fresh


def _municipality(row: Document) -> Municipality:
    names = set(Municipality.__dataclass_fields__) - {"slug", "languages"}
    return Municipality(
        slug=row["_id"], languages=tuple(row["languages"]), **{name: row[name] for name in names if name in row}
    )
