"""What the use cases work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from imigr_kit.clock import Clock
from imigr_notifications import ports
from imigr_notifications.domain import Rules
from imigr_notifications.handlers.ways import Ways


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    messages: ports.Messages
    contacts: ports.Contacts
    receipts: ports.Receipts
    ways: Ways
    clock: Clock
    public_url: str
    rules: Callable[[str], Rules]
    doubt_lasts: timedelta = timedelta(seconds=60)
    """How long a message in doubt waits for a receipt."""
    lease_lasts: timedelta = timedelta(seconds=20)
    """How long a message belongs to one worker; longer than any provider takes to answer."""
