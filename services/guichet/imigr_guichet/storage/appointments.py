"""Appointments in MongoDB: one document each. A place is claimed cell by cell under one unique index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, WriteError

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.states import EXPECTED, OPEN, State
from imigr_guichet.errors import TooLate
from imigr_guichet.places import CELL_SECONDS
from imigr_guichet.ports.appointments import Command, Done, Outcome, Stored, Ties
from imigr_guichet.storage.collections import APPOINTMENTS
from imigr_guichet.storage.documents import (
    Document,
    appointment_document,
    appointment_of,
    command_row,
    rare_fields,
    stored_of,
)
from imigr_guichet.storage.occupancy import MongoOccupancy
from imigr_guichet.storage.plans import Stamp
from imigr_kit.clock import Clock
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.gathering import Gathering
from imigr_kit.mongo import not_after
from imigr_kit.outbox import new_document_fields, with_events

DIVIDED_BY_ZERO = 2
"""MongoDB's code (BadValue) for the error that claim provokes after its deadline."""
DUPLICATE_KEY = 11000
UNREAD = {"outbox": 0, "unsent": 0}
REFUSALS = {"key": Outcome.REPEATED, "contact": Outcome.CONTACT}
"""What a claim that exists already means, by its first word; any other is a place (or a link, which is as unlikely
as a guess of 128 bits)."""
BATCH = 50
WITHOUT_CONTACT: Document = {
    "$set": {"contact_id": None, "channel": None},
    "$pull": {"claims": {"$regex": "^(contact|quota):"}},
    "$currentDate": {"changed_at": True},
}
"""Every tie of an appointment to its contact is cut, in one write."""


class MongoAppointments:
    """``claims`` is an array under a unique index over the whole collection: a cell of five minutes of a desk, a
    command's key, a reference or a manage hash exists once. So a claim, a move and a release are one write each of
    one document, and the index refuses what overlaps, whoever comes first."""

    def __init__(
        self,
        db: Database[Document],
        stamp: Stamp,
        clock: Clock,
        reference_hash: Callable[[str], str],
        occupancy: MongoOccupancy,
    ) -> None:
        self._rows = db[APPOINTMENTS]
        self._gathering = Gathering(self._rows)
        self._reference_hash = reference_hash
        self._stamp = stamp
        self._clock = clock
        self._occupancy = occupancy

    def claim(self, appointment: Appointment, facts: Sequence[Fact], command: Command, ties: Ties) -> Outcome:
        """One upsert of a fresh id; see ports.appointments."""
        reference = self._reference_hash(appointment.id)
        row = appointment_document(appointment)
        row["commands"] = [command_row(command.key, _done(appointment, command, self._clock.now()))]
        row["claims"] = [f"key:{command.key}", f"manage:{ties.manage}", f"reference:{reference}"]
        row["claims"] += [_contact_day(one, appointment) for one in ties.contacts]
        row["claims"] += cells(appointment)
        row |= new_document_fields(self._stamp(facts))
        insertion = _insert(row, current().deadline)
        with self._occupancy.claiming(appointment):
            refusal = self._gathering.write(UpdateOne({"_id": appointment.id}, insertion, upsert=True))
            if refusal is None:
                self._occupancy.note(appointment)
        if refusal is not None:
            return _outcome(refusal)
        return Outcome.DONE

    def find(self, manage: str, municipality: str) -> Stored | None:
        """By the claims index."""
        return self._one({"claims": f"manage:{manage}", "municipality": municipality})

    def by_command(self, key: str) -> Stored | None:
        """By the claims index."""
        return self._one({"claims": f"key:{key}"})

    def by_reference(self, reference: str, municipality: str) -> Stored | None:
        """By the claims index."""
        return self._one({"claims": f"reference:{reference}", "municipality": municipality})

    def by_id(self, appointment_id: str) -> Stored | None:
        """By primary key."""
        return self._one({"_id": appointment_id, "kind": None})

    def change(
        self,
        stored: Stored,
        new: Appointment,
        facts: Sequence[Fact],
        command: Command,
        contacts: Sequence[str] = (),
    ) -> Outcome:
        """One update guarded by the version, and by the contact, which may be forgotten without a version; the unique
        index guards the place."""
        done = _done(new, command, self._clock.now())
        ties = [*stored.ties, *(_contact_day(one, new) for one in contacts), f"key:{command.key}"]
        update = _replacing(stored, new, ties)
        update["$push"] = {"commands": command_row(command.key, done)}
        before = stored.appointment
        query: Document = {"_id": new.id, "version": before.version, "contact_id": before.contact_id}
        if before.state is State.HELD and new.state is not State.EXPIRED:
            query["frees_at"] = {"$gt": self._clock.now()}
        try:
            written = self._rows.update_one(
                not_after(query, current().deadline), with_events(update, self._stamp(facts))
            )
        except DuplicateKeyError as error:
            outcome = _outcome(error.details or {})
            return Outcome.STALE if outcome is Outcome.REPEATED else outcome
        if not written.modified_count:
            return Outcome.STALE
        self._occupancy.note(new)
        return Outcome.DONE

    def forget_contact(self, appointment_id: str) -> None:
        """One update; whoever has read the row before finds it changed."""
        query = {"_id": appointment_id, "kind": None}
        self._rows.update_one(not_after(query, current().deadline), WITHOUT_CONTACT)

    def faded(self, appointment: Appointment, now: datetime) -> Sequence[Stored]:
        """By the claims index."""
        query = {"claims": {"$in": cells(appointment)}, "frees_at": {"$lte": now}}
        return [stored_of(row) for row in self._rows.find(query, UNREAD)]

    def free_cancelled(self, stored: Stored) -> None:
        """One update guarded by the version; when it fails somebody else has done it."""
        query = {"_id": stored.appointment.id, "version": stored.appointment.version}
        update = {"$set": {"claims": list(stored.ties), "occupies": False}, "$unset": {"frees_at": ""}}
        if self._rows.update_one(query, update | {"$currentDate": {"changed_at": True}}).modified_count:
            self._occupancy.note(replace(stored.appointment, frees_at=None))

    def of_day(self, guichet_id: str, day: date) -> Sequence[Appointment]:
        """One query."""
        rows = self._rows.find({"day": day.isoformat(), "guichet_id": guichet_id, "kind": None}, UNREAD)
        return sorted((appointment_of(row) for row in rows), key=lambda one: (one.start, one.desk))

    def open_from(self, guichet_id: str, day: date) -> Sequence[Stored]:
        """One range query."""
        states = [state.value for state in OPEN]
        query = {"day": {"$gte": day.isoformat()}, "guichet_id": guichet_id, "state": {"$in": states}, "kind": None}
        found = [stored_of(row) for row in self._rows.find(query, UNREAD)]
        return sorted(found, key=lambda one: (one.appointment.start, one.appointment.id))

    def stranded(self, guichet_id: str) -> Sequence[Appointment]:
        """By a partial index."""
        rows = self._rows.find({"stranded": {"$exists": True}, "guichet_id": guichet_id}, UNREAD)
        return sorted((appointment_of(row) for row in rows), key=lambda one: (one.start, one.id))

    def ended_holds(self, now: datetime) -> Sequence[Stored]:
        """By a partial index."""
        rows = self._rows.find({"frees_at": {"$lte": now}}, UNREAD).limit(BATCH)
        return [stored_of(row) for row in rows]

    def _one(self, query: Document) -> Stored | None:
        row = self._rows.find_one(query, UNREAD)
        return None if row is None else stored_of(row)


