"""What the use cases work with, and who may ask for what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imigr_events.handlers.turns import TRIES as TRIES
from imigr_events.handlers.turns import Turns
from imigr_events.ports import Events
from imigr_kit.clock import Clock
from imigr_kit.ids import NewId
from imigr_kit.pressure import Gate

TELL_AT_ONCE = 500
"""Registrants who are told in one write: their events lie in the document until they are sent."""
WRITERS = ("manager", "editor")
PUBLISHERS = ("manager",)
READERS = ("manager", "editor", "mediator")
HELPERS = ("manager", "mediator")
"""Who registers people on their behalf, and decides on registrations."""


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    events: Events
    turns: Turns
    clock: Clock
    new_id: NewId
    reference: Callable[[str], str]
    """The spoken reference of a registration id, or an invitation code of a text."""
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""
    gate: Gate
    """Counts where commands of people come from."""
