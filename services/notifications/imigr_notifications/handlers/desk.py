"""What the use cases work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imigr_kit.clock import Clock
from imigr_notifications import ports
from imigr_notifications.domain import Rules

PAUSES = tuple(timedelta(seconds=one) for one in (1, 2, 4, 8, 10))
"""A provider that cannot be reached, or asks to slow down, is left alone for so long."""


@dataclass
class Gate:
    """Closed for a while when a provider wants no messages; each closing in a row lasts longer."""

    opens_at: datetime | None = None
    closings: int = 0

    def is_open(self, now: datetime) -> bool:
        """True when the provider may be tried."""
        return self.opens_at is None or now >= self.opens_at

    def close(self, now: datetime) -> datetime:
        """Leave the provider alone; until when."""
        self.opens_at = now + PAUSES[min(self.closings, len(PAUSES) - 1)]
        self.closings += 1
        return self.opens_at

    def open(self) -> None:
        """The provider works."""
        self.opens_at, self.closings = None, 0


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    messages: ports.Messages
    contacts: ports.Contacts
    receipts: ports.Receipts
    senders: Mapping[str, ports.Sender]
    clock: Clock
    public_url: str
    rules: Callable[[str], Rules]
    doubt_lasts: timedelta = timedelta(seconds=60)
    """How long a message in doubt waits for a receipt."""
    lease_lasts: timedelta = timedelta(seconds=20)
    """How long a message belongs to one worker; longer than any provider takes to answer."""
    gates: dict[str, Gate] = field(default_factory=dict)

    def gate(self, channel: str) -> Gate:
        """The gate before a channel's provider."""
        return self.gates.setdefault(channel, Gate())
