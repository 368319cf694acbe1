"""What is done together when many things come at once: acknowledgements, rounds of the relay."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from imigr_kit.foreground import Foreground
from imigr_kit.inbound import Receipts
from imigr_kit.outbox import sent_updates
from imigr_kit.relay import Relay
from imigr_kit.testing import FrozenClock


@dataclass
class Channel:
    """Notes what is acknowledged."""

    told: list[Any] = field(default_factory=list)

    def basic_ack(self, tag: int, multiple: bool = False) -> None:
        self.told.append((tag, multiple))

    def basic_reject(self, tag: int, requeue: bool) -> None:
        self.told.append((tag, "back" if requeue else "dropped"))


@dataclass(frozen=True)
class Message:
    channel: Channel
    delivery_tag: int


def test_what_lies_together_is_acknowledged_together_and_no_tag_twice() -> None:
    """One frame for all that are done from the oldest on; one each for those beyond an open one."""
    receipts, channel = Receipts(), Channel()
    some = [Message(channel, tag) for tag in range(1, 8)]
    for one in some:
        receipts.took(one)
    receipts.acknowledge([some[1], some[0], some[3]])
    receipts.give_back(some[4])
    receipts.acknowledge([some[2], some[5], some[3]])
    receipts.acknowledge([some[6]])
    assert channel.told == [(2, True), (4, False), (5, "back"), (6, True), (7, True)]


def test_deliveries_of_a_lost_channel_are_not_acknowledged_on_the_next() -> None:
    """Tags begin anew, so an old one would be taken for another message."""
    receipts, old, new = Receipts(), Channel(), Channel()
    receipts.took(Message(old, 1))
    receipts.took(Message(new, 1))
    receipts.acknowledge([Message(old, 1)])
    receipts.give_back(Message(old, 1))
    assert (old.told, new.told) == ([], [])
    receipts.acknowledge([Message(new, 1)])
    assert new.told == [(1, True)]


def test_a_call_is_in_the_foreground_until_it_ended() -> None:
    """Of two calls, the last one counts."""
    foreground = Foreground()
    assert not foreground.is_busy()
    foreground.begin()
    foreground.begin()
    foreground.end()
    assert foreground.is_busy()
    foreground.end()
    assert foreground.is_busy(), "the next call is expected for a moment"


class Rounds(Relay):
    """Counts its rounds; each has published nothing."""

    def __init__(self, db: Any, is_busy: Any) -> None:
        super().__init__(db, (), None, FrozenClock(datetime(2026, 11, 24, tzinfo=UTC)), owner="me", is_busy=is_busy)  # type: ignore[arg-type]  # publishes nothing
        self.seen = threading.Semaphore(0)

    def round(self) -> int:
        self.seen.release()
        return 0


@pytest.mark.parametrize("is_busy", [False, True])
def test_the_relay_lets_callers_go_first_but_not_for_ever(mongo_db: Any, *, is_busy: bool) -> None:
    """Whether or not somebody waits for an answer all the time, what was written is told, also at the end."""
    relay = Rounds(mongo_db, lambda: is_busy)
    thread = threading.Thread(target=relay.run_forever, daemon=True)
    thread.start()
    relay.wake()
    assert relay.seen.acquire(timeout=3)
    relay.stop()
    assert relay.seen.acquire(timeout=3), "a last look when it is stopped"
    thread.join(3)
    assert not thread.is_alive()


def test_what_came_after_the_look_stays_in_the_outbox(mongo_db: Any) -> None:
    """Whatever happened between reading the outboxes and marking them: only what was read is taken out."""
    rows, read = mongo_db["rows"], {name: [{"id": f"{name}{n}"} for n in range(2)] for name in "abcd"}
    rows.insert_many([{"_id": name, "outbox": events, "unsent": True} for name, events in read.items()])
    rows.insert_one({"_id": "none", "outbox": [], "unsent": True})
    seen = list(rows.find())
    rows.update_one({"_id": "b"}, {"$push": {"outbox": {"id": "b2"}}})
    rows.update_one({"_id": "c"}, {"$set": {"outbox": [{"id": "c2"}, {"id": "c3"}]}})
    rows.update_one({"_id": "d"}, {"$set": {"outbox": [{"id": "d1"}]}})
    rows.bulk_write(sent_updates(seen))
    left = {row["_id"]: ([one["id"] for one in row["outbox"]], row.get("unsent")) for row in rows.find()}
    assert left["b"] == (["b2"], True)
    assert left["c"] == (["c2", "c3"], True)
    assert [left[one] for one in ("a", "d", "none")] == [([], None)] * 3
