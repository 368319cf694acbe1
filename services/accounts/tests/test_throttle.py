"""The counters of sign-ins, under concurrency and over time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient

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


def test_no_try_is_lost_under_concurrency(tries: MongoTries, clock: FrozenClock) -> None:
    """Sixteen threads count to 160, each number once: the limit cannot be overrun by trying all at once."""
    with ThreadPoolExecutor(16) as pool:
        counts = list(pool.map(lambda _: tries.count("account:x", clock.now())[0], range(160)))
    assert sorted(counts) == list(range(1, 161))


def test_the_window_starts_with_the_first_try_and_is_not_prolonged(tries: MongoTries, clock: FrozenClock) -> None:
    """Else whoever keeps trying would lock the owner out for ever."""
    start = clock.now()
    assert tries.count("account:x", start) == (1, start + WINDOW)
    clock.advance(minutes=14)
    assert tries.count("account:x", clock.now()) == (2, start + WINDOW)
    clock.advance(minutes=1)
    assert tries.count("account:x", clock.now()) == (1, start + 2 * WINDOW)


def test_names_are_counted_apart(tries: MongoTries, clock: FrozenClock) -> None:
    """One account does not pay for another."""
    tries.count("account:x", clock.now())
    assert tries.count("account:y", clock.now())[0] == 1


def test_a_try_given_back_does_not_count_and_never_goes_below_nothing(tries: MongoTries, clock: FrozenClock) -> None:
    """No credit can be saved up."""
    tries.count("client:x", clock.now())
    for _ in range(3):
        tries.give_back("client:x")
    assert tries.count("client:x", clock.now())[0] == 1


def test_clearing_forgets(tries: MongoTries, clock: FrozenClock) -> None:
    """The next try is the first."""
    for _ in range(5):
        tries.count("account:x", clock.now())
    tries.clear("account:x")
    assert tries.count("account:x", clock.now())[0] == 1


def test_the_database_deletes_counters_when_their_window_is_over(tries: MongoTries, mongo_db: Any) -> None:
    """A TTL index on the end of the window."""
    assert mongo_db["tries"].index_information()["expiry"]["expireAfterSeconds"] == 0
    assert timedelta(minutes=1) < WINDOW < timedelta(hours=1)


@pytest.mark.parametrize("method", ["count", "give_back", "clear"])
def test_every_method_says_that_the_database_is_away(clock: FrozenClock, method: str) -> None:
    """So sign-in fails closed."""
    away: MongoClient[dict[str, Any]] = MongoClient("127.0.0.1", 9, serverSelectionTimeoutMS=100)
    arguments = ("account:x", clock.now()) if method == "count" else ("account:x",)
    with pytest.raises(Unavailable):
        getattr(MongoTries(away["away"]), method)(*arguments)
    away.close()
