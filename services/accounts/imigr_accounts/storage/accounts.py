"""Staff and machines, with their outbox; every change in one transaction with its audit row and receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from imigr_accounts.domain import Grant, Machine, Staff
from imigr_accounts.errors import EmailTaken
from imigr_accounts.ports import Audit, Change, Receipt, Repeated, Reset
from imigr_accounts.storage.audit import AuditTrail
from imigr_accounts.storage.sessions import RESETS, SESSIONS
from imigr_kit.clock import Clock
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, in_transaction, translate
from imigr_kit.outbox import new_document_fields, with_events

T = TypeVar("T")
Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

STAFF, MACHINES, RECEIPTS = "staff", "machines", "receipts"
RECEIPT_SECONDS = 7 * 24 * 3600

INDEXES = (
    Index(STAFF, [("email", 1)], unique=True, name="email"),
    Index(STAFF, [("grants.municipality", 1)], name="municipality"),
    Index(MACHINES, [("token_hash", 1)], unique=True, name="token"),
    Index(MACHINES, [("grants.municipality", 1)], name="municipality"),
    Index(RECEIPTS, [("at", 1)], expire_after=RECEIPT_SECONDS, name="expiry"),
)


class MongoAccounts:
    """The Accounts port."""

    def __init__(self, db: Database[Document], stamp: Stamp, clock: Clock, trail: AuditTrail) -> None:
        self._db = db
        self._stamp = stamp
        self._clock = clock
        self._trail = trail

    def receipt(self, key: str) -> Receipt | None:
        """By its id, the hashed key."""
        row = self._db[RECEIPTS].find_one({"_id": key})
        return None if row is None else Receipt(row["body_hash"], row["answer"])

    def add_staff(self, staff: Staff, password_hash: str | None, change: Change) -> None:
        """The email index decides who was first."""
        try:
            self._insert(STAFF, _row(staff) | {"password_hash": password_hash}, change)
        except DuplicateKeyError as error:
            if "email" in (error.details or {}).get("keyPattern", {}):
                raise EmailTaken from None
            raise

    def add_machine(self, machine: Machine, token_hash: str, change: Change) -> None:
        """The token's hash is looked up, never shown."""
        self._insert(MACHINES, _row(machine) | {"token_hash": token_hash}, change)

    def staff(self, staff_id: str) -> Staff | None:
        """One account."""
        row = self._db[STAFF].find_one({"_id": staff_id})
        return None if row is None else _staff(row)

    def machine(self, token_id: str) -> Machine | None:
        """One machine."""
        row = self._db[MACHINES].find_one({"_id": token_id})
        return None if row is None else _machine(row)

    def staff_by_email(self, email: str) -> tuple[Staff, str | None] | None:
        """By the email index."""
        row = self._db[STAFF].find_one({"email": email})
        return None if row is None else (_staff(row), row["password_hash"])

    def machine_by_hash(self, token_hash: str) -> Machine | None:
        """By the token index."""
        row = self._db[MACHINES].find_one({"token_hash": token_hash})
        return None if row is None else _machine(row)

    def staff_of(self, municipality: str) -> Sequence[Staff]:
        """By the municipality index."""
        rows = self._db[STAFF].find({"grants.municipality": municipality}).sort([("display", 1), ("_id", 1)])
        return [_staff(row) for row in rows]

    def machines_of(self, municipality: str) -> Sequence[Machine]:
        """By the municipality index."""
        rows = self._db[MACHINES].find({"grants.municipality": municipality}).sort([("label", 1), ("_id", 1)])
        return [_machine(row) for row in rows]

    def save_staff(self, staff: Staff, change: Change) -> bool:
        """Compare the version, then set."""
        return self._replace(STAFF, _row(staff), change)

    def save_machine(self, machine: Machine, change: Change) -> bool:
        """Compare the version, then set."""
        return self._replace(MACHINES, _row(machine), change)

    def save_password(self, staff: Staff, password_hash: str, audit: Audit, keep: str | None = None) -> None:
        """No fact and no new version: nobody outside needs to know."""
        self._transact(lambda session: self._set_password(staff.id, password_hash, audit, keep, session))

    def password_of(self, staff_id: str) -> tuple[Staff, str | None] | None:
        """By primary key."""
        row = self._db[STAFF].find_one({"_id": staff_id})
        return None if row is None else (_staff(row), row["password_hash"])

    def add_reset(self, reset: Reset, change: Change) -> None:
        """The earlier ones of the account go in the same transaction."""

        def work(session: ClientSession) -> None:
            self._keep_receipt(change, session)
            self._db[RESETS].delete_many({"staff_id": reset.staff_id}, session=session)
            row = {"_id": reset.hash, "staff_id": reset.staff_id, "ends_at": reset.ends_at}
            self._db[RESETS].insert_one(row, session=session)
            self._trail.append(change.audit, session)

        self._transact(work)

    def use_reset(self, reset_hash: str, password_hash: str, now: datetime, audit_of: Callable[[str], Audit]) -> bool:
        """Deleting it finds out who was first; a transaction that fails puts it back."""

        def work(session: ClientSession) -> bool:
            query = {"_id": reset_hash, "ends_at": {"$gt": now}}
            row = self._db[RESETS].find_one_and_delete(query, session=session)
            if row is None or self._db[STAFF].find_one({"_id": row["staff_id"], "disabled": False}) is None:
                return False
            self._set_password(row["staff_id"], password_hash, audit_of(row["staff_id"]), None, session)
            return True

        return self._transact(work)

    def _set_password(
        self, staff_id: str, password_hash: str, audit: Audit, keep: str | None, session: ClientSession
    ) -> None:
        change = {"$set": {"password_hash": password_hash}}
        self._db[STAFF].update_one({"_id": staff_id}, change, session=session)
        self._db[SESSIONS].delete_many({"staff_id": staff_id, "_id": {"$ne": keep}}, session=session)
        self._db[RESETS].delete_many({"staff_id": staff_id}, session=session)
        self._trail.append(audit, session)

    def _insert(self, collection: str, row: Document, change: Change) -> None:
        events = self._stamp(change.facts)

        def work(session: ClientSession) -> None:
            self._keep_receipt(change, session)
            self._db[collection].insert_one(row | new_document_fields(events), session=session)
            self._trail.append(change.audit, session)

        self._transact(work)

    def _replace(self, collection: str, row: Document, change: Change) -> bool:
        update = with_events({"$set": {name: row[name] for name in row if name != "_id"}}, self._stamp(change.facts))
        query = {"_id": row["_id"], "version": row["version"] - 1}

        def work(session: ClientSession) -> bool:
            if not self._db[collection].update_one(query, update, session=session).matched_count:
                return False
            self._keep_receipt(change, session)
            self._trail.append(change.audit, session)
            return True

        return self._transact(work)

    def _keep_receipt(self, change: Change, session: ClientSession) -> None:
        command = change.command
        row = {"_id": command.key, "body_hash": command.body_hash, "answer": dict(change.answer)}
        try:
            self._db[RECEIPTS].insert_one(row | {"at": self._clock.now()}, session=session)
        except DuplicateKeyError:
            raise Repeated from None

    def _transact(self, work: Callable[[ClientSession], T]) -> T:
        """A transaction; one that lost against others for two seconds is the database's trouble, not a fault."""
        try:
            done = in_transaction(self._db, work)
        except PyMongoError as error:
            if error.has_error_label("TransientTransactionError"):
                raise translate(error) from error
            raise
        self._trail.keep_head()
        return done


def _row(record: Staff | Machine) -> Document:
    row = asdict(record)
    return {"_id": row.pop("id"), **row, "grants": [asdict(one) for one in record.grants]}


def _staff(row: Document) -> Staff:
    return Staff(row["_id"], row["email"], row["display"], _grants(row), row["disabled"], row["version"])


def _machine(row: Document) -> Machine:
    return Machine(row["_id"], row["label"], _grants(row), row["revoked"], row["version"])


def _grants(row: Document) -> tuple[Grant, ...]:
    return tuple(Grant(one["municipality"], one["role"]) for one in row["grants"])
