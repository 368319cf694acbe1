"""The places and who has them, as the use cases see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.text import Interval
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Command:
    """A repeated command is recognised by its key; ``body_hash`` tells a repetition from another body."""

    key: str
    body_hash: str


@dataclass(frozen=True)
class Done:
    """What a command made of an appointment; its answer is said again from this and what never changes."""

    body_hash: str
    version: int
    state: str
    desk: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Stored:
    """An appointment as kept, with the commands it has answered by key, and what ties it to links and commands
    (opaque to the use cases)."""

    appointment: Appointment
    commands: dict[str, Done]
    ties: tuple[str, ...] = field(default=(), repr=False)


class Outcome(Enum):
    """What became of a change: done; the record was changed by others meanwhile; the wanted place is not free."""

    DONE = "done"
    STALE = "stale"
    TAKEN = "taken"


class Appointments(Protocol):
    """The places and who has them. Every claim is one conditional write."""

    def claim(self, appointment: Appointment, facts: Sequence[Fact], command: Command, manage: str) -> Stored | None:
        """Store the appointment if nothing occupying overlaps it on its desk. Returns it, or what an earlier run
        of the command stored. None when the place is taken. Raises TooLate after the caller's deadline."""
        ...

    def find(self, manage: str) -> Stored | None:
        """The appointment behind a manage hash."""
        ...

    def by_command(self, key: str) -> Stored | None:
        """The appointment that a command has made or changed."""
        ...

    def change(self, stored: Stored, new: Appointment, facts: Sequence[Fact], command: Command) -> Outcome:
        """Replace what is stored, place included, in one conditional write: all of it or nothing."""
        ...

    def taken(self, guichet_id: str, first: date, last: date) -> dict[tuple[date, str], list[Interval]]:
        """Occupied intervals, buffers included, by opening day and desk."""
        ...

    def of_day(self, guichet_id: str, day: date) -> Sequence[Appointment]:
        """All appointments of an opening day, by start and desk."""
        ...
