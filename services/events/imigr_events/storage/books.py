"""MongoDB: one document per event with its registrations, its command keys and its outbox."""

from __future__ import annotations

import builtins
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_events.domain import Book, Event, EventState, State, Work
from imigr_events.known import Known
from imigr_events.ports import Command, Envelope, Step, Stored, Taken
from imigr_events.sealing import ContactSeal
from imigr_events.storage.claims import OF, OlderClaims
from imigr_events.storage.rows import (
    COUNTS,
    EVENT_FIELDS,
    Document,
    event_document,
    event_of,
    hold_document,
    hold_of,
    registration_document,
    registration_of,
)
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import with_events

Stamp = Callable[[Iterable[Fact]], builtins.list[Document]]

EVENTS = "events"
INDEXES = (
    Index(EVENTS, [("claims", 1)], unique=True, name="claims"),
    Index(EVENTS, [("towns", 1), ("starts_at", 1), ("state", 1), ("ends_at", 1)], name="agenda_of_town"),
    Index(EVENTS, [("starts_at", 1), ("state", 1), ("ends_at", 1)], name="agenda_of_all"),
    Index(EVENTS, [("next_due", 1)], partial={"next_due": {"$exists": True}}, name="next_due"),
    Index(EVENTS, [("telling", 1)], partial={"telling": True}, name="telling"),
)
TOTAL_SECONDS = 1.0
MOST_KNOWN = 500
"""Events of lists that a process remembers at the change they had."""
STEPS_KEPT = 100
"""Answers of staff commands that an event keeps to say them again."""
PUBLIC = [str(one) for one in EventState if one not in (EventState.DRAFT, EventState.ARCHIVED)]
_EVENT = {"registrations": 0, "holds": 0, "claims": 0, "steps": 0, "outbox": 0, "answers": 0}
_ONE: Document = dict.fromkeys(EVENT_FIELDS, 1)
_BOOK = {"claims": 0, "steps": 0, "outbox": 0, "answers": 0}


class MongoEvents:
    """``claims`` is an array under a unique index over the whole collection: a command key or a manage hash exists
    once. Older claims lie in documents of their own beside the event (storage.claims), under the same index. ``change``
    counts the writes of a document, and a change is stored only if it was made from the last one; ``registrations``
    only grows until it is emptied for good, so positions stay."""

    def __init__(self, db: Database[Document], stamp: Stamp, seal: ContactSeal) -> None:
        self._events = db[EVENTS]
        self._seal = seal
        self._ends: dict[str, tuple[float, builtins.list[datetime]]] = {}
        self._known: Known[Event] = Known(MOST_KNOWN)
        self._claims = OlderClaims(self._events)
        self.stamp = stamp

    def get(self, event_id: str) -> Event | None:
        """Without the registrations."""
        row = self._events.find_one({"_id": event_id}, _EVENT)
        return None if row is None else event_of(row)

    def book(self, event_id: str) -> Book | None:
        """With all registrations."""
        row = self._events.find_one({"_id": event_id}, _BOOK)
        if row is None:
            return None
        holds = [hold_of(one) for one in row.get("holds", {}).values()]
        entries = [registration_of(one, self._seal) for one in row["registrations"]]
        return Book.of(event_of(row), entries, holds, row.get("next_due"))

    def change_of(self, event_id: str) -> int | None:
        """By its id."""
        row = self._events.find_one({"_id": event_id}, {"change": 1})
        return None if row is None else int(row["change"])

    def list(self, municipality: str | None, since: datetime, page: int, per_page: int) -> tuple[Sequence[Event], int]:
        """By the agenda index, which also counts."""
        query: Document = {"state": {"$in": PUBLIC}, "ends_at": {"$gt": since}}
        if municipality is not None:
            query["towns"] = municipality
        rows = self._events.find(query, {"change": 1}).sort([("starts_at", 1)])
        found = self._remembered(list(rows.skip((page - 1) * per_page).limit(per_page)))
        return found, len(found) if page == 1 and len(found) < per_page else self._total(municipality, since)

    def _remembered(self, rows: Sequence[Document]) -> builtins.list[Event]:
        """Events by id and change: those that are known at this change need not be read again."""
        known = {one["_id"]: self._known.get(one["_id"], one["change"]) for one in rows}
        missing = [name for name, event in known.items() if event is None]
        if missing:
            for row in self._events.find({"_id": {"$in": missing}}, _EVENT):
                event = event_of(row)
                known[event.id] = self._known.keep(event.id, event.change, event)
        return [event for event in known.values() if event is not None]

    def _total(self, municipality: str | None, since: datetime) -> int:
        """How many end after ``since``: counted in memory, since counting costs the database as much as a page does.
        What this process publishes or moves counts at once, what another does after a second."""
        read_at, ends = self._ends.get(municipality or "", (0.0, []))
        if time.monotonic() > read_at + TOTAL_SECONDS:
            query: Document = {"state": {"$in": PUBLIC}} | ({"towns": municipality} if municipality else {})
            ends = sorted(row["ends_at"] for row in self._events.find(query, {"_id": 0, "ends_at": 1}))
            self._ends[municipality or ""] = (time.monotonic(), ends)
        return len(ends) - bisect_right(ends, since)

    def list_all(self, municipality: str, page: int, per_page: int) -> tuple[Sequence[Event], int]:
        """By the index of a town."""
        query = {"towns": municipality}
        rows = self._events.find(query, _EVENT).sort([("starts_at", -1)])
        found = [event_of(row) for row in rows.skip((page - 1) * per_page).limit(per_page)]
        return found, self._events.count_documents(query)

    def add(self, event: Event, command: Command) -> bool:
        """Store a draft with the key of its command."""
        shell = {
            "registrations": [],
            "claims": [f"event:{event.id}", f"step:{command.key}"],
            "steps": [_step_row(Step(command, event))],
            "outbox": [],
        }
        try:
            self._events.insert_one(event_document(event) | shell)
        except DuplicateKeyError:
            return False
        return True

    def by_command(self, key: str) -> tuple[Event, str] | None:
        """By the claims index."""
        row = self._events.find_one({"claims": f"step:{key}"}, {"steps": {"$elemMatch": {"key": key}}})
        steps = [] if row is None else row.get("steps", [])
        return (event_of(steps[0]["event"]), steps[0]["body_hash"]) if steps else None

    def find(self, manage: str) -> Stored | None:
        """By the claims index."""
        shown = _ONE | {"registrations": {"$elemMatch": {"links": manage}}, OF: 1}
        row = self._events.find_one({"claims": f"manage:{manage}"}, shown)
        if row is not None and OF in row:
            row = self._events.find_one({"_id": row[OF]}, shown)
        if row is None or not row.get("registrations"):
            return None
        found = registration_of(row["registrations"][0], self._seal)
        position = self._position(row["_id"], found.id) if found.state is State.WAITING else None
        return Stored(event_of(row), found, position)

    def home(self, claim: str) -> str | None:
        """By the claims index."""
        row = self._events.find_one({"claims": claim}, {"_id": 1, OF: 1})
        return None if row is None else str(row.get(OF, row["_id"]))

    def answer_counts(self, event_id: str) -> dict[str, dict[str, int]]:
        """As they were counted, in the writes of the registrations."""
        row = self._events.find_one({"_id": event_id}, {"answers": 1})
        return {} if row is None else row.get("answers", {})

    def save(self, work: Work, envelopes: Sequence[Envelope], steps: Sequence[Step], deadline: datetime | None) -> bool:
        """Guarded by the change counter."""
        update = with_events(_update(work, steps, self._seal), envelopes)
        query = {"_id": work.event.id, "change": work.book.event.change}
        if work.event.version != work.book.event.version:
            self._ends.clear()
        try:
            is_stored = bool(self._events.update_one(not_after(query, deadline), update).matched_count)
        except DuplicateKeyError:
            raise Taken from None
        if is_stored:
            known = len(work.book.keys) + len(work.book.links)
            self._claims.grew(work.event.id, len(work.claims), known=known, is_over=work.is_archived)
        return is_stored

    def due(self, now: datetime) -> Sequence[str]:
        """By the indexes of those that wait for something."""
        for query in ({"next_due": {"$lte": now}}, {"telling": True}):
            found = [row["_id"] for row in self._events.find(query, {"_id": 1}).limit(100)]
            if found:
                return found
        return []

    def _position(self, event_id: str, registration_id: str) -> int:
        book = self.book(event_id)
        return book.line.index(registration_id) + 1 if book and registration_id in book.line else 0


