"""MongoDB: counters by guichet, month, measure and code. They outlive the records they were counted from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_guichet.domain.figures import Count, Measure
from imigr_guichet.domain.guichet import Guichet

FIGURES = "figures"


class MongoFigures:
    """One document per guichet and month; see handlers.figures.Figures."""

    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._rows = db[FIGURES]

    def add(self, guichet: Guichet, month: str, counts: Sequence[Count], session: ClientSession | None) -> None:
        """One upsert that adds."""
        steps: dict[str, int] = {}
        for one in counts:
            cell = f"counts.{one.measure}.{one.code}"
            steps[cell] = steps.get(cell, 0) + one.step
        change = {"$inc": steps, "$setOnInsert": {"municipality": guichet.municipality}}
        self._rows.update_one({"_id": f"{guichet.id}:{month}"}, change, upsert=True, session=session)

    def of_month(self, guichet_id: str, month: str) -> Mapping[Measure, Mapping[str, int]]:
        """One document."""
        row = self._rows.find_one({"_id": f"{guichet_id}:{month}"}) or {}
        return {Measure(name): dict(cells) for name, cells in row.get("counts", {}).items()}
