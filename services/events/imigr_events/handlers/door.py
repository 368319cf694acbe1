"""Tickets and doors: what a holder shows, what a device may do, and who came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from imigr_events.domain import Event, Registration, tickets, wire_time
from imigr_events.domain.attendance import Attendance, Scan, attendance_id
from imigr_events.domain.sittings import Sitting, has_places, may_enter, sittings
from imigr_events.domain.tickets import Ticket
from imigr_events.errors import Busy, NoTicket, UnknownEvent, UnknownRegistration
from imigr_events.handlers.desk import READERS, TRIES, Desk
from imigr_events.ports import Book
from imigr_kit.access import require
from imigr_kit.facts import Fact

GOOD_AFTER_END = timedelta(days=2)
"""Until when a ticket is good, so that an event which lasts longer than planned lets people in."""
MOST_AHEAD = timedelta(minutes=5)
"""By how much the clock of a device may be ahead of ours."""
MOST_WALK_INS = 50


class Signer(Protocol):
    """Signs and verifies by purpose."""

    key_id: str

    def sign(self, purpose: bytes, body: bytes) -> bytes:
        """A signature of 64 octets."""
        ...

    def verify(self, signing_key_id: str, purpose: bytes, body: bytes, signature: bytes) -> bool:
        """Whether one of our keys made it."""
        ...

    def public_keys(self) -> dict[str, str]:
        """In base64 by their id."""
        ...


class AttendanceBook(Protocol):
    """Records of who came in; each is one document, and a scan exists once."""

    def find(self, record_id: str) -> Attendance | None:
        """One record."""
        ...

    def by_scan(self, scan_id: str) -> Attendance | None:
        """The record that a scan belongs to, undone or not."""
        ...

    def by_correction(self, key: str) -> Attendance | None:
        """The record that a command has corrected."""
        ...

    def add(self, record: Attendance, facts: Sequence[Fact]) -> bool:
        """Store a new record; false when the record or its scan exists."""
        ...

    def replace(self, old: Attendance, new: Attendance, facts: Sequence[Fact]) -> bool:
        """Store a change if the record is still ``old``; false when it is not, or its scan or key exists elsewhere."""
        ...

    def of_event(self, event_id: str) -> Sequence[Attendance]:
        """All records of an event, by entry."""
        ...

    def of_registration(self, event_id: str, registration_id: str) -> Sequence[Attendance]:
        """The records of one registration."""
        ...


@dataclass(frozen=True)
class Door:
    """What these use cases work with."""

    desk: Desk
    attendance: AttendanceBook
    signer: Signer


@dataclass(frozen=True)
class Shown:
    """What a device tells of one look: a ticket, a reference, or people who have neither. ``at`` is None when the
    server is asked at once."""

    id: str
    sitting_id: str
    ticket: str | None
    reference: str | None
    people: int | None
    door: str
    scanner: str
    at: datetime | None
    body_hash: str


class Refused(Exception):
    """This one is not let in; the reason is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def get_ticket(door: Door, municipality: str, manage_hash: str) -> dict[str, Any]:
    """The ticket of the registration behind a manage link. Raises NoTicket while it has no places."""
    stored = door.desk.events.find(door.desk.hashed("manage", manage_hash))
    if stored is None or stored.event.municipality != municipality:
        raise UnknownRegistration
    event, registration = stored.event, stored.registration
    if not has_places(registration):
        raise NoTicket(params={"state": str(registration.state)})
    ticket = Ticket(door.signer.key_id, event.id, registration.id, registration.places, good_until(event))
    return {
        "ticket": tickets.written(ticket, door.signer.sign(tickets.PURPOSE, ticket.body())),
        "ticket_id": ticket.id,
        "municipality": municipality,
        "event_id": event.id,
        "reference": door.desk.reference(registration.id),
        "places": registration.places,
        "good_until": wire_time(ticket.good_until),
        "title": dict(event.title),
        "place": dict(event.place),
        "address": dict(event.address),
        "timezone": event.timezone,
        "demonstration": event.demonstration,
        "sessions": [_session(one) for one in sittings(event) if may_enter(registration, one.id)],
    }


