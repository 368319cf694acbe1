"""Feeds of mediators, and the calendar of a municipality, as the use cases see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Feed(NamedTuple):
    """Whose agenda a feed shows."""

    guichet_id: str
    mediator: str


class Feeds(Protocol):
    """One feed per mediator of a guichet; a new secret ends the old one."""

    def put(self, feed: Feed, secret_hash: str, by: str, at: datetime) -> None:
        """Store or replace the secret."""
        ...

    def find(self, secret_hash: str) -> Feed | None:
        """The feed behind a secret."""
        ...


class Calendars(Protocol):
    """Holidays and regimes of municipalities."""

    def put(
        self,
        municipality: str,
        years: Mapping[str, Sequence[str]],
        regimes: Sequence[dict[str, Any]],
        now: datetime,
        session: Any = None,
    ) -> None:
        """Replace what is known of these years and all regimes; plans are marked for review."""
        ...

    def known_years(self, municipality: str) -> set[int]:
        """Years whose holidays somebody has confirmed."""
        ...


class Lookups(Protocol):
    """Look-ups that found nothing."""

    def count(self, address: str, seconds: int) -> int:
        """Count one more within a window."""
        ...
