"""MongoDB: the public agenda by time, theme, language and words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from pymongo.database import Database

from imigr_events.domain import EventState
from imigr_events.domain.words import holds
from imigr_events.handlers import Found, Search
from imigr_events.storage.rows import Document, event_of

_HIDDEN = {"registrations": 0, "holds": 0, "answers": 0, "claims": 0, "steps": 0, "outbox": 0, "unsent": 0}
_TEXTS = ("title", "summary", "place", "address")
_HIDDEN_STATES = (str(EventState.DRAFT), "archived")
_SHOWN = (
    *_TEXTS,
    "municipality",
    "location",
    "starts_at",
    "ends_at",
    "timezone",
    "state",
    "registration",
    "version",
    "languages",
    "themes",
    "organisers",
    "online_url",
    "illustration_url",
    "previous_starts_at",
    "changed_at",
    "uid",
    "demonstration",
)
"""What a calendar says of an event."""
_MARKS = ("version", "uid")
"""What changes whenever one of those does."""
MOST_SEARCHED = 3_000
"""Events that a search by words looks through, the next ones first."""


class MongoAgenda:
    """Reads the documents that MongoEvents writes."""

    def __init__(self, db: Database[Document]) -> None:
        self._events = db["events"]
        self._naive = db.get_collection("events", db.codec_options.with_options(tz_aware=False))

    def search(self, wanted: Search, since: datetime) -> tuple[Sequence[Found], int]:
        """By the agenda index; words are looked for in what it leaves, which for a town is little."""
        query = _query(wanted, since)
        rows = self._events.find(query, _HIDDEN).sort([("starts_at", 1), ("_id", 1)])
        skipped = (wanted.page - 1) * wanted.per_page
        if wanted.words:
            fitting = [row for row in rows.limit(MOST_SEARCHED) if holds(_texts(row), wanted.words)]
            return [_found(row) for row in fitting[skipped : skipped + wanted.per_page]], len(fitting)
        found = [_found(row) for row in rows.skip(skipped).limit(wanted.per_page)]
        whole = wanted.page == 1 and len(found) < wanted.per_page
        return found, len(found) if whole else self._events.count_documents(query)

    def marks(self, wanted: Search, since: datetime) -> Sequence[Document]:
        """By the agenda index; a mark is a fraction of what it marks."""
        query = _query(wanted, since) | {"sessions.0": {"$exists": False}, "recurrence": None}
        return list(self._naive.find(query, _MARKS).sort([("starts_at", 1), ("_id", 1)]).limit(wanted.per_page))

    def plain(self, ids: Sequence[str]) -> Sequence[Document]:
        """Naive times: a time zone object for each of thousands of times is half of the cost of reading them."""
        query = {"_id": {"$in": list(ids)}, "state": {"$nin": list(_HIDDEN_STATES)}}
        return list(self._naive.find(query, _SHOWN))

    def composed(self, wanted: Search, since: datetime) -> Sequence[Found]:
        """By the agenda index."""
        query = _query(wanted, since) | {"$or": [{"sessions.0": {"$exists": True}}, {"recurrence": {"$ne": None}}]}
        rows = self._events.find(query, _HIDDEN).sort([("starts_at", 1), ("_id", 1)]).limit(wanted.per_page)
        return [_found(row) for row in rows]

    def find(self, event_id: str) -> Found | None:
        """By id."""
        row = self._events.find_one({"_id": event_id}, _HIDDEN)
        return None if row is None else _found(row)


def _query(wanted: Search, since: datetime) -> Document:
    query: Document = {"state": {"$nin": list(_HIDDEN_STATES)}, "ends_at": {"$gt": since}}
    if wanted.until is not None:
        query["starts_at"] = {"$lt": wanted.until}
    for name, value in (
        ("towns", wanted.municipality),
        ("themes", wanted.theme),
        ("languages", wanted.language),
    ):
        if value is not None:
            query[name] = value
    return query


def _found(row: Document) -> Found:
    changed_at: datetime = row.get("changed_at") or row["starts_at"]
    return Found(event_of(row), changed_at.astimezone(UTC), row.get("uid"))


def _texts(row: Document) -> Iterator[str]:
    for name in _TEXTS:
        yield from (row.get(name) or {}).values()
