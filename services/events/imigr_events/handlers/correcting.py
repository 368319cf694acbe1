"""Check-ins made right on the day: somebody else's ticket was scanned, or another number of people came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from imigr_events.domain import wire_time
from imigr_events.domain.attendance import Attendance, Correction, Mistake, attendance_id
from imigr_events.errors import Busy, InvalidInput, NotTheSameDay, UnknownEntry, UnknownEvent
from imigr_events.handlers.desk import READERS, TRIES
from imigr_events.handlers.door import MOST_WALK_INS, Door, corrections_out
from imigr_events.ports import Book, Command
from imigr_kit.access import require
from imigr_kit.errors import FieldError


@dataclass(frozen=True)
class Wrong:
    """Which entry is wrong: that of a registration (by its spoken reference) in a session, or the one that a scan
    belongs to; and how many people came in truth, none of them being 0."""

    sitting_id: str
    reference: str | None
    scan_id: str | None
    people: int
    reason: Mistake


def correct_attendance(
    door: Door, actor: Mapping[str, Any], place: tuple[str, str], wrong: Wrong, command: Command
) -> dict[str, Any]:
    """Make an entry right, on the day it was noted, in the event's own time zone. ``place`` is the town and the event.
    The line of who did it stays with the entry. Raises UnknownEntry, NotTheSameDay, KeyReused."""
    municipality, event_id = place
    require(actor, READERS, municipality)
    book = door.desk.events.book(event_id)
    if book is None or book.event.municipality != municipality:
        raise UnknownEvent(params={"event_id": event_id})
    key = door.desk.hashed("correction", command.key)
    for _ in range(TRIES):
        earlier = door.attendance.by_correction(key)
        if earlier is not None:
            return _again(door, earlier, key, command)
        record = _record(door, book, wrong)
        _check(door, book, record, wrong)
        now = door.desk.clock.now()
        by = f"{actor['kind']}:{actor['id']}"
        line = Correction(key, command.body_hash, now, by, wrong.reason, record.people, wrong.people)
        changed, facts = record.corrected(line)
        if door.attendance.replace(record, changed, facts):
            return _out(door, changed, line)
    raise Busy(retry_after=1)


def _record(door: Door, book: Book, wrong: Wrong) -> Attendance:
    if wrong.scan_id is not None:
        found = door.attendance.by_scan(wrong.scan_id)
    else:
        who = next((one.id for one in book.registrations if door.desk.reference(one.id) == wrong.reference), None)
        found = door.attendance.find(attendance_id(book.event.id, wrong.sitting_id, who)) if who else None
    if found is None or found.event_id != book.event.id or found.is_undone:
        raise UnknownEntry
    return found


def _check(door: Door, book: Book, record: Attendance, wrong: Wrong) -> None:
    zone = ZoneInfo(book.event.timezone)
    if record.entry.at.astimezone(zone).date() != door.desk.clock.now().astimezone(zone).date():
        raise NotTheSameDay
    if wrong.people > _most(book, record):
        raise InvalidInput(fields=[FieldError("people", "too_many_people", "more than the registration is for")])


def _most(book: Book, record: Attendance) -> int:
    registration = book.entries.get(record.registration_id or "")
    return MOST_WALK_INS if registration is None else registration.places


def _again(door: Door, record: Attendance, key: str, command: Command) -> dict[str, Any]:
    line = next(one for one in record.corrections if one.key == key)
    command.must_be(line.body_hash)
    return _out(door, record, line)


def _out(door: Door, record: Attendance, line: Correction) -> dict[str, Any]:
    """The correction as it was made, whatever came later."""
    told = corrections_out(door, record)[record.corrections.index(line)]
    return told | {"event_id": record.event_id, "entered_at": wire_time(record.entry.at)}