def good_until(event: Event) -> datetime:
    """The end of the last sitting and a little more; whole seconds, as tickets count."""
    last = max(one.ends_at for one in sittings(event))
    return (last + GOOD_AFTER_END).replace(microsecond=0)


def cancelled_tickets(door: Door, event_id: str) -> dict[str, Any]:
    """For devices without a network: ids of tickets that no longer open this event's doors."""
    book = door.desk.events.book(event_id)
    if book is None or book.event.state == "draft":
        raise UnknownEvent(params={"event_id": event_id})
    gone = sorted(tickets.ticket_id(one.id) for one in book.registrations if not has_places(one))
    return {"event_id": event_id, "municipality": book.event.municipality, "cancelled": gone}


def record_scans(
    door: Door, actor: Mapping[str, Any], municipality: str, event_id: str, shown: Sequence[Shown]
) -> list[dict[str, Any]]:
    """Let in who may come in, one answer for each look, in order. The same look again has the same effect: none."""
    book = _book(door, actor, municipality, event_id)
    return [_outcome(door, book, one) for one in shown]


def get_attendance(door: Door, actor: Mapping[str, Any], municipality: str, event_id: str) -> dict[str, Any]:
    """Counts by sitting, and every ticket that was shown more than once: which door and when, and no name."""
    book = _book(door, actor, municipality, event_id)
    told = door.attendance.of_event(event_id)
    records = [one for one in told if not one.is_undone]
    expected = [one for one in book.registrations if has_places(one)]
    return {
        "event_id": event_id,
        "sessions": [_counted(one, records, expected) for one in sittings(book.event)],
        "duplicates": [_duplicate(door, one) for one in records if len(one.scans) > 1],
        "corrections": [line for one in told for line in corrections_out(door, one)],
    }


def _book(door: Door, actor: Mapping[str, Any], municipality: str, event_id: str) -> Book:
    require(actor, READERS, municipality)
    book = door.desk.events.book(event_id)
    if book is None or book.event.municipality != municipality:
        raise UnknownEvent(params={"event_id": event_id})
    return book


def _outcome(door: Door, book: Book, shown: Shown) -> dict[str, Any]:
    try:
        record = _recorded(door, book, shown)
    except Refused as refused:
        return {"id": shown.id, "outcome": "refused", "reason": refused.reason}
    scan = record.scan(shown.id)
    answer = {"id": shown.id, "people": record.people, "entered_at": wire_time(record.entry.at)}
    if scan is record.entry:
        return answer | {"outcome": "accepted", "also_shown": [_at(one) for one in record.scans[1:]]}
    return answer | {"outcome": "duplicate", "first": _at(record.entry)}


def _recorded(door: Door, book: Book, shown: Shown) -> Attendance:
    now = door.desk.clock.now()
    sitting = _sitting(book.event, shown, now)
    registration = _registration(door, book, shown, now)
    people = _people(registration, shown)
    if registration is not None and not may_enter(registration, sitting.id):
        raise Refused("other_session")
    how = "walk_in" if registration is None else "ticket" if shown.ticket else "reference"
    scan = Scan(shown.id, shown.at or now, shown.door, shown.scanner, shown.at is None, shown.body_hash)
    event = book.event
    record_id = attendance_id(event.id, sitting.id, registration.id if registration else f"scan:{shown.id}")
    for _ in range(TRIES):
        known = door.attendance.by_scan(shown.id)
        if known is not None:
            return _repeated(known, shown)
        record = door.attendance.find(record_id)
        if record is None:
            who = registration.id if registration else None
            fresh = Attendance(record_id, event.municipality, event.id, sitting.id, who, people, how, (scan,), 1)
            if door.attendance.add(fresh, fresh.facts()):
                return fresh
        else:
            changed, facts = record.with_scan(scan)
            if door.attendance.replace(record, changed, facts):
                return changed
    raise Busy(retry_after=1)


