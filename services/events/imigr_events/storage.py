"""MongoDB: one document per event with its registrations, its command keys and its outbox."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_events import handlers
from imigr_events.domain import Event, EventState, Registration, State
from imigr_events.ports import Book, Command, Stored
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

EVENTS = "events"
INDEXES = (
    Index(EVENTS, [("claims", 1)], unique=True, name="claims"),
    Index(EVENTS, [("municipality", 1), ("state", 1), ("starts_at", 1)], name="agenda"),
)
_PUBLIC = {"registrations": 0, "claims": 0, "outbox": 0, "unsent": 0}


class MongoEvents:
    """``claims`` is an array under a unique index over the whole collection: a command key or a manage hash
    exists once. ``change`` counts the writes of a document and guards every read-then-write."""

    def __init__(self, db: Database[Document], stamp: Stamp, reference_hash: Callable[[str], str]) -> None:
        self._events = db[EVENTS]
        self._stamp = stamp
        self._reference_hash = reference_hash

    def get(self, event_id: str) -> Event | None:
        """Without the registrations."""
        row = self._events.find_one({"_id": event_id}, _PUBLIC)
        return None if row is None else event_of(row)

    def book(self, event_id: str) -> Book | None:
        """With all registrations."""
        row = self._events.find_one({"_id": event_id}, {"outbox": 0, "claims": 0})
        return None if row is None else Book(event_of(row), tuple(registration_of(one) for one in row["registrations"]))

    def list(self, municipality: str | None, since: datetime, page: int, per_page: int) -> tuple[Sequence[Event], int]:
        """By the agenda index."""
        query: Document = {"state": str(EventState.PUBLISHED), "ends_at": {"$gt": since}}
        if municipality is not None:
            query["municipality"] = municipality
        rows = self._events.find(query, _PUBLIC).sort([("starts_at", 1), ("_id", 1)])
        found = [event_of(row) for row in rows.skip((page - 1) * per_page).limit(per_page)]
        return found, self._events.count_documents(query)

    def add(self, event: Event, command: Command) -> bool:
        """Store a draft with the key of its command."""
        shell = {
            "registrations": [],
            "claims": [f"event:{event.id}", f"key:{command.key}"],
            "created_by": {"key": command.key, "body_hash": command.body_hash},
            "outbox": [],
        }
        try:
            self._events.insert_one(event_document(event) | shell)
        except DuplicateKeyError:
            return False
        return True

    def by_command(self, key: str) -> tuple[Event, str] | None:
        """By the claims index."""
        row = self._events.find_one({"claims": f"key:{key}", "created_by.key": key}, _PUBLIC)
        return None if row is None else (event_of(row), row["created_by"]["body_hash"])

    def replace(self, old: Event, new: Event, facts: Sequence[Fact]) -> bool:
        """Public data and state, guarded by the version."""
        body = event_document(new)
        for name in ("_id", "taken", "change"):
            del body[name]
        update = with_events({"$set": body, "$inc": {"change": 1}}, self._stamp(facts))
        query = not_after({"_id": old.id, "version": old.version}, current().deadline)
        return bool(self._events.update_one(query, update).modified_count)

    def claim(
        self, event: Event, registration: Registration, facts: Sequence[Fact], command: Command, manage: str
    ) -> bool:
        """Only if the places are free. Those who wait do not fit into what is free, or they would have it."""
        query = {"taken": {"$lte": event.capacity - registration.places}, "capacity": event.capacity}
        return self._push(event, registration, facts, command, manage, query, registration.places)

    def enqueue(
        self, event: Event, registration: Registration, facts: Sequence[Fact], command: Command, manage: str
    ) -> bool:
        """Only if the places are not free."""
        query = {"taken": {"$gt": event.capacity - registration.places}, "capacity": event.capacity}
        return self._push(event, registration, facts, command, manage, query, 0)

    def find(self, manage: str) -> Stored | None:
        """By the claims index."""
        return self._one(f"manage:{manage}", lambda row: row["manage"] == manage)

    def registered(self, key: str) -> Stored | None:
        """By the claims index."""
        return self._one(f"key:{key}", lambda row: any(one["key"] == key for one in row["answers"]))

    def settle(
        self, book: Book, changed: Sequence[Registration], facts: Sequence[Fact], command: Command, said: Document
    ) -> bool:
        """Positions are those of the book that was read; the change counter sees to it that they still hold."""
        positions = {one.id: number for number, one in enumerate(book.registrations)}
        before = {one.id: one for one in book.registrations}
        sets: Document = {}
        taken = 0
        for one in changed:
            at = f"registrations.{positions[one.id]}"
            sets |= {f"{at}.state": str(one.state), f"{at}.version": one.version}
            taken += _held(one) - _held(before[one.id])
        asked = f"registrations.{positions[changed[0].id]}.answers"
        update = with_events(
            {"$set": sets, "$inc": {"taken": taken, "change": 1}, "$push": {asked: _answer_row(command, said)}},
            self._stamp(facts),
        )
        query = {"_id": book.event.id, "change": book.event.change}
        return bool(self._events.update_one(not_after(query, current().deadline), update).modified_count)

    def _push(
        self,
        event: Event,
        registration: Registration,
        facts: Sequence[Fact],
        command: Command,
        manage: str,
        only_if: Document,
        places: int,
    ) -> bool:
        said = handlers.answer(event, registration, None)
        row = asdict(registration) | {
            "state": str(registration.state),
            "manage": manage,
            "answers": [_answer_row(command, said)],
        }
        claims = [f"key:{command.key}", f"manage:{manage}", f"ref:{self._reference_hash(registration.id)}"]
        update = with_events(
            {"$push": {"registrations": row, "claims": {"$each": claims}}, "$inc": {"taken": places, "change": 1}},
            self._stamp(facts),
        )
        query = {"_id": event.id, "state": str(EventState.PUBLISHED), "claims": {"$ne": claims[0]}} | only_if
        try:
            return bool(self._events.update_one(not_after(query, current().deadline), update).modified_count)
        except DuplicateKeyError:
            return False

    def _one(self, claim: str, wanted: Callable[[Document], bool]) -> Stored | None:
        row = self._events.find_one({"claims": claim}, {"outbox": 0, "claims": 0})
        if row is None:
            return None
        waiting: builtins.list[str] = []
        for one in row["registrations"]:
            if one["state"] == State.WAITING:
                waiting.append(one["id"])
            if wanted(one):
                position = len(waiting) if one["state"] == State.WAITING else None
                answers = {a["key"]: (a["body_hash"], a["said"]) for a in one["answers"]}
                return Stored(event_of(row), registration_of(one), position, answers)
        return None


def event_document(event: Event) -> Document:
    """An event as kept, without its registrations."""
    row = {one.name: getattr(event, one.name) for one in fields(event) if one.name != "id"}
    return row | {
        "_id": event.id,
        "title": dict(event.title),
        "summary": dict(event.summary),
        "place": dict(event.place),
        "address": dict(event.address),
        "location": dict(event.location) if event.location else None,
        "languages": list(event.languages),
        "state": str(event.state),
    }


def event_of(row: Document) -> Event:
    """The event in a document."""
    names = {one.name for one in fields(Event)} - {"id"}
    values = {name: row[name] for name in names if name in row}
    return Event(
        **values
        | {
            "id": row["_id"],
            "starts_at": row["starts_at"].astimezone(UTC),
            "ends_at": row["ends_at"].astimezone(UTC),
            "languages": tuple(row["languages"]),
            "state": EventState(row["state"]),
        }
    )


def registration_of(row: Document) -> Registration:
    """The registration in an embedded row."""
    names = {one.name for one in fields(Registration)}
    return Registration(**{name: row[name] for name in names} | {"state": State(row["state"])})


def _held(registration: Registration) -> int:
    return registration.places if registration.state is State.CONFIRMED else 0


def _answer_row(command: Command, said: Document) -> Document:
    return {"key": command.key, "body_hash": command.body_hash, "said": said}
