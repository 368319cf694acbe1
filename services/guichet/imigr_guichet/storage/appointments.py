"""Appointments in MongoDB: one document each. A place is claimed cell by cell under one unique index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, WriteError

from imigr_guichet.domain.appointment import OCCUPYING, Appointment
from imigr_guichet.domain.guichet import CELL_MINUTES
from imigr_guichet.domain.text import Interval
from imigr_guichet.errors import TooLate
from imigr_guichet.ports.appointments import Command, Done, Outcome, Stored
from imigr_guichet.storage.collections import APPOINTMENTS
from imigr_guichet.storage.documents import (
    Document,
    appointment_document,
    appointment_of,
    command_row,
    place_fields,
    stored_of,
)
from imigr_guichet.storage.gathering import Gathering
from imigr_guichet.storage.plans import Stamp
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import not_after
from imigr_kit.outbox import new_document_fields, with_events

CELL_SECONDS = CELL_MINUTES * 60
PLACE_STATES = frozenset(OCCUPYING)
DIVIDED_BY_ZERO = 2
"""MongoDB's code (BadValue) for the error that claim provokes after its deadline."""
DUPLICATE_KEY = 11000
UNREAD = {"outbox": 0, "unsent": 0}


class MongoAppointments:
    """``claims`` is an array under a unique index over the whole collection: a cell of five minutes of a desk, a
    command's key, a reference or a manage hash exists once. So a claim, a move and a release are one write each of
    one document, and the index refuses what overlaps, whoever comes first."""

    def __init__(self, db: Database[Document], stamp: Stamp, reference_hash: Callable[[str], str]) -> None:
        self._rows = db[APPOINTMENTS]
        self._gathering = Gathering(self._rows)
        self._reference_hash = reference_hash
        self._stamp = stamp

    def claim(self, appointment: Appointment, facts: Sequence[Fact], command: Command, manage: str) -> Stored | None:
        """One upsert of a fresh id; see ports.appointments."""
        reference = self._reference_hash(appointment.id)
        row = appointment_document(appointment, manage, reference)
        row["commands"] = [command_row(command.key, _done(appointment, command))]
        row["claims"] = [f"key:{command.key}", f"manage:{manage}", f"reference:{reference}", *cells(appointment)]
        row |= new_document_fields(self._stamp(facts))
        refusal = self._gathering.write(
            UpdateOne({"_id": appointment.id}, _insert(row, current().deadline), upsert=True)
        )
        if refusal is None:
            return Stored(appointment, {})
        if refusal["code"] == DIVIDED_BY_ZERO:
            raise TooLate(retry_after=1)
        if refusal["code"] != DUPLICATE_KEY:
            raise WriteError(str(refusal.get("errmsg")), refusal["code"], refusal)
        return self.by_command(command.key) if "key:" in _refused(refusal) else None

    def find(self, manage: str) -> Stored | None:
        """By the claims index."""
        return self._one({"claims": f"manage:{manage}"})

    def by_command(self, key: str) -> Stored | None:
        """By the claims index."""
        return self._one({"claims": f"key:{key}"})

    def change(self, stored: Stored, new: Appointment, facts: Sequence[Fact], command: Command) -> Outcome:
        """One update guarded by the version; the unique index guards the place."""
        row = {
            "state": new.state.value,
            "version": new.version,
            "desk": new.desk,
            "day": new.day.isoformat(),
            "start": new.start,
            "end": new.end,
            "claims": [*stored.ties, f"key:{command.key}", *cells(new)],
        }
        rare = place_fields(new)
        gone = {name: "" for name in place_fields(stored.appointment) if name not in rare}
        update: Document = {"$set": row | rare, "$push": {"commands": command_row(command.key, _done(new, command))}}
        if gone:
            update["$unset"] = gone
        query = {"_id": new.id, "version": stored.appointment.version}
        try:
            written = self._rows.update_one(
                not_after(query, current().deadline), with_events(update, self._stamp(facts))
            )
        except DuplicateKeyError as error:
            return Outcome.STALE if "key:" in _refused(error.details or {}) else Outcome.TAKEN
        return Outcome.DONE if written.modified_count else Outcome.STALE

    def taken(self, guichet_id: str, first: date, last: date) -> dict[tuple[date, str], list[Interval]]:
        """One range query over the days of a guichet."""
        query = {
            "guichet_id": guichet_id,
            "day": {"$gte": first.isoformat(), "$lte": last.isoformat()},
            "state": {"$in": [state.value for state in OCCUPYING]},
        }
        shown = dict.fromkeys(("desk", "day", "start", "end", "busy_from", "busy_until"), 1)
        found: dict[tuple[date, str], list[Interval]] = {}
        for row in self._rows.find(query, shown):
            busy = (row.get("busy_from") or row["start"], row.get("busy_until") or row["end"])
            found.setdefault((date.fromisoformat(row["day"]), row["desk"]), []).append(busy)
        return found

    def of_day(self, guichet_id: str, day: date) -> Sequence[Appointment]:
        """One query."""
        rows = self._rows.find({"guichet_id": guichet_id, "day": day.isoformat()}, UNREAD)
        return sorted((appointment_of(row) for row in rows), key=lambda one: (one.start, one.desk))

    def _one(self, query: Document) -> Stored | None:
        row = self._rows.find_one(query, UNREAD)
        return None if row is None else stored_of(row)


def cells(appointment: Appointment) -> list[str]:
    """What the appointment claims: every cell of its desk that it occupies; nothing in a state without a place."""
    if appointment.state not in PLACE_STATES:
        return []
    if appointment.session_id is not None:
        return [f"place:{appointment.session_id}:{appointment.seat}"]
    first = int(appointment.busy_from.timestamp()) // CELL_SECONDS
    last = -(-int(appointment.busy_until.timestamp()) // CELL_SECONDS)
    return [f"place:{appointment.guichet_id}:{appointment.desk}:{cell}" for cell in range(first, last)]


def _done(appointment: Appointment, command: Command) -> Done:
    return Done(
        command.body_hash,
        appointment.version,
        appointment.state.value,
        appointment.desk,
        appointment.start,
        appointment.end,
    )


def _insert(row: Document, deadline: datetime | None) -> list[Document]:
    """A pipeline that makes the document, or fails when the server's clock has passed the deadline: an insert has
    no condition, and an upsert may not hold one in its query (docs/adr/0004)."""
    late: Any = {"$divide": [1, {"$subtract": [1, 1]}]}
    at = "$$NOW" if deadline is None else {"$cond": [{"$lt": ["$$NOW", deadline]}, "$$NOW", late]}
    return [{"$replaceWith": {"$mergeObjects": ["$$ROOT", {"$literal": row}, {"changed_at": at}]}}]


def _refused(details: Mapping[str, Any]) -> str:
    """The claim that exists already."""
    return str(details.get("keyValue", {}).get("claims", ""))
