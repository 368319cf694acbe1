"""Planning, cancelling and claiming reminders with one million in the store, against the same with one thousand.

Run with ``python -m bench.reminders`` while IMIGR_TEST_MONGO_URI names a database server; IMIGR_BENCH_REMINDERS says
how many (1,000,000 unless given).
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from bench.report import Row, against, alone, save, table
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes, in_transaction
from imigr_kit.outbox import INDEX
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import MONGO_URI, address
from imigr_notifications import domain
from imigr_notifications.domain import Matter
from imigr_notifications.rules import rules_of
from imigr_notifications.settings import MasterKeys
from imigr_notifications.storage import (
    INDEXES,
    MESSAGES,
    MongoContacts,
    MongoMatters,
    MongoMessages,
    message_document,
)
from imigr_notifications.vault import Vault

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FEW = 1_000
MANY = int(os.environ.get("IMIGR_BENCH_REMINDERS", "1000000"))
ROUNDS = 200
AIM = 1.3
BATCH = 5_000


class Store:
    """One database with so many planned reminders, of which some are due."""

    def __init__(self, db: Database[dict[str, Any]], count: int) -> None:
        self.db, self.clock = db, FrozenClock(NOW)
        vault = Vault(Secret(bytes(32)), MasterKeys("k", {"k": Secret(bytes(32))}), Secret(bytes(32)))
        self.messages = MongoMessages(db, Stamp("notifications", "bench", self.clock, new_id))
        self.contacts, self.matters = MongoContacts(db, vault), MongoMatters(db)
        ensure_indexes(db, [*INDEXES, INDEX(MESSAGES)])
        for batch in _batches(count):
            db[MESSAGES].insert_many(batch, ordered=False)

    def tell(self, number: int, verb: str, sequence: int) -> None:
        """One event, as its handler does it: one transaction."""
        about = _matter(f"bench-{number}")
        rules = rules_of("la-marsa")

        def work(session: Any) -> None:
            known = self.messages.of_subject(about.subject, session)
            before = self.matters.get(about.subject, session)
            wanted = domain.plan(about, verb, sequence, known, rules, NOW, before[1] if before else None)
            for message in wanted.drop:
                self.messages.drop(message, wanted.reason, session)
            if wanted.told is not None:
                self.matters.put(about, wanted.told, session)
            self.contacts.keep_until(about.contact_id, about.subject, about.start, session)
            self.messages.plan([one.planned() for one in wanted.add], session)

        in_transaction(self.db, work)

    def claim(self, number: int) -> None:
        """The next one that is due."""
        found, _ = self.messages.lease("sms", NOW, NOW + timedelta(seconds=20))
        if len(found) != 1:
            raise RuntimeError("nothing was due")


def _matter(subject: str) -> Matter:
    place = {"place": {"fr": "Mairie"}}
    start = NOW + timedelta(days=3)
    return Matter(subject, "appointment", "la-marsa", f"c-{subject}", "sms", "fr", start, "Africa/Tunis", place)


def _batches(count: int) -> Iterator[list[dict[str, Any]]]:
    sample = domain.plan(_matter("x"), "booked", 1, [], rules_of("la-marsa"), NOW).add[-1]
    row = message_document(sample) | {"version": 1, "outbox": []}
    for first in range(0, count, BATCH):
        yield [
            row
            | {
                "_id": f"s-{number}:reminder:1:eve",
                "subject": f"s-{number}",
                "contact_id": f"c-{number}",
                "claim_at": NOW + timedelta(seconds=number - 3 * ROUNDS),
            }
            for number in range(first, min(first + BATCH, count))
        ]


def medians(work: Callable[[Store, int], None], few: Store, many: Store) -> tuple[float, float]:
    """Milliseconds of the median, taken in turns so that both meet the same machine."""
    taken: dict[int, list[float]] = {0: [], 1: []}
    for number in range(ROUNDS):
        for which, store in enumerate((few, many)):
            begin = time.perf_counter()
            work(store, number)
            taken[which].append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken[0]), statistics.median(taken[1])


STEPS: dict[str, Callable[[Store, int], None]] = {
    "plan one": lambda store, number: store.tell(number, "booked", 1),
    "cancel one": lambda store, number: store.tell(number, "cancelled", 2),
    "claim a due one": lambda store, number: store.claim(number),
}


def main() -> list[Row]:
    """Fill, measure, drop."""
    client: MongoClient[dict[str, Any]] = MongoClient(address(MONGO_URI), tz_aware=True)
    names = ("bench_reminders_few", "bench_reminders_many")
    rows: list[Row] = []
    try:
        for name in names:
            client.drop_database(name)
        few, many = Store(client[names[0]], FEW), Store(client[names[1]], MANY)
        for step, work in STEPS.items():
            small, large = medians(work, few, many)
            floor = alone(f"{step}, {FEW:,} in the store", small, "ms", better="lower")
            rows += [floor, against(f"{step}, {MANY:,} in the store", large, "ms", floor, AIM, "lower")]
    finally:
        for name in names:
            client.drop_database(name)
    return rows


if __name__ == "__main__":
    measured = main()
    print(table(measured))
    save(measured, "reminders")
