"""With many reminders in the store, the work with one stays the same: every query goes through an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imigr_notifications.domain import Priority
from imigr_notifications.handlers import Desk
from imigr_notifications.storage.messages import EVERY_PRIORITY

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MANY = 3_000
DUE = 5


@pytest.fixture
def filled(desk: Desk, mongo_db: Any) -> Any:
    """Thousands of planned reminders, of which few are due, and others that are over."""
    rows: list[dict[str, Any]] = [
        {
            "_id": f"s-{number}:reminder:1:eve", "subject": f"s-{number}", "contact_id": f"c-{number}",
            "municipality": "la-marsa", "kind": "reminder", "channel": "sms", "language": "fr",
            "state": "planned" if number % 3 else "sent", "priority": int(Priority.REMINDER), "version": 1,
            "claim_at": NOW + timedelta(minutes=number - DUE), "expires_at": NOW + timedelta(days=3),
            "provider_ids": [], "asks": False, "answer": None, "rules_version": 0,
        }
        for number in range(MANY)
    ]  # fmt: skip
    mongo_db["messages"].insert_many(rows)
    return mongo_db


def stages(plan: dict[str, Any]) -> set[str]:
    """All stages of a plan."""
    inner = [plan[key] for key in ("inputStage", "outerStage", "innerStage") if key in plan]
    inner += plan.get("inputStages", [])
    return {plan["stage"], *(stage for one in inner for stage in stages(one))}


def explained(db: Any, query: dict[str, Any], sort: list[tuple[str, int]] | None = None, limit: int = 0) -> Any:
    """Stages, keys and documents that a find on messages looks at."""
    find = {"find": "messages", "filter": query} | ({"sort": dict(sort)} if sort else {}) | {"limit": limit}
    told = db.command("explain", find, verbosity="executionStats")
    stats = told["executionStats"]
    return stages(told["queryPlanner"]["winningPlan"]), stats["totalKeysExamined"], stats["totalDocsExamined"]


QUERIES: dict[str, tuple[dict[str, Any], list[tuple[str, int]] | None, int]] = {
    "claim the due": (
        {"state": "planned", "channel": "sms", "claim_at": {"$lte": NOW}} | EVERY_PRIORITY,
        [("priority", 1), ("claim_at", 1)],
        32,
    ),
    "plan and cancel one": ({"subject": "s-17"}, None, 0),
    "drop one": ({"_id": "s-17:reminder:1:eve", "version": 1, "state": {"$in": ["planned", "leased"]}}, None, 0),
    "what a worker left behind": ({"state": "leased", "claim_at": {"$lt": NOW}}, None, 100),
    "those of one person": ({"contact_id": {"$in": ["c-17"]}, "state": "planned", "kind": "reminder"}, None, 10),
}


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_scans(filled: Any, name: str) -> None:
    """An index each time, no sort in memory, and no more keys than answers and priorities."""
    found, keys, documents = explained(filled, *QUERIES[name])
    assert "COLLSCAN" not in found
    assert "SORT" not in found
    assert keys <= DUE + 2 * len(Priority) + 2
    assert documents <= DUE + 1
