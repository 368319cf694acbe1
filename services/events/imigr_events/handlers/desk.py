"""What the use cases work with, and who may ask for what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imigr_events.ports import Events
from imigr_kit.clock import Clock
from imigr_kit.ids import NewId

TRIES = 20
BATCH = 500
"""Registrations that end in one write: their events lie in the document until they are sent."""
WRITERS = ("manager", "editor")
PUBLISHERS = ("manager",)
READERS = ("manager", "editor", "mediator")


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    events: Events
    clock: Clock
    new_id: NewId
    reference: Callable[[str], str]
    """The spoken reference of a registration id."""
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""
