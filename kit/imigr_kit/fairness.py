"""Fairness instead of a wall: what the next thing costs whoever asks, by how much this source asks for now.

A source is an address on the network (or an IPv6 /64), which a script has for itself and a thousand phones behind one
operator share; nothing tells them apart for certain. So nobody is refused for being many. Up to FREE things in a few
minutes cost nothing; beyond, each costs either a proof of work, paid by the device of the person who asks, or a wait,
which needs no script on the page. What counts is the load of these minutes, not of a day.

What a source takes beyond some few things a day comes out of one lane for each record (a guichet, an event), which is
shared by all such sources and fills again by the hour: so whoever takes at the speed of a machine, from however many
addresses, gets a small share, and the rest stays for everybody else (docs/adr/0033).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

HALF_LIFE: Final = timedelta(minutes=10)
"""After so long half of a load is forgotten."""
FREE: Final = 3.0
"""So much load costs nothing."""
FIRST_BITS: Final = 16
MOST_BITS: Final = 24
"""Bits of a proof: a phone needs a fraction of a second for the first and about a minute for the most."""
WAIT: Final = timedelta(seconds=10)
MOST_WAIT: Final = timedelta(minutes=5)
"""The wait at FREE and the longest: a person who has no script is delayed, never turned away."""
LIGHT_SOURCE, LIGHT_NETWORK = 2, 16
"""So many things a day of one source, and of its wider network (/24 or /48), come out of no lane."""
LANE_SHARE: Final = 0.019
LANE_LEAST: Final = 6
"""How full a lane can be: a share of what there is, and as much as a small guichet serves in an hour."""
LANE_MEMORY: Final = timedelta(minutes=41.6)
"""Half-life of a lane: it empties by what it holds in an hour, so it lets about twice its size through in the first."""


@dataclass(frozen=True)
class Price:
    """What is asked for: a proof of so many bits, or so much patience; nothing for none."""

    bits: int
    wait: timedelta

    @property
    def is_free(self) -> bool:
        """Whether there is nothing to pay."""
        return self.bits == 0


def price_at(load: float) -> Price:
    """What the next thing costs at this load (the next thing counted)."""
    if load <= FREE:
        return Price(0, timedelta(0))
    over = load / FREE
    bits = FIRST_BITS + int(1.5 * math.log2(over))
    return Price(min(bits, MOST_BITS), min(WAIT * over, MOST_WAIT))


def lane_size(supply: int) -> int:
    """How much a lane of a record with so many places holds."""
    return max(LANE_LEAST, int(supply * LANE_SHARE))


def is_light(of_source: int, of_network: int, amount: int) -> bool:
    """Whether what was taken today, the next ``amount`` counted, needs no lane; a family comes first like anybody."""
    return of_source <= max(LIGHT_SOURCE, amount) and of_network <= LIGHT_NETWORK


def is_proof(challenge: str, nonce: str | None, bits: int) -> bool:
    """Whether SHA-256 of ``challenge:nonce`` begins with so many zero bits."""
    if bits == 0:
        return True
    if not nonce:
        return False
    digest = hashlib.sha256(f"{challenge}:{nonce}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0
