"""What the gateway hashes with keys that are thrown away, and for how long each of them lives."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from imigr_kit.clock import Clock
from imigr_kit.rotating import Period, RotatingKeys, Rotation
from imigr_kit.secret import Secret

CLIENT = Rotation("client", Period.DAY)
"""Network addresses, for limits: what was counted yesterday cannot be tried out today (DESIGN section 6)."""
DEVICE = Rotation("device", Period.MONTH)
"""Tokens that devices keep, for limits."""
CONTACT = Rotation("contact", Period.MONTH, overlap=1)
"""Phones and emails, for "one per phone": a month in which hashes are made, and one in which they are recognised."""
GIVING = Rotation("giving", Period.DAY, overlap=1)
"""Ids of contacts, which a repetition of a command must find again: the rest of the day, and one more."""
NAME = Rotation("name", Period.DAY)
"""Salts of certificates, which hide the name of the holder."""
ROTATIONS = (CLIENT, DEVICE, CONTACT, GIVING, NAME)


class KeyRing(Protocol):
    """Keys by their use; see imigr_kit.rotating.RotatingKeys."""

    def current(self, rotation: Rotation) -> Secret[bytes]:
        """To make hashes with."""
        ...

    def earlier(self, rotation: Rotation) -> list[Secret[bytes]]:
        """To recognise hashes that were made before, the latest first."""
        ...


def open_ring(folder: Path, clock: Clock) -> RotatingKeys:
    """The keys in the folder that all processes of the gateway share."""
    return RotatingKeys(folder, clock, ROTATIONS)
