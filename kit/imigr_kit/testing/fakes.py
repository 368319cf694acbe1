"""Fakes of the kit's smallest ports; they pass the same contract suites as the real ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FrozenClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The instant it was set to, aware, in UTC."""
        return self._now

    def advance(self, **duration: float) -> None:
        """Move by ``timedelta(**duration)``; negative values move back."""
        self._now += timedelta(**duration)


class SequentialIds:
    """UUIDv7-shaped ids that count up, so that failures can be read."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        """The next id."""
        self._last += 1
        return f"00000000-0000-7000-8000-{self._last:012d}"
