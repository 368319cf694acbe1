"""MongoDB: municipalities, themes, entries with their outbox, and a counter that says when anything changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pymongo import InsertOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from imigr_directory.domain import Municipality, Service, Term
from imigr_directory.handlers import Command
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import new_document_fields, with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

MUNICIPALITIES, TERMS, SERVICES, STATE = "municipalities", "terms", "services", "state"
BATCH = 500

INDEXES = (
    Index(SERVICES, [("commands.key", 1)], name="commands"),
    Index(SERVICES, [("municipality", 1), ("state", 1)], name="municipality"),
)
_KEPT_COMMANDS = 20


class MongoDirectory:
    """Every change of an entry is one conditional write; the version counter is raised after it."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._db = db
        self._stamp = stamp

    def municipalities(self) -> Sequence[Municipality]:
        """All that take part, by slug."""
        return [_municipality(row) for row in self._db[MUNICIPALITIES].find({}, _PLAIN).sort("_id", 1)]

    def terms(self) -> Mapping[str, Term]:
        """All themes by code."""
        rows = self._db[TERMS].find().sort("_id", 1)
        return {row["_id"]: Term(row["_id"], row["parent"], row["name"], row["words"]) for row in rows}

    def services(self) -> list[Service]:
        """All published entries."""
        return [service_of(row) for row in self._db[SERVICES].find({"state": "published"}, _PLAIN)]

    def service(self, service_id: str) -> Service | None:
        """One entry, also a withdrawn one."""
        row = self._db[SERVICES].find_one({"_id": service_id}, _PLAIN)
        return None if row is None else service_of(row)

    def by_command(self, key: str) -> tuple[Service, str] | None:
        """By the commands index."""
        row = self._db[SERVICES].find_one({"commands.key": key})
        if row is None:
            return None
        done = next(one for one in row["commands"] if one["key"] == key)
        return service_of(row | {"version": done["version"]}), done["body_hash"]

    def add(self, service: Service, facts: Sequence[Fact], command: Command) -> bool:
        """Store a new entry; its id follows from the command, so a repetition meets itself."""
        row = service_document(service) | {"commands": [_done(command, service)]}
        try:
            self._db[SERVICES].insert_one(row | new_document_fields(self._stamp(facts)))
        except DuplicateKeyError:
            return False
        self._raise_version()
        return True

    def replace(self, service: Service, facts: Sequence[Fact], command: Command) -> bool:
        """Replace the version before; one conditional write."""
        body = {name: value for name, value in service_document(service).items() if name != "_id"}
        kept = {"commands": {"$each": [_done(command, service)], "$slice": -_KEPT_COMMANDS}}
        update = with_events({"$set": body, "$push": kept}, self._stamp(facts))
        query = not_after({"_id": service.id, "version": service.version - 1}, current().deadline)
        if not self._db[SERVICES].update_one(query, update).modified_count:
            return False
        self._raise_version()
        return True

    def version(self) -> int:
        """A number that grows with every change, whoever made it."""
        row = self._db[STATE].find_one({"_id": "version"})
        return 0 if row is None else int(row["value"])

    def seed(self, municipalities: Iterable[Municipality], terms: Iterable[Term], services: Iterable[Service]) -> int:
        """Store what is not there yet, in batches, each with its first event; how many entries were new."""
        for town in municipalities:
            row = asdict(town)
            row = {"_id": row.pop("slug"), **row, "languages": list(town.languages)}
            self._insert(MUNICIPALITIES, [row | new_document_fields(self._stamp(town.added()))])
        for term in terms:
            row = asdict(term)
            self._db[TERMS].replace_one({"_id": row.pop("code")}, row, upsert=True)
        rows = []
        for service in services:
            published, facts = service.published()
            rows.append(service_document(published) | {"commands": []} | new_document_fields(self._stamp(facts)))
        fresh = sum(self._insert(SERVICES, rows[at : at + BATCH]) for at in range(0, len(rows), BATCH))
        self._raise_version()
        return fresh

    def _insert(self, collection: str, rows: list[Document]) -> int:
        try:
            return self._db[collection].bulk_write([InsertOne(row) for row in rows], ordered=False).inserted_count
        except BulkWriteError as error:
            others = [one for one in error.details["writeErrors"] if one["code"] != 11000]
            if others:
                raise
            return int(error.details["nInserted"])

    def _raise_version(self) -> None:
        self._db[STATE].update_one({"_id": "version"}, {"$inc": {"value": 1}}, upsert=True)


_PLAIN = {"outbox": 0, "unsent": 0, "commands": 0}


def service_document(service: Service) -> Document:
    """An entry as kept."""
    row = asdict(service)
    lists = {name: list(row[name]) for name in ("taxonomy", "phones", "languages", "accessibility")}
    return {"_id": row.pop("id"), **row, **lists}


def service_of(row: Document) -> Service:
    """The entry in a document."""
    names = set(Service.__dataclass_fields__) - {"id"}
    values = {name: row[name] for name in names if name in row}
    tuples = {name: tuple(row.get(name, ())) for name in ("taxonomy", "phones", "languages", "accessibility")}
    return Service(**(values | tuples | {"id": row["_id"]}))


def _municipality(row: Document) -> Municipality:
    names = set(Municipality.__dataclass_fields__) - {"slug", "languages"}
    return Municipality(
        slug=row["_id"], languages=tuple(row["languages"]), **{name: row[name] for name in names if name in row}
    )


def _done(command: Command, service: Service) -> Document:
    return {"key": command.key, "body_hash": command.body_hash, "version": service.version}