def cells(appointment: Appointment) -> list[str]:
    """What the appointment claims: every cell of its desk that it occupies, or its seat in a session; nothing when
    it has no place."""
    if not appointment.has_place:
        return []
    if appointment.session_id is not None:
        return [f"place:{appointment.session_id}:{appointment.seat}"]
    first = int(appointment.busy_from.timestamp()) // CELL_SECONDS
    last = -(-int(appointment.busy_until.timestamp()) // CELL_SECONDS)
    return [f"place:{appointment.guichet_id}:{appointment.desk}:{cell}" for cell in range(first, last)]


def _replacing(stored: Stored, new: Appointment, ties: list[str]) -> Document:
    contacts = [one.split(":")[1] for one in ties if one.startswith("contact:")]
    ties = [one for one in ties if not one.startswith("contact:")]
    if new.state in EXPECTED:
        # One appointment per contact and day: a cancelled one does not count, a moved one counts where it is.
        ties += [_contact_day(one, new) for one in contacts]
    row = {
        "state": new.state.value,
        "version": new.version,
        "desk": new.desk,
        "day": new.day.isoformat(),
        "start": new.start,
        "end": new.end,
        "contact_id": new.contact_id,
        "channel": new.channel,
        "message_language": new.message_language,
        "occupies": new.has_place and new.session_id is None,
        "claims": [*ties, *cells(new)],
    }
    rare = rare_fields(new)
    gone = {name: "" for name in rare_fields(stored.appointment) if name not in rare}
    update: Document = {"$set": row | rare, "$currentDate": {"changed_at": True}}
    return update | ({"$unset": gone} if gone else {})


def _contact_day(contact: str, appointment: Appointment) -> str:
    return f"contact:{contact}:{appointment.municipality}:{appointment.day}"


def _done(appointment: Appointment, command: Command, at: datetime) -> Done:
    return Done(
        command.body_hash,
        appointment.version,
        appointment.state.value,
        appointment.desk,
        appointment.start,
        appointment.end,
        command.by,
        at,
        appointment.frees_at if appointment.state is State.HELD else None,
    )


def _insert(row: Document, deadline: datetime | None) -> list[Document]:
    """A pipeline that makes the document, or fails when the server's clock has passed the deadline: an insert has
    no condition, and an upsert may not hold one in its query (docs/adr/0004)."""
    late: Any = {"$divide": [1, {"$subtract": [1, 1]}]}
    at = "$$NOW" if deadline is None else {"$cond": [{"$lt": ["$$NOW", deadline]}, "$$NOW", late]}
    return [{"$replaceWith": {"$mergeObjects": ["$$ROOT", {"$literal": row}, {"changed_at": at}]}}]


def _outcome(details: Mapping[str, Any]) -> Outcome:
    """What the refusal of a write means; raises TooLate, or the error itself when it is none of the expected."""
    if details["code"] == DIVIDED_BY_ZERO:
        raise TooLate(retry_after=1)
    if details["code"] != DUPLICATE_KEY:
        raise WriteError(str(details.get("errmsg")), details["code"], dict(details))
    claim = str(details.get("keyValue", {}).get("claims", ""))
    return REFUSALS.get(claim.partition(":")[0], Outcome.TAKEN)