def _update(work: Work, steps: Sequence[Step], seal: ContactSeal) -> Document:
    event, book = work.event, work.book
    due = work.next_due()
    sets: Document = work.counts()
    if event is not book.event:
        sets |= {name: value for name, value in event_document(event).items() if name not in (*COUNTS, "_id")}
    unset: Document = {f"holds.{one}": "" for one in work.dropped}
    if work.is_archived:
        sets |= {"registrations": [], "holds": {}, "claims": _kept_claims(work), "figures": _figures(work)}
        unset = {}
    else:
        sets |= _rows(work, seal) | {f"holds.{one.id}": hold_document(one) for one in work.holds.values()}
    (sets if due else unset)["next_due"] = due or ""
    (sets if event.notices else unset)["telling"] = True
    claims = [*work.claims, *(f"step:{one.command.key}" for one in steps)]
    push: Document = {"claims": {"$each": claims}} if claims and not work.is_archived else {}
    if steps:
        push["steps"] = {"$each": [_step_row(one) for one in steps], "$slice": -STEPS_KEPT}
    increments = {"change": 1} | {f"answers.{name}": number for name, number in work.answers.items()}
    update: Document = {"$set": sets, "$inc": increments}
    if event.version != book.event.version:
        update["$currentDate"] = {"changed_at": True}
    return update | ({"$push": push} if push else {}) | ({"$unset": unset} if unset else {})


def _rows(work: Work, seal: ContactSeal) -> Document:
    """Changed registrations at their positions, new ones behind the last."""
    numbers, rows = work.book.numbers, {}
    following = len(numbers)
    for one in work.changed.values():
        number = numbers.get(one.id)
        if number is None:
            number, following = following, following + 1
        rows[f"registrations.{number}"] = registration_document(one, seal)
    return rows


def _kept_claims(work: Work) -> builtins.list[str]:
    return [f"event:{work.event.id}"]


def _figures(work: Work) -> dict[str, int]:
    """What is kept of registrations in the end: how many, by state."""
    return dict(Counter(str(one.state) for one in work.entries()))


def _step_row(step: Step) -> Document:
    return {"key": step.command.key, "body_hash": step.command.body_hash, "event": event_document(step.event)}
