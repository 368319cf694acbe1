"""Group sessions in MongoDB: beside the appointments, since both claim cells of the same desks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_guichet.domain.session import Session
from imigr_guichet.domain.states import OCCUPYING
from imigr_guichet.places import CELL_SECONDS
from imigr_guichet.ports.appointments import Command, Outcome
from imigr_guichet.ports.sessions import Seated
from imigr_guichet.storage.collections import APPOINTMENTS
from imigr_guichet.storage.documents import appointment_of
from imigr_guichet.storage.plans import Stamp
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import not_after
from imigr_kit.outbox import new_document_fields, with_events

Document = dict[str, Any]
UNREAD = {"outbox": 0, "unsent": 0}


class MongoSessions:
    """One document of the kind ``session``; see ports.sessions."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._rows = db[APPOINTMENTS]
        self._stamp = stamp

    def plan(self, session: Session, facts: Sequence[Fact], command: Command) -> Outcome:
        """One insert; nothing is lost when it comes late, since only staff plan sessions and see the list."""
        row = _fields(session) | {"kind": "session", "commands": [_line(command, session)]}
        claims = [f"key:{command.key}", f"session:{session.id}", *_cells(session)]
        row |= {"claims": claims, "occupies": True} | new_document_fields(self._stamp(facts))
        try:
            self._rows.insert_one({"_id": session.id, **row})
        except DuplicateKeyError as error:
            return _outcome(error)
        self._rows.update_one({"_id": session.id}, {"$currentDate": {"changed_at": True}})
        return Outcome.DONE

    def find(self, session_id: str) -> Seated | None:
        """Two reads."""
        row = self._rows.find_one({"_id": session_id, "kind": "session"}, UNREAD)
        return None if row is None else Seated(_session(row), self._seats(row), _open_seats(row))

    def body_of(self, session_id: str, command: Command) -> str | None:
        """By the audit line."""
        query = {"_id": session_id, "commands.key": command.key}
        row = self._rows.find_one(query, {"commands.$": 1})
        return None if row is None else str(row["commands"][0]["body"])

    def upcoming(self, guichet_id: str, first: date) -> Sequence[Seated]:
        """One range query, and one for each session found."""
        query = {"day": {"$gte": first.isoformat()}, "guichet_id": guichet_id, "kind": "session", "state": "planned"}
        rows = sorted(self._rows.find(query, UNREAD), key=lambda row: (row["start"], row["_id"]))
        return [Seated(_session(row), self._seats(row), _open_seats(row)) for row in rows]

    def change(self, old: Session, new: Session, facts: Sequence[Fact], command: Command) -> Outcome:
        """One conditional write; see ports.sessions."""
        if self.body_of(old.id, command) is not None:
            return Outcome.REPEATED
        row = self._rows.find_one({"_id": old.id, "version": old.version, "kind": "session"}, UNREAD)
        if row is None:
            return Outcome.STALE
        given = {one.seat for one in self._seats(row)}
        most = max(row["seats_made"], new.capacity)
        free = [seat for seat in range(most) if seat not in given]
        closed = [f"place:{new.id}:{seat}" for seat in free[max(0, new.capacity - len(given)) :]]
        kept = [one for one in row["claims"] if not one.startswith("place:")]
        claims = [*kept, f"key:{command.key}", *closed, *(_cells(new) if new.state == "planned" else ())]
        change = {"capacity": new.capacity, "state": new.state, "version": new.version, "seats_made": most}
        update: Document = {
            "$set": change | {"claims": claims, "occupies": new.state == "planned"},
            "$push": {"commands": _line(command, new)},
            "$currentDate": {"changed_at": True},
        }
        query = not_after({"_id": new.id, "version": old.version}, current().deadline)
        try:
            written = self._rows.update_one(query, with_events(update, self._stamp(facts)))
        except DuplicateKeyError as error:
            return _outcome(error)
        return Outcome.DONE if written.modified_count else Outcome.STALE

    def _seats(self, row: Document) -> list[Any]:
        seats = [f"place:{row['_id']}:{seat}" for seat in range(row["seats_made"])]
        states = [state.value for state in OCCUPYING]
        query = {"claims": {"$in": seats}, "kind": None, "state": {"$in": states}}
        return sorted((appointment_of(one) for one in self._rows.find(query, UNREAD)), key=lambda one: one.seat or 0)


def _open_seats(row: Document) -> frozenset[int]:
    prefix = f"place:{row['_id']}:"
    closed = {int(one.removeprefix(prefix)) for one in row["claims"] if one.startswith(prefix)}
    return frozenset(range(row["seats_made"])) - closed


def _cells(session: Session) -> list[str]:
    first = int(session.busy_from.timestamp()) // CELL_SECONDS
    last = -(-int(session.busy_until.timestamp()) // CELL_SECONDS)
    return [f"place:{session.guichet_id}:{session.desk}:{cell}" for cell in range(first, last)]


def _fields(one: Session) -> Document:
    row = {name: getattr(one, name) for name in Session.__dataclass_fields__ if name not in ("id", "day")}
    return row | {"day": one.day.isoformat(), "seats_made": one.capacity}


def _session(row: Document) -> Session:
    values = {name: row[name] for name in Session.__dataclass_fields__ if name not in ("id", "day")}
    for name in ("start", "end", "busy_from", "busy_until"):
        values[name] = values[name].astimezone(UTC)
    return Session(id=row["_id"], day=date.fromisoformat(row["day"]), **values)


def _line(command: Command, session: Session) -> Document:
    return {"key": command.key, "body": command.body_hash, "version": session.version, "by": command.by}


def _outcome(error: DuplicateKeyError) -> Outcome:
    found = (error.details or {}).get("keyValue", {})
    is_own = "_id" in found or str(found.get("claims", "")).startswith("key:")
    return Outcome.REPEATED if is_own else Outcome.TAKEN
