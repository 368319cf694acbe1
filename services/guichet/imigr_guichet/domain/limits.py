"""How much one contact, address or device may book, and the proof of work that more of it costs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

CONTACT_WEEK, DEVICE_DAY, ADDRESS_DAY = 4, 4, 6
"""Bookings and holds per contact and ISO week, per device token and day, per network address and day. What was
cancelled counts on, so that cancelling and booking again does not multiply tries."""
ADDRESS_FREE = 1
"""So many per address and day cost nothing; each further one a proof of work (bench.scalpers: two would give 200
phones behind 20 addresses more than a twentieth of the seats)."""
FIRST_BITS, MORE_BITS = 18, 3
"""Bits of the first proof, and how many more each further one needs: a phone needs about a second for the first."""
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
    proof: str | None = None
    """Nonce whose SHA-256 with the challenge has enough leading zero bits."""


@dataclass(frozen=True)
class Quota:
    """``most`` commands under one prefix; each takes a number of its own, which the database gives once."""

    kind: str
    prefix: str
    most: int


def quotas(asker: Asker, now: datetime) -> list[Quota]:
    """What a booking of this asker counts against, by UTC day and ISO week."""
    day = now.astimezone(UTC).date()
    year, week, _ = day.isocalendar()
    found = []
    if asker.contact:
        found.append(Quota("contact", f"quota:contact:{asker.contact}:{year}-{week}", CONTACT_WEEK))
    if asker.device:
        found.append(Quota("device", f"quota:device:{asker.device}:{day}", DEVICE_DAY))
    if asker.address:
        found.append(Quota("address", f"quota:address:{asker.address}:{day}", ADDRESS_DAY))
    return found


def bits_for(number: int) -> int:
    """Bits of proof for the booking with this number (from 0) from one address in one day."""
    return 0 if number < ADDRESS_FREE else FIRST_BITS + MORE_BITS * (number - ADDRESS_FREE)


def is_proof(challenge: str, nonce: str | None, bits: int) -> bool:
    """Whether SHA-256 of ``challenge:nonce`` begins with so many zero bits."""
    if bits == 0:
        return True
    if not nonce:
        return False
    digest = hashlib.sha256(f"{challenge}:{nonce}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0
