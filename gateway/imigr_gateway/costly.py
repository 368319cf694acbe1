"""Work that costs: few at a time in each process, and of each link or town fewer still, so that the rest goes on.

A request waits for its place only briefly, and few of them wait: threads that wait serve nobody else (a worker has
eight). Who finds no place is told when to come back, and nothing was done.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from imigr_kit.errors import TooMany, Unavailable


class TooBusy(Unavailable):
    """All places for this kind of work are taken."""

    code = "gateway.too_busy"


class TooMuchAtOnce(TooMany):
    """This link or town has its share of this kind of work under way."""

    code = "gateway.too_much_at_once"


@dataclass(frozen=True)
class Size:
    """Places in a process, places of one owner (a link or a town) among them, how many may wait and how long."""

    places: int
    of_one: int
    waiting: int
    wait_seconds: float


PRINTING = Size(places=2, of_one=1, waiting=2, wait_seconds=1.5)
"""PDFs: about a second of one core each."""
EXCHANGE = Size(places=2, of_one=1, waiting=0, wait_seconds=0.0)
"""Imports and exports: a body of megabytes in calls of half a megabyte."""
BIG_SEARCH = Size(places=3, of_one=2, waiting=0, wait_seconds=0.0)
"""Searches that look at everything, in all towns or for many rows; the owner is who asks."""


class Pool:
    """Places for one kind of work."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._busy: Counter[str] = Counter()
        self._waiting = 0
        self._changed = threading.Condition()

    @contextmanager
    def place(self, owner: str) -> Iterator[None]:
        """A place while the work is done. Raises TooMuchAtOnce or TooBusy, both with a time to come back."""
        with self._changed:
            self._enter(owner)
        try:
            yield
        finally:
            with self._changed:
                self._busy[owner] -= 1
                self._busy += Counter()  # forgets who has none
                self._changed.notify_all()

    def _enter(self, owner: str) -> None:
        until = time.monotonic() + self._size.wait_seconds
        if self._busy[owner] >= self._size.of_one:
            raise TooMuchAtOnce(retry_after=2)
        if self._busy.total() >= self._size.places:
            if self._waiting >= self._size.waiting:
                raise TooBusy(retry_after=3)
            self._waiting += 1
            try:
                while self._busy.total() >= self._size.places:
                    if not self._changed.wait(max(0.0, until - time.monotonic())):
                        raise TooBusy(retry_after=3)
            finally:
                self._waiting -= 1
            if self._busy[owner] >= self._size.of_one:
                raise TooMuchAtOnce(retry_after=2)
        self._busy[owner] += 1


printing = Pool(PRINTING)
exchange = Pool(EXCHANGE)
big_search = Pool(BIG_SEARCH)
