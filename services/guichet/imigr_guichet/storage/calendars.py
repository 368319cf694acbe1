"""Holidays and regimes of a municipality, as the directory or the town's staff say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_guichet.storage.collections import CALENDARS, GUICHETS
from imigr_guichet.storage.plans import REVIEW

Document = dict[str, Any]


class MongoCalendars:
    """One document per municipality; a change marks the plans of its guichets for review in the same transaction or
    right after, so that whom it strands is found."""

    def __init__(self, db: Database[Document]) -> None:
        self._db = db

    def put(
        self,
        municipality: str,
        years: Mapping[str, Sequence[str]],
        regimes: Sequence[Document],
        now: datetime,
        session: ClientSession | None = None,
    ) -> None:
        """Replace what is known of these years and all regimes; ``years`` are ISO dates by year."""
        # The mark comes first: a review too many finds nothing, one too few would leave people out.
        self._db[GUICHETS].update_many(
            {"municipality": municipality}, {"$set": {"review_until": now + REVIEW}}, session=session
        )
        known = {f"years.{year}": list(days) for year, days in years.items()}
        change = {"$set": known | {"regimes": list(regimes)}}
        self._db[CALENDARS].update_one({"_id": municipality}, change, upsert=True, session=session)

    def known_years(self, municipality: str) -> set[int]:
        """Years whose holidays somebody has confirmed."""
        row = self._db[CALENDARS].find_one({"_id": municipality}, {"years": 1})
        return {int(year) for year in (row or {}).get("years", {})}
