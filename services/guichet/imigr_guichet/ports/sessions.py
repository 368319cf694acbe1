"""Group sessions, as the use cases see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, Protocol

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.session import Session
from imigr_guichet.ports.appointments import Command, Outcome
from imigr_kit.facts import Fact


class Seated(NamedTuple):
    """A session, who sits in it, and the numbers of the seats that are not closed, given or not."""

    session: Session
    seats: Sequence[Appointment]
    open: frozenset[int]


class Sessions(Protocol):
    """Sessions claim their desk as appointments do; a seat is claimed by its number."""

    def plan(self, session: Session, facts: Sequence[Fact], command: Command) -> Outcome:
        """Store it if its desk is free then."""
        ...

    def find(self, session_id: str) -> Seated | None:
        """A session with its seats."""
        ...

    def body_of(self, session_id: str, command: Command) -> str | None:
        """The body hash of a command that was run on this session under this key, if one was."""
        ...

    def upcoming(self, guichet_id: str, first: date) -> Sequence[Seated]:
        """Planned sessions of a guichet from a day on, by start."""
        ...

    def change(self, old: Session, new: Session, facts: Sequence[Fact], command: Command) -> Outcome:
        """Replace it, and close the free seats beyond the new capacity in the same write, so that no booking under
        way can take one: taken when such a seat was given meanwhile (read again), stale when the version is old,
        repeated when the command was run before."""
        ...
