"""Events stored inside the document whose change they tell: one write for both (see relay for the rest)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def sent_update(event_ids: Sequence[str]) -> list[Document]:
    """A pipeline update that takes published events out and clears the flag when none is left."""
    left = {"$filter": {"input": "$outbox", "cond": {"$not": [{"$in": ["$$this.id", list(event_ids)]}]}}}
    empty = {"$eq": [{"$size": "$outbox"}, 0]}
    return [{"$set": {"outbox": left}}, {"$set": {"unsent": {"$cond": [empty, "$$REMOVE", True]}}}]


def INDEX(collection: str) -> Index:  # noqa: N802  # reads as the constant it stands for
    """The index the relay looks through: only documents that wait are in it."""
    return Index(collection, [("unsent", 1)], partial={"unsent": True}, name="outbox")
