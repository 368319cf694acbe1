"""A circuit breaker for calls that may hang: after a few failures in a row it answers at once.

Own code, since the libraries at hand (pybreaker, circuitbreaker) hold a lock during the call or count
per function; this one is asked before and told after, and never serialises callers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FAILURES = 5
"""Failures in a row that open the circuit."""
OPEN_SECONDS = 1.0
"""How long an open circuit refuses before it lets one probe through."""


class Circuit:
    """Closed, open, or letting a single probe through."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._retry_at = 0.0

    def allows(self) -> bool:
        """True when a call may be tried; while open, true for one caller per OPEN_SECONDS."""
        if self._failures < FAILURES:
            return True
        with self._lock:
            if self._failures < FAILURES:
                return True
            now = self._monotonic()
            if now < self._retry_at:
                return False
            self._retry_at = now + OPEN_SECONDS
            return True

    def succeeded(self) -> None:
        """A call was answered (also with a domain error): close."""
        self._failures = 0

    def failed(self) -> None:
        """A call was not answered in time."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._retry_at = self._monotonic() + OPEN_SECONDS
