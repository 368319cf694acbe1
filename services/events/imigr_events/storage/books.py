"""MongoDB: one document per event with its registrations, its command keys and its outbox."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_events import handlers
from imigr_events.domain import Event, EventState, Registration, State
from imigr_events.ports import Book, Command, Stored
from imigr_events.storage.rows import Document, event_document, event_of, registration_of
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import with_events

Stamp = Callable[[Iterable[Fact]], list[Document]]

EVENTS = "events"
INDEXES = (
    Index(EVENTS, [("claims", 1)], unique=True, name="claims"),
    Index(EVENTS, [("municipality", 1), ("state", 1), ("starts_at", 1)], name="agenda"),
    Index(EVENTS, [("state", 1), ("starts_at", 1)], name="whole_agenda"),
    Index(EVENTS, [("ending", 1)], partial={"ending": True}, name="ending"),
)
MOST_REGISTRATIONS = 6_000
"""Of one event, cancelled ones included: about a kilobyte each, in a document that may hold 16 megabytes."""
_PUBLIC = {"registrations": 0, "claims": 0, "steps": 0, "outbox": 0, "unsent": 0}
_BOOK = {"registrations.answers": 0, "claims": 0, "steps": 0, "outbox": 0}


class MongoEvents:
    """``claims`` is an array under a unique index over the whole collection: a command key, a manage hash or a
    reference exists once. MongoDB does not look for doubles inside one document, so every write asks for that
    itself. ``change`` counts the writes of a document; ``registrations`` only grows, so positions stay."""

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
        row = self._events.find_one({"_id": event_id}, _BOOK)
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
            "claims": [f"event:{event.id}", f"step:{command.key}"],
            "steps": [_step_row(event, command)],
            "outbox": [],
        }
        try:
            self._events.insert_one(event_document(event) | shell)
        except DuplicateKeyError:
            return False
        return True

    def by_command(self, key: str) -> tuple[Event, str] | None:
        """By the claims index."""
        row = self._events.find_one({"claims": f"step:{key}"}, {"steps": 1})
        steps = [] if row is None else [one for one in row["steps"] if one["key"] == key]
        return (event_of(steps[0]["event"]), steps[0]["body_hash"]) if steps else None

    def replace(self, old: Event, new: Event, facts: Sequence[Fact], command: Command) -> bool:
        """Public data and state, guarded by the version. An event that is called off is marked as ``ending``."""
        body = event_document(new)
        for name in ("_id", "taken", "change"):
            del body[name]
        if new.state is EventState.CANCELLED:
            body["ending"] = True
        step = f"step:{command.key}"
        update = with_events(
            {
                "$set": body,
                "$inc": {"change": 1},
                "$push": {"claims": step, "steps": _step_row(new, command)},
                "$currentDate": {"changed_at": True},
            },
            self._stamp(facts),
        )
        query = {"_id": old.id, "version": old.version, "claims": {"$ne": step}}
        try:
            return bool(self._events.update_one(not_after(query, current().deadline), update).modified_count)
        except DuplicateKeyError:
            return False

    def end(self, book: Book, ended: Sequence[Registration], facts: Sequence[Fact], last: bool) -> bool:
        """Guarded by the change counter."""
        sets, _, taken = _rows(book, ended)
        update: Document = {"$set": sets} if sets else {}
        update |= {"$inc": {"taken": taken, "change": 1}} | ({"$unset": {"ending": ""}} if last else {})
        query = {"_id": book.event.id, "change": book.event.change}
        with_facts = with_events(update, self._stamp(facts))
        return bool(self._events.update_one(not_after(query, current().deadline), with_facts).modified_count)

    def ending(self) -> Sequence[str]:
        """By the index of those that are marked."""
        return [row["_id"] for row in self._events.find({"ending": True}, {"_id": 1}).limit(100)]

    def claim(
        self, event: Event, registration: Registration, facts: Sequence[Fact], command: Command, manage: str
    ) -> bool:
        """Only if the places are free. Those who wait do not fit into what is free, or they would have it."""
        row, claims = self._row(event, registration, command, manage)
        update = with_events(
            {
                "$push": {"registrations": row, "claims": {"$each": claims}},
                "$inc": {"taken": registration.places, "change": 1},
            },
            self._stamp(facts),
        )
        free = {"$lte": event.capacity - registration.places}
        query = not_after(_standing(event, claims) | {"taken": free}, current().deadline)
        try:
            return bool(self._events.update_one(query, update).modified_count)
        except DuplicateKeyError:
            return False

    def enqueue(
        self, event: Event, registration: Registration, facts: Sequence[Fact], command: Command, manage: str
    ) -> int | None:
        """Only if the places are not free. The server counts who waits, so the position is part of the same
        write and of the stored answer."""
        row, claims = self._row(event, registration, command, manage)
        update = _at_the_end(row, claims, self._stamp(facts))
        free = {"$gt": event.capacity - registration.places}
        query = not_after(_standing(event, claims) | {"taken": free}, current().deadline)
        shown = {"position": {"$last": "$registrations.answers.said.waiting_position"}}
        try:
            found = self._events.find_one_and_update(query, update, shown, return_document=ReturnDocument.AFTER)
        except DuplicateKeyError:
            return None
        return None if found is None else int(found["position"][0])

    def is_crowded(self, event_id: str) -> bool:
        """By the position of the last row that is allowed."""
        last = {"_id": event_id, f"registrations.{MOST_REGISTRATIONS - 1}": {"$exists": True}}
        return self._events.find_one(last, {"_id": 1}) is not None

    def find(self, manage: str) -> Stored | None:
        """By the claims index."""
        return self._one(f"manage:{manage}", lambda row: row["manage"] == manage)

    def registered(self, key: str) -> Stored | None:
        """By the claims index."""
        return self._one(f"key:{key}", lambda row: any(one["key"] == key for one in row["answers"]))

    def settle(
        self, book: Book, changed: Sequence[Registration], facts: Sequence[Fact], command: Command, said: Document
    ) -> bool:
        """Guarded by what the choice was made from, and by no more: see _same_choice."""
        sets, rows, taken = _rows(book, changed)
        position = next(number for number, one in enumerate(book.registrations) if one.id == changed[0].id)
        asked = f"registrations.{position}.answers"
        update = with_events(
            {"$set": sets, "$inc": {"taken": taken, "change": 1}, "$push": {asked: _answer_row(command, said)}},
            self._stamp(facts),
        )
        query = {"_id": book.event.id, "version": book.event.version} | rows | _same_choice(book, taken)
        return bool(self._events.update_one(not_after(query, current().deadline), update).modified_count)

    def _row(
        self, event: Event, registration: Registration, command: Command, manage: str
    ) -> tuple[Document, builtins.list[str]]:
        said = handlers.answer(event, registration, None)
        row = asdict(registration) | {
            "state": str(registration.state),
            "manage": manage,
            "answers": [_answer_row(command, said)],
        }
        return row, [f"key:{command.key}", f"manage:{manage}", f"ref:{self._reference_hash(registration.id)}"]

    def _one(self, claim: str, wanted: Callable[[Document], bool]) -> Stored | None:
        row = self._events.find_one({"claims": claim}, {"outbox": 0, "claims": 0, "steps": 0})
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


def _standing(event: Event, claims: Sequence[str]) -> Document:
    """The event is as it was read, has room for a row, and the claims are new to it."""
    published = {"state": str(EventState.PUBLISHED), "version": event.version}
    room = {f"registrations.{MOST_REGISTRATIONS - 1}": {"$exists": False}}
    return {"_id": event.id, **published, **room, "claims": {"$nin": list(claims)}}


def _rows(book: Book, changed: Sequence[Registration]) -> tuple[Document, Document, int]:
    """What to set for changed registrations, what must still stand there, and how many places that takes."""
    positions = {one.id: number for number, one in enumerate(book.registrations)}
    sets: Document = {}
    stand: Document = {}
    taken = 0
    for one in changed:
        number = positions[one.id]
        before = book.registrations[number]
        stand[f"registrations.{number}.version"] = before.version
        sets |= {f"registrations.{number}.state": str(one.state), f"registrations.{number}.version": one.version}
        taken += _held(one) - _held(before)
    return sets, stand, taken


def _same_choice(book: Book, taken: int) -> Document:
    """What must still hold for those who are served to be the right ones; ``taken`` is the change of that count.

    With nobody waiting, only a new one in the list could matter. With no place left over, nobody else could be
    served. Else any change could matter. So a rush of registrations does not hold up who gives a place back.
    """
    if not book.waiting():
        return {"registrations.state": {"$ne": str(State.WAITING)}}
    if book.event.taken + taken >= book.event.capacity:
        return {"taken": book.event.taken}
    return {"change": book.event.change}


def _at_the_end(row: Document, claims: Sequence[str], events: Sequence[Document]) -> builtins.list[Document]:
    """A pipeline update that appends a row whose answer says how many wait, itself included."""
    waiting = {"$filter": {"input": "$registrations.state", "cond": {"$eq": ["$$this", str(State.WAITING)]}}}
    (first,) = row["answers"]
    said = {"$mergeObjects": [{"$literal": first["said"]}, {"waiting_position": {"$add": [{"$size": waiting}, 1]}}]}
    answers = [{"$mergeObjects": [{"$literal": first}, {"said": said}]}]
    appended = {"$mergeObjects": [{"$literal": row}, {"answers": answers}]}
    return [
        {
            "$set": {
                "registrations": {"$concatArrays": ["$registrations", [appended]]},
                "claims": {"$concatArrays": ["$claims", {"$literal": list(claims)}]},
                "outbox": {"$concatArrays": ["$outbox", {"$literal": list(events)}]},
                "unsent": True,
                "change": {"$add": ["$change", 1]},
            }
        }
    ]


def _step_row(event: Event, command: Command) -> Document:
    return {"key": command.key, "body_hash": command.body_hash, "event": event_document(event)}


def _held(registration: Registration) -> int:
    return registration.places if registration.state is State.CONFIRMED else 0


def _answer_row(command: Command, said: Document) -> Document:
    return {"key": command.key, "body_hash": command.body_hash, "said": said}
