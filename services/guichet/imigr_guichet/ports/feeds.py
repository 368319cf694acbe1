"""Feeds of mediators, and the calendar of a municipality, as the use cases see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class ToldCalendar:
    """A municipality's calendar as the directory told it: holidays by year (ISO dates), the years of which a part is
    an estimate, days on which the town is closed, and rows of regimes, whose hours may be None."""

    years: Mapping[str, Sequence[str]]
    estimated: Sequence[str]
    closed: Sequence[str]
    regimes: Sequence[dict[str, Any]]


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

    def follow(self, municipality: str, told: ToldCalendar, now: datetime, session: Any) -> None:
        """Take what the directory told, within the session of its event; plans are marked for review. What staff of
        the guichet said of other years and regimes stays."""
        ...

    def known_years(self, municipality: str) -> set[int]:
        """Years whose holidays somebody has confirmed."""
        ...


class Lookups(Protocol):
    """Look-ups that found nothing."""

    def count(self, address: str, seconds: int) -> int:
        """Count one more within a window."""
        ...
