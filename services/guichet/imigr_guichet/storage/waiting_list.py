"""MongoDB: the waiting list."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from imigr_guichet.domain.waiting_list import Entry, WaitState
from imigr_guichet.handlers.records import Kept
from imigr_guichet.ports.appointments import Command
from imigr_guichet.ports.plans import Plans
from imigr_guichet.storage.records import Document, MongoRecords, Stamp, record_indexes
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index

ENTRIES = "waiting_list"
KEEP_DAYS = 90
"""Nobody waits longer; after its end an entry is of no use to anybody."""
AWAITED_SECONDS = 1.0
ALIVE = [str(WaitState.WAITING), str(WaitState.OFFERED)]

INDEXES = (
    *record_indexes(ENTRIES),
    Index(ENTRIES, [("state", 1), ("joined_at", 1)], name="turn"),
    Index(ENTRIES, [("guichet_id", 1), ("state", 1), ("joined_at", 1)], name="guichet"),
)


class MongoEntries(MongoRecords[Entry]):
    """The waiting list; see handlers.waiting_list.Entries."""

    def __init__(self, db: Database[dict[str, Any]], stamp: Stamp, plans: Plans) -> None:
        def placed(facts: Iterable[Fact]) -> list[Document]:
            return stamp([_placed(plans, fact) for fact in facts])

        super().__init__(db, ENTRIES, placed, Entry, life=lambda one: one.joined_at + timedelta(days=KEEP_DAYS))
        self._awaited: frozenset[str] = frozenset()
        self._asked_at = float("-inf")

    def insert(
        self, entity: Entry, facts: Sequence[Fact], command: Command, said: Document, links: Iterable[str] = ()
    ) -> bool:
        """As every record; from now on somebody waits there."""
        is_new = super().insert(entity, facts, command, said, links)
        self._asked_at = float("-inf")
        return is_new

    def awaited(self) -> Set[str]:
        """From memory for a second, then one small read."""
        if time.monotonic() - self._asked_at > AWAITED_SECONDS:
            begun = time.monotonic()
            self._awaited = frozenset(self.rows.distinct("guichet_id", {"state": {"$in": ALIVE}}))
            self._asked_at = begun
        return self._awaited

    def waiting(self, limit: int) -> Sequence[Kept[Entry]]:
        """By index."""
        return self.several({"state": str(WaitState.WAITING)}, [("joined_at", 1), ("_id", 1)], limit)

    def offered(self, limit: int) -> Sequence[Kept[Entry]]:
        """By index; offers are few."""
        return self.several({"state": str(WaitState.OFFERED)}, [("offer_until", 1), ("_id", 1)], limit)

    def of_guichet(self, guichet_id: str) -> Sequence[Kept[Entry]]:
        """By index."""
        query = {"guichet_id": guichet_id, "state": {"$in": ALIVE}}
        return self.several(query, [("joined_at", 1), ("_id", 1)], 200)


def _placed(plans: Plans, fact: Fact) -> Fact:
    """The fact with the name and address of its guichet, for whoever writes to the person."""
    guichet = plans.get(fact.data["guichet_id"])
    name, address, zone = (guichet.name, guichet.address, guichet.timezone) if guichet else ({}, {}, "Africa/Tunis")
    place = {"guichet_name": dict(name), "address": dict(address), "timezone": zone}
    return replace(fact, data=dict(fact.data) | place | {"demonstration": bool(guichet and guichet.demonstration)})
