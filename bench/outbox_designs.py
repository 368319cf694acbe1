"""Three ways to keep a change and its event together, measured side by side (see docs/adr/0002).

Run with ``python -m bench.outbox_designs`` while IMIGR_TEST_MONGO_URI names a database server.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from bench.report import Row, against, alone, save, table
from imigr_kit.mongo import in_transaction
from imigr_kit.outbox import with_events
from imigr_kit.testing.servers import MONGO_URI, address

THREADS = 8
SECONDS = 4.0
Write = Callable[[Database[dict[str, Any]], str, dict[str, Any]], None]


def state_alone(db: Database[dict[str, Any]], key: str, event: dict[str, Any]) -> None:
    """The floor: one conditional update, and the event is lost when the process dies."""
    db["plain"].update_one({"_id": key}, {"$inc": {"value": 1}})


def embedded(db: Database[dict[str, Any]], key: str, event: dict[str, Any]) -> None:
    """State and event in one document write."""
    db["embedded"].update_one({"_id": key}, with_events({"$inc": {"value": 1}}, [event]))


def transaction(db: Database[dict[str, Any]], key: str, event: dict[str, Any]) -> None:
    """State in one collection, event in another, one transaction."""

    def work(session: Any) -> None:
        db["state"].update_one({"_id": key}, {"$inc": {"value": 1}}, session=session)
        db["outbox"].insert_one({"_id": event["id"], "event": event, "sent": False}, session=session)

    in_transaction(db, work)


def rate(db: Database[dict[str, Any]], write: Write) -> float:
    """Writes per second of THREADS threads, each on documents of its own (100 each)."""
    counts = [0] * THREADS
    end = time.perf_counter() + SECONDS

    def loop(number: int) -> None:
        while time.perf_counter() < end:
            key = f"{number}-{counts[number] % 100}"
            write(db, key, _event(key))
            counts[number] += 1

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def _event(subject: str) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "subject": subject, "data": {"place": "x" * 200}}


def measure() -> list[Row]:
    """The three designs in turn on a database of their own, dropped afterwards."""
    client: MongoClient[dict[str, Any]] = MongoClient(address(MONGO_URI), w="majority", journal=True)
    db = client[f"bench_{uuid.uuid4().hex[:8]}"]
    try:
        for name in ("plain", "embedded", "state"):
            rows = [{"_id": f"{n}-{m}", "value": 0, "outbox": []} for n in range(THREADS) for m in range(100)]
            db[name].insert_many(rows)
        db["outbox"].create_index("sent")
        floor = alone("state alone, no event", rate(db, state_alone), "writes/s")
        one = against("event embedded in the document", rate(db, embedded), "writes/s", floor)
        two = against("event in a second collection, transaction", rate(db, transaction), "writes/s", floor)
        return [floor, one, two]
    finally:
        client.drop_database(db.name)


if __name__ == "__main__":
    figures = measure()
    print(table(figures))
    save(figures, "outbox_designs")
