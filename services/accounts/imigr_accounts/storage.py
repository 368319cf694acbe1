"""MongoDB: staff, machines, counted tries, and the hash-chained audit trail."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_accounts.domain import Grant, Machine, Staff
from imigr_accounts.errors import EmailTaken
from imigr_accounts.ports import Audit, Command
from imigr_kit.clock import Clock
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, guarded, in_transaction
from imigr_kit.outbox import new_document_fields, with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

STAFF, MACHINES, AUDIT, HEAD, TRIES = "staff", "machines", "audit", "audit_head", "tries"
WINDOW = timedelta(minutes=15)
AUDIT_SECONDS = 366 * 24 * 3600
FIRST_LINK = "0" * 64

INDEXES = (
    Index(STAFF, [("email", 1)], unique=True, name="email"),
    Index(STAFF, [("command.key", 1)], unique=True, name="command"),
    Index(STAFF, [("grants.municipality", 1)], name="municipality"),
    Index(MACHINES, [("token_hash", 1)], unique=True, name="token"),
    Index(MACHINES, [("command.key", 1)], unique=True, name="command"),
    Index(AUDIT, [("number", 1)], unique=True, name="number"),
    Index(AUDIT, [("at", 1)], expire_after=AUDIT_SECONDS, name="expiry"),
    Index(TRIES, [("until", 1)], expire_after=0, name="expiry"),
)


class MongoAccounts:
    """Every change is one transaction: the record with its outbox, and the next link of the audit chain."""

    def __init__(self, db: Database[Document], stamp: Stamp, clock: Clock) -> None:
        self._db = db
        self._stamp = stamp
        self._clock = clock

    def add_staff(
        self, staff: Staff, password_hash: str, facts: Sequence[Fact], command: Command, audit: Audit
    ) -> None:
        """Raises EmailTaken."""
        row = _staff_row(staff) | {"password_hash": password_hash, "command": asdict(command)}
        try:
            self._insert(STAFF, row, facts, audit)
        except DuplicateKeyError:
            raise EmailTaken from None

    def add_machine(
        self, machine: Machine, token_hash: str, facts: Sequence[Fact], command: Command, audit: Audit
    ) -> None:
        """Store a machine token's hash."""
        row = _machine_row(machine) | {"token_hash": token_hash, "command": asdict(command)}
        self._insert(MACHINES, row, facts, audit)

    def staff_by_command(self, key: str) -> tuple[Staff, str] | None:
        """By the command index."""
        row = self._db[STAFF].find_one({"command.key": key})
        return None if row is None else (_staff(row), row["command"]["body_hash"])

    def machine_by_command(self, key: str) -> tuple[Machine, str] | None:
        """By the command index."""
        row = self._db[MACHINES].find_one({"command.key": key})
        return None if row is None else (_machine(row), row["command"]["body_hash"])

    def staff(self, staff_id: str) -> Staff | None:
        """One account."""
        row = self._db[STAFF].find_one({"_id": staff_id})
        return None if row is None else _staff(row)

    def machine(self, token_id: str) -> Machine | None:
        """One machine."""
        row = self._db[MACHINES].find_one({"_id": token_id})
        return None if row is None else _machine(row)

    def staff_by_email(self, email: str) -> tuple[Staff, str] | None:
        """By the email index."""
        row = self._db[STAFF].find_one({"email": email})
        return None if row is None else (_staff(row), row["password_hash"])

    def machine_by_hash(self, token_hash: str) -> Machine | None:
        """By the token index."""
        row = self._db[MACHINES].find_one({"token_hash": token_hash})
        return None if row is None else _machine(row)

    def staff_of(self, municipality: str) -> Sequence[Staff]:
        """By the municipality index."""
        rows = self._db[STAFF].find({"grants.municipality": municipality}).sort("display", 1)
        return [_staff(row) for row in rows]

    def save_staff(self, staff: Staff, facts: Sequence[Fact], audit: Audit) -> None:
        """Replace, if the version before is stored."""
        self._replace(STAFF, staff.id, staff.version, _staff_row(staff), facts, audit)

    def save_machine(self, machine: Machine, facts: Sequence[Fact], audit: Audit) -> None:
        """Replace, if the version before is stored."""
        self._replace(MACHINES, machine.id, machine.version, _machine_row(machine), facts, audit)

    def save_password(self, staff: Staff, password_hash: str, audit: Audit | None) -> None:
        """Another hash for the same account."""

        def work(session: ClientSession) -> None:
            change = {"$set": {"password_hash": password_hash}}
            self._db[STAFF].update_one({"_id": staff.id}, change, session=session)
            if audit is not None:
                self._chain(audit, session)

        in_transaction(self._db, work)

    def broken_link(self) -> int | None:
        """Number of the first audit row that was altered, removed or inserted; None when the chain holds."""
        link, expected = None, None
        for row in self._db[AUDIT].find().sort("number", 1):
            if expected is not None and (row["number"] != expected or row["previous"] != link):
                return int(row["number"])
            if row["hash"] != _link(row):
                return int(row["number"])
            link, expected = row["hash"], row["number"] + 1
        head = self._db[HEAD].find_one({"_id": "head"})
        if head is not None and link is not None and head["hash"] != link:
            return int(head["number"])
        return None

    def _insert(self, collection: str, row: Document, facts: Sequence[Fact], audit: Audit) -> None:
        events = self._stamp(facts)

        def work(session: ClientSession) -> None:
            self._db[collection].insert_one(row | new_document_fields(events), session=session)
            self._chain(audit, session)

        in_transaction(self._db, work)

    def _replace(
        self, collection: str, record_id: str, version: int, row: Document, facts: Sequence[Fact], audit: Audit
    ) -> None:
        events = self._stamp(facts)
        body = {name: value for name, value in row.items() if name != "_id"}

        def work(session: ClientSession) -> None:
            query = {"_id": record_id, "version": version - 1}
            change = with_events({"$set": body}, events)
            if self._db[collection].update_one(query, change, session=session).modified_count:
                self._chain(audit, session)

        in_transaction(self._db, work)

    def _chain(self, audit: Audit, session: ClientSession) -> None:
        head = self._db[HEAD].find_one({"_id": "head"}, session=session) or {"number": 0, "hash": FIRST_LINK}
        row = asdict(audit) | {"number": head["number"] + 1, "previous": head["hash"], "at": self._clock.now()}
        row["at"] = row["at"].replace(microsecond=0)
        row["hash"] = _link(row)
        self._db[AUDIT].insert_one({"_id": row["number"], **row}, session=session)
        self._db[HEAD].update_one(
            {"_id": "head"}, {"$set": {"number": row["number"], "hash": row["hash"]}}, upsert=True, session=session
        )


