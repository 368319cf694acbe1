"""MongoDB: orientations and referrals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pymongo.database import Database

from imigr_guichet.domain.orientations import Orientation
from imigr_guichet.domain.referrals import Referral
from imigr_guichet.handlers.orientation import KEEP_DAYS
from imigr_guichet.handlers.records import Kept
from imigr_guichet.storage.records import MongoRecords, Stamp, record_indexes
from imigr_kit.mongo import Index

ORIENTATIONS, REFERRALS = "orientations", "referrals"
MOST = 200

INDEXES = (
    *record_indexes(ORIENTATIONS),
    *record_indexes(REFERRALS),
    Index(ORIENTATIONS, [("municipality", 1), ("follow_up_on", 1)], name="follow_up"),
    Index(ORIENTATIONS, [("recorded_at", 1)], name="age"),
    Index(REFERRALS, [("municipality", 1), ("state", 1), ("proposed_at", -1)], name="town"),
)


class MongoOrientations(MongoRecords[Orientation]):
    """Orientations; see handlers.orientation.Orientations."""

    def __init__(self, db: Database[dict[str, Any]], stamp: Stamp) -> None:
        super().__init__(
            db, ORIENTATIONS, stamp, Orientation, life=lambda one: one.recorded_at + timedelta(days=KEEP_DAYS)
        )

    def due(self, municipality: str, until: date) -> Sequence[Kept[Orientation]]:
        """One query; dates are ISO text, which sorts as dates do."""
        query = {
            "municipality": municipality,
            "follow_up_on": {"$ne": None, "$lte": until.isoformat()},
            "follow_up": None,
        }
        return self.several(query, [("follow_up_on", 1), ("_id", 1)], MOST)

    def cut_links(self, before: datetime) -> int:
        """One update of many; the ids are emptied, nothing else changes."""
        named = {"$or": [{"appointment_id": {"$ne": None}}, {"ticket_id": {"$ne": None}}]}
        change = {"$set": {"appointment_id": None, "ticket_id": None}}
        return int(self.rows.update_many({"recorded_at": {"$lt": before}} | named, change).modified_count)


class MongoReferrals(MongoRecords[Referral]):
    """Referrals; see handlers.orientation.Referrals."""

    def __init__(self, db: Database[dict[str, Any]], stamp: Stamp) -> None:
        super().__init__(db, REFERRALS, stamp, Referral, life=lambda one: one.proposed_at + timedelta(days=KEEP_DAYS))

    def of_town(self, municipality: str, state: str | None) -> Sequence[Kept[Referral]]:
        """One query."""
        query = {"municipality": municipality} | ({"state": state} if state else {})
        return self.several(query, [("proposed_at", -1)], MOST)
