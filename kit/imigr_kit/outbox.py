"""Events stored inside the document whose change they tell: one write for both (see relay for the rest)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateMany

from imigr_kit.mongo import Index

Document = dict[str, Any]


def with_events(update: Document, events: Sequence[Document]) -> Document:
    """``update`` (operator form) which also appends ``events`` to the document's outbox."""
    if not events:
        return update
    pushed = update.get("$push", {}) | {"outbox": {"$each": list(events)}}
    return update | {"$push": pushed, "$set": update.get("$set", {}) | {"unsent": True}}


def new_document_fields(events: Sequence[Document]) -> Document:
    """Fields of a new document that carries ``events``."""
    return {"outbox": list(events), "unsent": True} if events else {"outbox": []}


def sent_updates(rows: Sequence[Document]) -> list[UpdateMany]:
    """What takes the published events of ``rows`` (documents as they were read) out, in one command.

    Events are only ever appended, so when the last one of a document is among those that were read, all are: then
    the outbox is emptied by name, which costs the same however large the document is. What has grown meanwhile is
    filtered, which builds the whole document anew.
    """
    ids = [event["id"] for row in rows for event in row.get("outbox", ())]
    updates = []
    for number in sorted({len(row.get("outbox", ())) for row in rows}):
        some = [row["_id"] for row in rows if len(row.get("outbox", ())) == number]
        query: Document = {"_id": {"$in": some}, f"outbox.{number}": {"$exists": False}}
        if number:
            query[f"outbox.{number - 1}.id"] = {"$in": ids}
        updates.append(UpdateMany(query, {"$set": {"outbox": []}, "$unset": {"unsent": ""}}))
    grown = {"_id": {"$in": [row["_id"] for row in rows]}, "unsent": True}
    return [*updates, UpdateMany(grown, _filtered(ids))]


def _filtered(event_ids: Sequence[str]) -> list[Document]:
    """A pipeline update that takes published events out and clears the flag when none is left."""
    left = {"$filter": {"input": "$outbox", "cond": {"$not": [{"$in": ["$$this.id", list(event_ids)]}]}}}
    empty = {"$eq": [{"$size": "$outbox"}, 0]}
    return [{"$set": {"outbox": left}}, {"$set": {"unsent": {"$cond": [empty, "$$REMOVE", True]}}}]


def INDEX(collection: str) -> Index:  # noqa: N802  # reads as the constant it stands for
    """The index the relay looks through: only documents that wait are in it."""
    return Index(collection, [("unsent", 1)], partial={"unsent": True}, name="outbox")
