"""How much one contact or device may book; what one place on the network may is a matter of the kit (fairness)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CONTACT_WEEK, DEVICE_DAY = 4, 4
"""Bookings and holds per contact and ISO week, per device token and day. What was cancelled counts on, so that
cancelling and booking again does not multiply tries."""
MISSED_LOOKUPS, MISSED_SECONDS = 20, 600
"""Look-ups that found nothing, per address, before it has to wait."""
RETURN_SECONDS = 20
"""A place that a visitor gives back returns after a random time up to so long, so nobody can wait to catch it."""


@dataclass(frozen=True)
class Asker:
    """Keyed hashes of who asks, as the gateway made them; None where there is nothing to tell."""

    contact: str | None = None
    address: str | None = None
    device: str | None = None
    network: str | None = None
    """The wider network of the address."""
    proof: str | None = None
    """Nonce whose SHA-256 with the challenge has enough leading zero bits."""
    contacts_before: tuple[str, ...] = ()
    """The contact under the keys of months before that still live."""

    @property
    def contacts(self) -> tuple[str, ...]:
        """All hashes by which the same contact is found again."""
        return tuple(one for one in (self.contact, *self.contacts_before) if one is not None)


@dataclass(frozen=True)
class Quota:
    """At most so many commands under one prefix, which is forgotten after it has lasted."""

    kind: str
    prefix: str
    most: int
    lasts: timedelta


def quotas(asker: Asker, now: datetime) -> list[Quota]:
    """What a booking of this asker counts against, by UTC day and ISO week."""
    day = now.astimezone(UTC).date()
    year, week, _ = day.isocalendar()
    found = []
    if asker.contact:
        found.append(Quota("contact", f"quota:contact:{asker.contact}:{year}-{week}", CONTACT_WEEK, timedelta(days=8)))
    if asker.device:
        found.append(Quota("device", f"quota:device:{asker.device}:{day}", DEVICE_DAY, timedelta(days=2)))
    return found
