"""Holidays and regimes of a municipality, as the directory or the town's staff say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_guichet.ports.feeds import ToldCalendar
from imigr_guichet.storage.collections import CALENDARS, GUICHETS
from imigr_guichet.storage.plans import REVIEW

Document = dict[str, Any]
DIRECTORY = "directory"


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
        self._mark(municipality, now, session)
        known = {f"years.{year}": list(days) for year, days in years.items()}
        change = {"$set": known | {"regimes": list(regimes)}, "$pull": {"estimated": {"$in": list(years)}}}
        self._db[CALENDARS].update_one({"_id": municipality}, change, upsert=True, session=session)

    def follow(self, municipality: str, told: ToldCalendar, now: datetime, session: ClientSession | None) -> None:
        """See ports.feeds. The last word holds, whoever said it: a year or a regime that staff of the guichet set by
        hand is replaced when the directory tells it, and the other way round. A regime that is told without hours keeps
        the ones it had here."""
        self._mark(municipality, now, session)
        row = self._db[CALENDARS].find_one({"_id": municipality}, session=session) or {}
        before = row.get("regimes", [])
        codes = {one["code"] for one in told.regimes}
        kept = [one for one in before if one.get("told_by") != DIRECTORY and one["code"] not in codes]
        regimes = [_with_hours(one, before) | {"told_by": DIRECTORY} for one in told.regimes]
        estimated = {*row.get("estimated", []), *told.estimated} - (set(told.years) - set(told.estimated))
        change = {f"years.{year}": list(days) for year, days in told.years.items()} | {
            "regimes": [*kept, *(one for one in regimes if one["hours"])],
            "estimated": sorted(estimated),
            "closed": list(told.closed),
        }
        self._db[CALENDARS].update_one({"_id": municipality}, {"$set": change}, upsert=True, session=session)

    def known_years(self, municipality: str) -> set[int]:
        """Years whose holidays somebody has confirmed."""
        row = self._db[CALENDARS].find_one({"_id": municipality}, {"years": 1, "estimated": 1}) or {}
        return {int(year) for year in row.get("years", {}) if year not in row.get("estimated", [])}

    def _mark(self, municipality: str, now: datetime, session: ClientSession | None) -> None:
        # The mark comes first: a review too many finds nothing, one too few would leave people out.
        self._db[GUICHETS].update_many(
            {"municipality": municipality}, {"$set": {"review_until": now + REVIEW}}, session=session
        )


def _with_hours(told: Document, before: Sequence[Document]) -> Document:
    """A regime told without hours keeps those that this service had under its code."""
    known = [one["hours"] for one in before if one["code"] == told["code"]]
    return told | {"hours": known[-1] if told["hours"] is None and known else told["hours"]}
