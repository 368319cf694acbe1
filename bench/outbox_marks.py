"""Two ways to take published events out of their documents, measured side by side (see imigr_kit.relay).

Run with ``python -m bench.outbox_marks`` while IMIGR_TEST_MONGO_URI names a database server.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from pymongo import MongoClient, UpdateOne
from pymongo.collection import Collection
from pymongo.write_concern import WriteConcern

from bench.report import Row, against, alone, save, table
from bench.throughput import full_outbox
from imigr_kit.outbox import sent_updates
from imigr_kit.testing.servers import MONGO_URI, address

DOCUMENTS, BATCH = 4_000, 50
Documents = Sequence[dict[str, Any]]
Mark = Callable[[Collection[dict[str, Any]], Documents], None]


def one_by_one(collection: Collection[dict[str, Any]], rows: Documents) -> None:
    """An update for each document, sent in one bulk."""
    empty = {"$set": {"outbox": []}, "$unset": {"unsent": ""}}
    collection.bulk_write([UpdateOne({"_id": row["_id"]}, empty) for row in rows], ordered=False)


def all_at_once(collection: Collection[dict[str, Any]], rows: Documents) -> None:
    """One update for all of them."""
    collection.bulk_write(sent_updates(rows))


def rate(collection: Collection[dict[str, Any]], mark: Mark) -> float:
    """Documents per second, in batches of BATCH."""
    collection.drop()
    collection.create_index("unsent", partialFilterExpression={"unsent": True})
    rows = [full_outbox(number) for number in range(DOCUMENTS)]
    collection.insert_many(rows)
    quick = collection.with_options(write_concern=WriteConcern(w=1, j=False))
    started = time.perf_counter()
    for first in range(0, DOCUMENTS, BATCH):
        mark(quick, rows[first : first + BATCH])
    took = time.perf_counter() - started
    assert collection.find_one({"unsent": True}) is None
    return DOCUMENTS / took


def measure() -> list[Row]:
    """Both ways, the better of three runs each."""
    client: MongoClient[dict[str, Any]] = MongoClient(address(MONGO_URI), tz_aware=True, w="majority", journal=True)
    db = client[f"bench_marks_{uuid.uuid4().hex[:6]}"]
    try:
        single = max(rate(db["rows"], one_by_one) for _ in range(3))
        joined = max(rate(db["rows"], all_at_once) for _ in range(3))
    finally:
        client.drop_database(db.name)
        client.close()
    floor = alone("an update for each document", single, "documents/s")
    return [floor, against("one update for all", joined, "documents/s", floor)]


if __name__ == "__main__":
    figures = measure()
    print(table(figures))
    save(figures, "outbox_marks")
