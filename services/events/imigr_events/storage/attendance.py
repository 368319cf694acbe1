"""MongoDB: who came in; one document for each registration and sitting, with its scans and its outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_events.domain.attendance import Attendance, Correction, Mistake, Scan
from imigr_events.storage.rows import Document
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import new_document_fields, with_events

ATTENDANCE = "attendance"
ATTENDANCE_INDEXES = (
    Index(ATTENDANCE, [("scans.id", 1)], unique=True, name="scans"),
    Index(ATTENDANCE, [("undone.id", 1)], partial={"undone.id": {"$exists": True}}, name="undone"),
    Index(
        ATTENDANCE,
        [("corrections.key", 1)],
        unique=True,
        partial={"corrections.key": {"$exists": True}},
        name="corrections",
    ),
    Index(ATTENDANCE, [("event_id", 1), ("registration_id", 1)], name="event"),
)
_HIDDEN = {"outbox": 0, "unsent": 0}


class MongoAttendance:
    """The id of a record follows from event, sitting and registration, so a second entry has no place; a scan's id
    is unique over all records."""

    def __init__(self, db: Database[Document], stamp: Callable[[Iterable[Fact]], list[Document]]) -> None:
        self._records = db[ATTENDANCE]
        self._stamp = stamp

    def find(self, record_id: str) -> Attendance | None:
        """By id."""
        row = self._records.find_one({"_id": record_id}, _HIDDEN)
        return None if row is None else _record(row)

    def by_scan(self, scan_id: str) -> Attendance | None:
        """By the indexes of scans and of undone ones."""
        for name in ("scans.id", "undone.id"):
            row = self._records.find_one({name: scan_id}, _HIDDEN)
            if row is not None:
                return _record(row)
        return None

    def by_correction(self, key: str) -> Attendance | None:
        """By the unique index of corrections."""
        row = self._records.find_one({"corrections.key": key}, _HIDDEN)
        return None if row is None else _record(row)

    def add(self, record: Attendance, facts: Sequence[Fact]) -> bool:
        """One insert with its event."""
        row = asdict(record) | {"_id": record.id, "scans": [asdict(one) for one in record.scans]}
        for name in ("id", "undone", "corrections"):
            del row[name]
        try:
            self._records.insert_one(row | new_document_fields(self._stamp(facts)))
        except DuplicateKeyError:
            return False
        return True

    def replace(self, old: Attendance, new: Attendance, facts: Sequence[Fact]) -> bool:
        """Guarded by the version."""
        changed = {"scans": [asdict(one) for one in new.scans], "version": new.version, "people": new.people}
        if new.corrections:
            changed["undone"] = [asdict(one) for one in new.undone]
            changed["corrections"] = [asdict(one) | {"reason": str(one.reason)} for one in new.corrections]
        update = with_events({"$set": changed}, self._stamp(facts))
        query = not_after({"_id": old.id, "version": old.version}, current().deadline)
        try:
            return bool(self._records.update_one(query, update).modified_count)
        except DuplicateKeyError:
            return False

    def of_event(self, event_id: str) -> Sequence[Attendance]:
        """By entry."""
        found = [_record(row) for row in self._records.find({"event_id": event_id}, _HIDDEN)]
        return sorted(found, key=lambda one: (one.entry.at, one.id))

    def of_registration(self, event_id: str, registration_id: str) -> Sequence[Attendance]:
        """By the index of events."""
        query = {"event_id": event_id, "registration_id": registration_id}
        return [_record(row) for row in self._records.find(query, _HIDDEN)]


def _record(row: Document) -> Attendance:
    values = {name: value for name, value in row.items() if name not in {"_id", "outbox", "unsent"}}
    corrections = tuple(
        Correction(**one | {"at": one["at"].astimezone(UTC), "reason": Mistake(one["reason"])})
        for one in row.get("corrections", ())
    )
    found = {"scans": _scans(row["scans"]), "undone": _scans(row.get("undone", ())), "corrections": corrections}
    return Attendance(**values | found | {"id": row["_id"]})


def _scans(rows: Iterable[Document]) -> tuple[Scan, ...]:
    return tuple(Scan(**one | {"at": one["at"].astimezone(UTC)}) for one in rows)
