"""The gate in front of scarce places: who asks, how much now, what it costs them (see fairness).

Its counters lie in one collection of their own, which the database deletes by itself; no record of a person holds
whence it was made. Names are keyed hashes whose key the gateway throws away daily, so a counter of a source lives for
a day at most.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from pymongo import ReturnDocument
from pymongo.database import Database

from imigr_kit import fairness
from imigr_kit.errors import TooMany
from imigr_kit.mongo import Index

Document = dict[str, Any]
PRESSURE: Final = "pressure"
INDEX: Final = Index(PRESSURE, [("ends_at", 1)], expire_after=0, name="expiry")
PRICE_LASTS: Final = timedelta(minutes=30)
SOURCE_LASTS: Final = timedelta(days=1)


class EffortNeeded(TooMany):
    """So much is asked for from this source that the next costs a proof of work or a wait. ``params``: ``challenge``
    and ``bits``, or ``wait_seconds``, after which the same command passes without a proof."""

    code = "kit.effort_needed"


class LaneFull(TooMany):
    """Those who ask for many have taken their share for now; ``retry_after`` says when there is more."""

    code = "kit.lane_full"


@dataclass(frozen=True)
class Asker:
    """Keyed hashes of the source and of its wider network, and a proof if one was worked out."""

    source: str
    network: str
    proof: str | None = None


@dataclass(frozen=True)
class Asked:
    """One command: ``key`` is a keyed hash of what is its alone; ``record`` is what places are taken of, of which there
    are ``supply()``, and ``amount`` how many."""

    key: str
    record: str
    supply: Callable[[], int]
    amount: int = 1


class Gate:
    """Lets commands through, or says what they cost."""

    def __init__(self, db: Database[Document]) -> None:
        self._rows = db[PRESSURE]

    def pass_through(self, asker: Asker, asked: Asked, now: datetime) -> None:
        """Count one more of this source. Raises EffortNeeded, LaneFull.

        What a command costs is settled when it is first seen and holds for PRICE_LASTS, so that working or waiting is
        worth it; asking again counts once.
        """
        priced = self._rows.find_one({"_id": f"price:{asked.key}", "ends_at": {"$gt": now}})
        if priced is None:
            priced = self._priced(asker, asked, now)
        challenge, bits = asked.key[:32], int(priced["bits"])
        if now < priced["ready_at"] and not fairness.is_proof(challenge, asker.proof, bits):
            left = math.ceil((priced["ready_at"] - now).total_seconds())
            raise EffortNeeded(params={"challenge": challenge, "bits": bits, "wait_seconds": left}, retry_after=left)
        if not priced["is_light"]:
            self._enter_lane(asked, now)

    def _priced(self, asker: Asker, asked: Asked, now: datetime) -> Document:
        of_source, load = self._count(f"source:{asker.source}", asked.amount, now)
        of_network, _ = self._count(f"network:{asker.network}", asked.amount, now)
        price = fairness.price_at(load)
        row = {
            "bits": price.bits,
            "ready_at": now + price.wait,
            "is_light": fairness.is_light(of_source, of_network, asked.amount),
            "ends_at": now + PRICE_LASTS,
        }
        if not (price.is_free and row["is_light"]):
            self._rows.replace_one({"_id": f"price:{asked.key}"}, row, upsert=True)
        return row

    def _count(self, name: str, amount: int, now: datetime) -> tuple[int, float]:
        """One atomic update: how much today, and the load now, this one counted."""
        row = self._rows.find_one_and_update(
            {"_id": name},
            [
                {
                    "$set": {
                        "count": {"$add": [{"$ifNull": ["$count", 0]}, amount]},
                        "load": {"$add": [_decayed("$load", now, fairness.HALF_LIFE), 1]},
                        "at": now,
                        "ends_at": {"$ifNull": ["$ends_at", now + SOURCE_LASTS]},
                    }
                }
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        found = cast(Document, row)  # an upsert always finds
        return int(found["count"]), float(found["load"])

    def _enter_lane(self, asked: Asked, now: datetime) -> None:
        size = fairness.lane_size(asked.supply())
        load = _decayed("$load", now, fairness.LANE_MEMORY)
        row = self._rows.find_one_and_update(
            {"_id": f"lane:{asked.record}"},
            [
                {"$set": {"load": load, "at": now, "ends_at": now + SOURCE_LASTS}},
                {"$set": {"is_full": {"$gt": [{"$add": ["$load", asked.amount]}, size]}}},
                {"$set": {"load": {"$cond": ["$is_full", "$load", {"$add": ["$load", asked.amount]}]}}},
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        if cast(Document, row)["is_full"]:
            raise LaneFull(retry_after=max(10, round(3600 / size)))


def _decayed(load: str, now: datetime, half_life: timedelta) -> Document:
    """What is left of a load, by the time since ``at``."""
    age: Document = {"$max": [0, {"$subtract": [now, {"$ifNull": ["$at", now]}]}]}
    halves: Document = {"$divide": [age, int(half_life.total_seconds() * 1000)]}
    return {"$multiply": [{"$ifNull": [load, 0]}, {"$pow": [0.5, halves]}]}