def _repeated(known: Attendance, shown: Shown) -> Attendance:
    scan = known.scan(shown.id)
    if scan is None or scan.body_hash != shown.body_hash:
        raise Refused("scan_id_reused")
    if scan in known.undone:
        raise Refused("undone")
    return known


def _sitting(event: Event, shown: Shown, now: datetime) -> Sitting:
    found = next((one for one in sittings(event) if one.id == shown.sitting_id), None)
    if found is None:
        raise Refused("unknown_session")
    if found.is_cancelled or event.state == "cancelled":
        raise Refused("session_cancelled")
    if shown.at is not None and shown.at > now + MOST_AHEAD:
        raise Refused("clock_ahead")
    if not found.takes_people_at(shown.at or now):
        raise Refused("outside_session")
    return found


def _registration(door: Door, book: Book, shown: Shown, now: datetime) -> Registration | None:
    """Whose look it is; None for people without a registration. Raises Refused."""
    if shown.ticket is not None:
        wanted = _verified(door, book.event, shown.ticket, shown.at or now)
        found = next((one for one in book.registrations if one.id == wanted), None)
    elif shown.reference is not None:
        same = (one for one in book.registrations if door.desk.reference(one.id) == shown.reference)
        found = next(same, None)
    else:
        return None
    if found is None:
        raise Refused("unknown")
    if not has_places(found):
        raise Refused("cancelled" if found.state == "cancelled" else "no_places")
    return found


def _verified(door: Door, event: Event, text: str, now: datetime) -> str:
    try:
        ticket, signature = tickets.read(text)
    except tickets.Unreadable:
        raise Refused("unreadable") from None
    if not door.signer.verify(ticket.key_id, tickets.PURPOSE, ticket.body(), signature):
        raise Refused("forged")
    reason = tickets.fault(ticket, event.id, now, ())
    if reason is not None:
        raise Refused(reason)
    return ticket.registration_id


def _people(registration: Registration | None, shown: Shown) -> int:
    most = MOST_WALK_INS if registration is None else registration.places
    people = shown.people if shown.people is not None else (1 if registration is None else most)
    if people > most:
        raise Refused("too_many_people")
    return people


def _counted(sitting: Sitting, records: Sequence[Attendance], expected: Sequence[Registration]) -> dict[str, Any]:
    here = [one for one in records if one.sitting_id == sitting.id]
    registered = [one for one in here if one.registration_id is not None]
    coming = [one for one in expected if may_enter(one, sitting.id)]
    return _session(sitting) | {
        "expected_registrations": len(coming),
        "expected_people": sum(one.places for one in coming),
        "entered_registrations": len(registered),
        "entered_people": sum(one.people for one in registered),
        "walk_in_people": sum(one.people for one in here if one.registration_id is None),
        "duplicates": sum(len(one.scans) - 1 for one in here),
    }


def _duplicate(door: Door, record: Attendance) -> dict[str, Any]:
    return {
        "reference": door.desk.reference(record.registration_id) if record.registration_id else None,
        "session_id": record.sitting_id,
        "entry": _at(record.entry),
        "shown_again": [_at(one) for one in record.scans[1:]],
    }


def corrections_out(door: Door, record: Attendance) -> list[dict[str, Any]]:
    """What was made right of an entry: when, why and by whom in staff; nobody who came is named."""
    return [
        {
            "reference": door.desk.reference(record.registration_id) if record.registration_id else None,
            "session_id": record.sitting_id,
            "at": wire_time(one.at),
            "by": one.by,
            "reason": str(one.reason),
            "people_before": one.people_before,
            "people": one.people,
        }
        for one in record.corrections
    ]


def _at(scan: Scan) -> dict[str, str]:
    return {"at": wire_time(scan.at), "door": scan.door, "scanner": scan.scanner}


def _session(one: Sitting) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": dict(one.title),
        "starts_at": wire_time(one.starts_at),
        "ends_at": wire_time(one.ends_at),
        "state": "cancelled" if one.is_cancelled else "planned",
    }
