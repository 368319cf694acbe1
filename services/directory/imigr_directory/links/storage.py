"""Links as they are kept: one document per address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.database import Database

from imigr_directory.links.domain import BROKEN, Link
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index
from imigr_kit.outbox import with_events

LINKS: Final = "links"
LEASE: Final = timedelta(minutes=5)
BATCH = 500
Document = dict[str, Any]
INDEXES: Final = (
    Index(LINKS, [("next_at", 1)], name="due"),
    Index(LINKS, [("municipality", 1), ("state", 1)], name="town"),
)


class MongoLinks:
    """A look is leased, so that two processes do not look at the same address; what it showed is one write."""

    def __init__(self, db: Database[Document], stamp: Callable[[Iterable[Fact]], list[Document]]) -> None:
        self._rows = db[LINKS]
        self._stamp = stamp

    def follow(self, links: Mapping[str, Link], now: datetime) -> None:
        """These are the addresses that records name now: new ones are due at once, others rest
        (they are kept, so that their events go on counting when somebody names them again)."""
        writes = [
            UpdateOne(
                {"_id": link.id},
                {
                    "$set": {"municipality": link.municipality, "users": list(link.users)},
                    "$setOnInsert": _fresh(link, now),
                },
                upsert=True,
            )
            for link in links.values()
        ]
        for at in range(0, len(writes), BATCH):
            self._rows.bulk_write(writes[at : at + BATCH], ordered=False)
        named = list(links)
        self._rows.update_many({"_id": {"$in": named}, "next_at": None}, {"$set": {"next_at": now}})
        self._rows.update_many({"_id": {"$nin": named}}, {"$set": {"users": [], "next_at": None}})

    def take_due(self, now: datetime) -> Link | None:
        """One that should be looked at, ours for a few minutes."""
        row = self._rows.find_one_and_update(
            {"next_at": {"$lte": now}}, {"$set": {"next_at": now + LEASE}}, sort=[("next_at", 1)], return_document=True
        )
        return None if row is None else _link(row)

    def put(self, old: Link, new: Link, facts: Sequence[Fact]) -> bool:
        """What a look has shown, with its event; false when another look was faster."""
        names = ("state", "reason", "status", "failures", "revision", "checked_at", "next_at")
        row = asdict(new)
        update = with_events({"$set": {name: row[name] for name in names}}, self._stamp(facts))
        query = {"_id": old.id, "revision": old.revision, "checked_at": old.checked_at}
        return bool(self._rows.update_one(query, update).modified_count)

    def broken(self, municipality: str, most: int) -> list[Link]:
        """Broken ones of a town, by address."""
        query = {"municipality": municipality, "state": BROKEN, "users": {"$ne": []}}
        return [_link(row) for row in self._rows.find(query).sort("website", 1).limit(most)]


def _fresh(link: Link, now: datetime) -> Document:
    row = asdict(link)
    names = ("website", "state", "reason", "status", "failures", "revision", "checked_at")
    return {name: row[name] for name in names} | {"next_at": now, "outbox": []}


def _link(row: Document) -> Link:
    values = {name: row[name] for name in Link.__dataclass_fields__ if name in row and name != "users"}
    return Link(**(values | {"id": row["_id"], "users": tuple(row["users"])}))
