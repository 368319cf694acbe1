"""Look-ups by link: guesses that find nothing are counted by address and slowed down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from imigr_guichet.domain.limits import MISSED_LOOKUPS, MISSED_SECONDS
from imigr_guichet.errors import TooManyLookups, UnknownAppointment, UnknownFeed
from imigr_guichet.ports.feeds import Lookups

T = TypeVar("T")


def looked_up(lookups: Lookups, address: str | None, look: Callable[[], T]) -> T:
    """What ``look`` gives. A guess that finds nothing is counted; after MISSED_LOOKUPS of them an address is told to
    wait. Unknown, foreign and expired links take the same way: one look by index and one count."""
    try:
        return look()
    except (UnknownAppointment, UnknownFeed):
        if address is not None and lookups.count(address, MISSED_SECONDS) > MISSED_LOOKUPS:
            raise TooManyLookups(retry_after=MISSED_SECONDS) from None
        raise
