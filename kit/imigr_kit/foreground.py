"""Whether somebody waits for an answer of this process: then what nobody waits for can gather for a moment."""

from __future__ import annotations

import time

GRACE_SECONDS = 0.003
"""How long after an answer the next call is expected: one who asks one thing after the other needs so long."""


class Foreground:
    """Counts the calls under way. Used from one event loop, or from threads that need no exact answer."""

    def __init__(self) -> None:
        self._under_way = 0
        self._ended_at = float("-inf")

    def begin(self) -> None:
        """A call has come in."""
        self._under_way += 1

    def end(self) -> None:
        """It was answered."""
        self._under_way -= 1
        self._ended_at = time.monotonic()

    def is_busy(self) -> bool:
        """True while a call is under way, and a moment longer."""
        return self._under_way > 0 or time.monotonic() < self._ended_at + GRACE_SECONDS
