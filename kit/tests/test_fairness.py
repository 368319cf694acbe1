"""What the next thing costs: nothing for a few, more for many, and a settled price for each command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from imigr_kit import fairness
from imigr_kit.mongo import ensure_indexes
from imigr_kit.pressure import INDEX, Asked, Asker, EffortNeeded, Gate, LaneFull
from imigr_kit.testing import FrozenClock


@pytest.fixture
def clock() -> FrozenClock:
    """Stands at the real time, since the database deletes by its own clock."""
    return FrozenClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def gate(mongo_db: Any) -> Gate:
    """Nothing counted."""
    ensure_indexes(mongo_db, [INDEX])
    return Gate(mongo_db)


def passes(gate: Gate, clock: FrozenClock, key: str, source: str = "s", amount: int = 1, supply: int = 0) -> bool:
    """Whether a command passes without a proof."""
    try:
        gate.pass_through(Asker(source, f"around {source}"), Asked(key, "record", lambda: supply, amount), clock.now())
    except (EffortNeeded, LaneFull):
        return False
    return True


def test_prices_grow_with_the_load_up_to_what_a_person_can_pay() -> None:
    """Free at first, never cheaper with more load, never over the most."""
    prices = [fairness.price_at(float(load)) for load in range(1, 5000)]
    assert [one.is_free for one in prices[:4]] == [True, True, True, False]
    assert all(one.bits <= two.bits and one.wait <= two.wait for one, two in pairwise(prices))
    assert prices[-1].bits <= fairness.MOST_BITS
    assert prices[-1].wait == fairness.MOST_WAIT


def test_half_of_a_load_is_forgotten_in_ten_minutes(gate: Gate, clock: FrozenClock) -> None:
    """So what counts is now."""
    assert [passes(gate, clock, f"a{n}", supply=1000) for n in range(4)] == [True, True, True, False]
    assert not passes(gate, clock, "b", supply=1000)
    clock.advance(minutes=30)
    assert passes(gate, clock, "c", supply=1000)


def test_a_command_that_was_priced_is_counted_once_and_passes_after_its_wait(gate: Gate, clock: FrozenClock) -> None:
    """Asking again makes it no dearer."""
    for n in range(3):
        passes(gate, clock, f"a{n}", supply=1000)
    asked = Asked("x", "record", lambda: 1000)
    told = []
    for _ in range(5):
        with pytest.raises(EffortNeeded) as caught:
            gate.pass_through(Asker("s", "n"), asked, clock.now())
        told.append((caught.value.params["bits"], caught.value.params["wait_seconds"]))
    assert len(set(told)) == 1
    clock.advance(seconds=told[0][1])
    gate.pass_through(Asker("s", "n"), asked, clock.now())


def test_a_family_comes_first_like_anybody(gate: Gate, clock: FrozenClock) -> None:
    """Four at once are light when they are the first of the day, though the lane is full."""
    for n in range(30):
        passes(gate, clock, f"a{n}", source=f"s{n % 3}")
        clock.advance(minutes=2)
    assert passes(gate, clock, "family", source="home", amount=4)
    assert not passes(gate, clock, "more", source="home", amount=4)


def test_a_lane_fills_again_by_the_hour(gate: Gate, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a crowd may take in an hour stays the same, however long it tries."""
    monkeypatch.setattr(fairness, "is_proof", lambda challenge, nonce, bits: True)
    taken = []
    for hour in range(4):
        taken.append(0)
        for n in range(120):
            taken[-1] += passes(gate, clock, f"{hour} {n}", supply=1000)
            clock.advance(seconds=30)
    size = fairness.lane_size(1000)
    assert size <= taken[0] - fairness.LIGHT_SOURCE <= 2 * size + 1
    assert all(0.6 * size <= later <= 1.4 * size for later in taken[1:])


def test_all_counters_end_within_a_day(gate: Gate, clock: FrozenClock, mongo_db: Any) -> None:
    """The database deletes them; prices sooner."""
    for n in range(10):
        passes(gate, clock, f"a{n}")
    assert mongo_db["pressure"].index_information()["expiry"]["expireAfterSeconds"] == 0
    assert all(row["ends_at"] <= clock.now() + timedelta(days=1) for row in mongo_db["pressure"].find())
