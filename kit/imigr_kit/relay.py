"""Publishes what waits in the outboxes of a service's documents: in order, confirmed, repeated after a crash."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.write_concern import WriteConcern

from imigr_kit.broker import BrokerUnavailable, ConfirmedPublisher, Outgoing
from imigr_kit.clock import Clock
from imigr_kit.events import TYPE_PREFIX
from imigr_kit.logs import get_logger
from imigr_kit.metrics import OUTBOX_PENDING, OUTBOX_PUBLISHED
from imigr_kit.outbox import sent_updates
from imigr_kit.topology import EVENTS_EXCHANGE

log = get_logger(__name__)

LEASES = "kit_leases"
LEASE_SECONDS = 6.0
SWEEP_SECONDS = 1.0
"""How long a waiting event can go unnoticed when no local signal came (another process wrote it)."""
BATCH_DOCUMENTS = 200
CONFIRM_SECONDS = 5.0
GATHER_SECONDS, LOOK_SECONDS = 0.25, 0.003
"""While callers wait for answers, changes gather for at most so long: a round costs the service about as much as a
booking, whatever it holds. How often it is looked whether nobody waits any more."""
RUSH_EVENTS = 4
"""A round that published so many is followed by a pause of GATHER_SECONDS."""


class Relay:
    """One relay at a time works on a database (a lease sees to it), so the order per aggregate holds.

    It queries the ``unsent`` flag, never a cursor. A crash between publishing and marking publishes
    again; consumers recognise the event id and sequence.
    """

    def __init__(
        self,
        db: Database[dict[str, Any]],
        collections: Sequence[str],
        publisher: ConfirmedPublisher,
        clock: Clock,
        *,
        owner: str,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_busy = is_busy
        self._db = db
        self._collections = tuple(collections)
        self._publisher = publisher
        self._clock = clock
        self._owner = owner
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._lease_until = 0.0
        self._published, self._round_at = 0, float("-inf")

    def wake(self) -> None:
        """Something was written: look now instead of at the next sweep."""
        self._wake.set()

    def stop(self) -> None:
        """End run_forever after the round under way."""
        self._stopping.set()
        self._wake.set()

    def run_forever(self) -> None:
        """Publish until stopped, and then what is left; an outage of the database or the broker is waited out."""
        while not self._stopping.is_set() or self._wake.is_set():
            self._wake.wait(SWEEP_SECONDS)
            self._gather()
            self._wake.clear()
            try:
                while self._holds_lease() and self._round() >= BATCH_DOCUMENTS:
                    pass
            except (BrokerUnavailable, PyMongoError) as error:
                log.warning("outbox.waiting", reason=type(error).__name__)
                if not self._stopping.wait(SWEEP_SECONDS / 2):
                    self._wake.set()

    def _round(self) -> int:
        self._published, self._round_at = self.round(), time.monotonic()
        return self._published

    def _gather(self) -> None:
        """Foreground first: wait until nobody waits for an answer, but not for long; after a full round for longer."""
        begun = time.monotonic()
        latest = begun + GATHER_SECONDS
        earliest = min(latest, self._round_at + GATHER_SECONDS) if self._published >= RUSH_EVENTS else begun
        while not self._stopping.is_set() and (now := time.monotonic()) < latest:
            if now >= earliest and not self._is_busy():
                return
            self._stopping.wait(LOOK_SECONDS)

    def round(self) -> int:
        """Publish one batch of every collection; the number of events published."""
        waiting = self._waiting()
        published = 0
        for name in self._collections:
            rows = [row for row in waiting if row["of"] == name]
            OUTBOX_PENDING.labels(name).set(sum(len(row.get("outbox", ())) for row in rows))
            if rows:
                published += self._publish(name, rows)
        return published

    def _waiting(self) -> list[dict[str, Any]]:
        """A batch of documents of each collection, in one question for all: most rounds find one document."""
        if not self._collections:
            return []
        first, *others = self._collections
        asked = _unsent(first)
        asked += [{"$unionWith": {"coll": name, "pipeline": _unsent(name)}} for name in others]
        return list(self._db[first].aggregate(asked, maxTimeMS=2_000))

    def _publish(self, name: str, rows: list[dict[str, Any]]) -> int:
        events = [event for row in rows for event in row.get("outbox", ())]
        if not self._lease_is_fresh():
            return 0
        self._publisher.publish([outgoing(event) for event in events], seconds=CONFIRM_SECONDS)
        # A lost mark costs one duplicate, which consumers recognise; it need not wait for the journal. One command
        # for all documents costs the server a third of one for each (bench.outbox_marks).
        collection = self._db.get_collection(name, write_concern=WriteConcern(w=1, j=False))
        collection.bulk_write(sent_updates(rows))
        OUTBOX_PUBLISHED.labels(name).inc(len(events))
        return max(1, len(events))

    def _lease_is_fresh(self) -> bool:
        return time.monotonic() < self._lease_until

    def _holds_lease(self) -> bool:
        """True while this process may publish; taken over when the holder has not renewed for 6 s."""
        if time.monotonic() < self._lease_until - LEASE_SECONDS / 2:
            return True
        asked = time.monotonic()
        now = self._clock.now()
        free = {"_id": "relay", "$or": [{"owner": self._owner}, {"until": {"$lt": now}}]}
        change = {"$set": {"owner": self._owner, "until": now + timedelta(seconds=LEASE_SECONDS)}}
        try:
            self._db[LEASES].update_one(free, change, upsert=True)
        except DuplicateKeyError:
            self._lease_until = 0.0
            return False
        self._lease_until = asked + LEASE_SECONDS
        return True


def _unsent(name: str) -> list[dict[str, Any]]:
    named = {"outbox": 1, "of": {"$literal": name}}
    return [{"$match": {"unsent": True}}, {"$limit": BATCH_DOCUMENTS}, {"$project": named}]


def outgoing(event: dict[str, Any]) -> Outgoing:
    """The AMQP message of a stored event: the structured JSON body, its attributes doubled as headers."""
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data" and value is not None}
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    return Outgoing(
        EVENTS_EXCHANGE,
        f"{event['municipality']}.{event['type'].removeprefix(TYPE_PREFIX)}",
        body,
        content_type="application/cloudevents+json; charset=utf-8",
        headers=headers,
        message_id=event["id"],
    )
