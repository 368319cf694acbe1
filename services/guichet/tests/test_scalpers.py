"""Case 27, in short: the long run is ``python -m bench.scalpers``."""

from __future__ import annotations

import pytest

from bench.scalpers import simulate
from imigr_guichet.domain import limits


def test_scalpers_get_few_seats_and_honest_visitors_nearly_all_they_try(
    mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 phones behind five addresses, which book and swap; they pay the first proof of work, which is made cheap."""
    monkeypatch.setattr(limits, "FIRST_BITS", 6)
    found = simulate(5, honest=60, days=1)
    assert found.scalped <= 0.05 * found.seats
    assert found.successes >= 0.95 * found.tries
    assert found.scalped > 0
