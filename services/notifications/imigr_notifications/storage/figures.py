"""What the channels and providers do, counted over messages: success, time, cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from imigr_notifications.domain import State
from imigr_notifications.storage.indexes import MESSAGES

Document = dict[str, Any]
IN_TIME = (10, 60, 600)
"""Seconds; of each is said how many messages left so soon after they were due."""


class MongoFigures:
    """Sums only; no row tells of one message."""

    def __init__(self, db: Database[Document]) -> None:
        self._messages = db[MESSAGES]

    def channels(self, municipality: str, since: datetime) -> list[Document]:
        """By channel and provider, of the messages due since then: how many were handed over and what became of
        them, after how many seconds they left and arrived, parts, and cost in thousandths of the currency."""
        rows = self._messages.aggregate(
            [
                {"$match": {"municipality": municipality, "due_at": {"$gte": since}, "provider": {"$nin": ["", None]}}},
                {"$addFields": {"wait": _seconds("$due_at", "$sent_at"), "way": _seconds("$sent_at", "$delivered_at")}},
                {"$group": {"_id": {"channel": "$channel", "provider": "$provider"}} | _sums()},
            ]
        )
        found = [row.pop("_id") | row for row in rows]
        return sorted(map(_rounded, found), key=lambda row: (row["channel"], row["provider"]))


def _seconds(begin: str, end: str) -> Document:
    """Null when one of the moments is missing."""
    return {"$cond": [{"$gt": [end, None]}, {"$divide": [{"$subtract": [end, begin]}, 1000]}, None]}


def _sums() -> Document:
    def count(condition: Document) -> Document:
        return {"$sum": {"$cond": [condition, 1, 0]}}

    def within(seconds: int) -> Document:
        return count({"$and": [{"$ne": ["$wait", None]}, {"$lte": ["$wait", seconds]}]})

    states = (State.SENT, State.FAILED, State.AMBIGUOUS)
    return {
        "messages": {"$sum": 1},
        **{str(state): count({"$eq": ["$state", str(state)]}) for state in states},
        "delivered": count({"$gt": ["$delivered_at", None]}),
        "repeated": count({"$eq": ["$repeated", True]}),
        "parts": {"$sum": "$parts"},
        "cost": {"$sum": "$price"},
        "seconds_to_leave": {"$avg": "$wait"},
        "seconds_to_arrive": {"$avg": "$way"},
        **{f"left_within_{seconds}_s": within(seconds) for seconds in IN_TIME},
    }


def _rounded(row: Document) -> Document:
    means = {name: row[name] for name in ("seconds_to_leave", "seconds_to_arrive")}
    return row | {name: None if mean is None else round(mean, 1) for name, mean in means.items()}
