"""Crowds and scripts, in short: the long run is ``python -m bench.fairness``."""

from __future__ import annotations

from bench.fairness import crowd, script


def test_many_people_behind_one_address_all_get_through(mongo_uri: str) -> None:
    """Forty in an hour at a guichet of eight desks, without JavaScript."""
    found = crowd(40, desks=8)
    assert found.served == 40


def test_a_script_gets_few_seats_and_people_elsewhere_all_they_want(mongo_uri: str) -> None:
    """It pays any price at once, from three addresses at once."""
    found = script(["41.1.7.7", "41.2.7.7", "41.3.7.7"], desks=8, every=60)
    assert 0 < found.taken <= 0.05 * found.seats
    assert found.served == found.people
