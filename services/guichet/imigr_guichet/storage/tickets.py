"""MongoDB: walk-in tickets and unserved demands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.database import Database

from imigr_guichet.domain.demands import Demand
from imigr_guichet.domain.tickets import AT_DESK, Ticket
from imigr_guichet.handlers.records import Kept
from imigr_guichet.storage.records import MongoRecords, Stamp, record_indexes
from imigr_kit.mongo import Index

TICKETS, NUMBERS, DEMANDS = "tickets", "ticket_numbers", "demands"
KEEP_DAYS = 30
"""Then only the counts of the statistics are left."""

INDEXES = (
    *record_indexes(TICKETS),
    *record_indexes(DEMANDS),
    Index(TICKETS, [("guichet_id", 1), ("day", 1), ("number", 1)], name="day"),
)


class MongoTickets(MongoRecords[Ticket]):
    """Tickets; see handlers.tickets.Tickets."""

    def __init__(self, db: Database[dict[str, Any]], stamp: Stamp) -> None:
        super().__init__(
            db, TICKETS, stamp, Ticket, life=lambda one: one.taken_at + timedelta(days=KEEP_DAYS), claims=_claims
        )
        self._numbers = db[NUMBERS]

    def next_number(self, guichet_id: str, day: date) -> int:
        """One atomic increment."""
        row = self._numbers.find_one_and_update(
            {"_id": f"{guichet_id}:{day.isoformat()}"},
            {"$inc": {"last": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            raise RuntimeError("an upsert that returns the document after it returns one")
        return int(row["last"])

    def of_day(self, guichet_id: str, day: date) -> Sequence[Kept[Ticket]]:
        """One query."""
        return self.several({"guichet_id": guichet_id, "day": day.isoformat()}, [("number", 1)])


def mongo_demands(db: Database[dict[str, Any]], stamp: Stamp) -> MongoRecords[Demand]:
    """Unserved demands."""
    return MongoRecords(db, DEMANDS, stamp, Demand, life=lambda one: one.noted_at + timedelta(days=KEEP_DAYS))


def _claims(ticket: Ticket) -> Iterable[str]:
    day = f"{ticket.guichet_id}:{ticket.day.isoformat()}"
    yield f"no:{day}:{ticket.number}"
    if ticket.state in AT_DESK:
        yield f"at:{day}:{ticket.desk}"