class MongoTries:
    """Counters with an end, one document each."""

    def __init__(self, db: Database[Document]) -> None:
        self._tries = db[TRIES]

    def count(self, name: str, now: datetime) -> tuple[int, datetime]:
        """One atomic update; a counter whose window is over starts anew."""
        over = {"$lte": [{"$ifNull": ["$until", now]}, now]}
        change = [
            {
                "$set": {
                    "count": {"$cond": [over, 1, {"$add": ["$count", 1]}]},
                    "until": {"$cond": [over, now + WINDOW, "$until"]},
                }
            }
        ]
        with guarded():
            row = self._tries.find_one_and_update(
                {"_id": name}, change, upsert=True, return_document=ReturnDocument.AFTER
            )
        return (int(row["count"]), row["until"]) if row else (1, now + WINDOW)

    def clear(self, name: str) -> None:
        """A good sign-in forgives."""
        self._tries.delete_one({"_id": name})


def _staff_row(staff: Staff) -> Document:
    row = asdict(staff)
    return {"_id": row.pop("id"), **row, "grants": [asdict(one) for one in staff.grants]}


def _staff(row: Document) -> Staff:
    return Staff(row["_id"], row["email"], row["display"], _grants(row), row["disabled"], row["version"])


def _machine_row(machine: Machine) -> Document:
    row = asdict(machine)
    return {"_id": row.pop("id"), **row, "grants": [asdict(one) for one in machine.grants]}


def _machine(row: Document) -> Machine:
    return Machine(row["_id"], row["label"], _grants(row), row["revoked"], row["version"])


def _grants(row: Document) -> tuple[Grant, ...]:
    return tuple(Grant(one["municipality"], one["role"]) for one in row["grants"])


def _link(row: Document) -> str:
    """SHA-256 over the row and the link before."""
    told = {name: row[name] for name in ("number", "previous", "actor", "action", "object", "reason")}
    text = json.dumps(told | {"at": row["at"].isoformat()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
