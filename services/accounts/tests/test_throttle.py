"""The counters of sign-ins, under concurrency and over time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from imigr_accounts.ports import Pace
from imigr_accounts.storage import INDEXES, MongoTries
from imigr_accounts.storage.tries import WINDOW
from imigr_kit.errors import Unavailable
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock


@pytest.fixture
def tries(mongo_db: Any) -> MongoTries:
    """Empty counters."""
    ensure_indexes(mongo_db, INDEXES)
    return MongoTries(mongo_db)


PACE = Pace(free=3, most_seconds=8)


def test_tries_made_all_at_once_are_tries_in_a_row(tries: MongoTries, clock: FrozenClock) -> None:
    """Sixteen threads get the free ones between them: the delay cannot be overrun."""
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: tries.wait("account:x", PACE, clock.now()), range(60)))
    assert sorted(waits) == [0] * PACE.free + [1] * (60 - PACE.free)


def test_the_delay_doubles_up_to_its_most(tries: MongoTries, clock: FrozenClock) -> None:
    """Only tries that were let through count."""
    seen = []
    for _ in range(8):
        while (wait := tries.wait("account:x", PACE, clock.now())) > 0:
            seen.append(wait)
            clock.advance(seconds=wait)
    assert seen == [1, 2, 4, 8, 8]


def test_the_window_starts_with_the_first_try_and_is_not_prolonged(tries: MongoTries, clock: FrozenClock) -> None:
    """Else whoever keeps trying would slow the owner down for ever."""
    for _ in range(PACE.free):
        assert tries.wait("account:x", PACE, clock.now()) == 0
    clock.advance(minutes=14)
    assert tries.wait("account:x", PACE, clock.now()) == 0
    clock.advance(minutes=1)
    for _ in range(PACE.free):
        assert tries.wait("account:x", PACE, clock.now()) == 0


def test_names_are_counted_apart(tries: MongoTries, clock: FrozenClock) -> None:
    """One account does not pay for another."""
    for _ in range(PACE.free + 1):
        tries.wait("account:x", PACE, clock.now())
    assert tries.wait("account:y", PACE, clock.now()) == 0


def test_a_try_given_back_does_not_count_and_never_goes_below_nothing(tries: MongoTries, clock: FrozenClock) -> None:
    """No credit can be saved up."""
    tries.wait("client:x", PACE, clock.now())
    for _ in range(3):
        tries.give_back("client:x")
    assert [tries.wait("client:x", PACE, clock.now()) for _ in range(PACE.free + 1)] == [0] * PACE.free + [1]


def test_clearing_forgets(tries: MongoTries, clock: FrozenClock) -> None:
    """The next try is the first."""
    for _ in range(5):
        tries.wait("account:x", PACE, clock.now())
    tries.clear("account:x")
    assert tries.wait("account:x", PACE, clock.now()) == 0


def test_the_database_deletes_counters_when_their_window_is_over(tries: MongoTries, mongo_db: Any) -> None:
    """A TTL index on the end of the window."""
    assert mongo_db["tries"].index_information()["expiry"]["expireAfterSeconds"] == 0
    assert timedelta(minutes=1) < WINDOW < timedelta(hours=1)


@pytest.mark.parametrize("method", ["wait", "give_back", "clear"])
def test_every_method_says_that_the_database_is_away(clock: FrozenClock, method: str) -> None:
    """So sign-in fails closed."""
    away: MongoClient[dict[str, Any]] = MongoClient("127.0.0.1", 9, serverSelectionTimeoutMS=100)
    arguments = ("account:x", PACE, clock.now()) if method == "wait" else ("account:x",)
    with pytest.raises(Unavailable):
        getattr(MongoTries(away["away"]), method)(*arguments)
    away.close()
