"""What the use cases need from the outside, as protocols; storage implements them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from imigr_guichet.domain import Appointment, Guichet
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Command:
    """A repeated command is recognised by its key; ``body_hash`` tells a repetition from another body."""

    key: str
    body_hash: str


@dataclass(frozen=True)
class Stored:
    """An appointment as kept, with the commands it has answered: key to (body hash, answer)."""

    appointment: Appointment
    answers: dict[str, tuple[str, dict[str, Any]]]


class Plans(Protocol):
    """Guichets with their opening plans."""

    def get(self, guichet_id: str) -> Guichet | None:
        """One guichet; may be two seconds old."""
        ...

    def all(self, municipality: str | None) -> Sequence[Guichet]:
        """All guichets, or those of one municipality."""
        ...


class Appointments(Protocol):
    """The places and who has them. Every claim is one conditional write."""

    def claim(self, appointment: Appointment, facts: Sequence[Fact], command: Command, manage: str) -> Stored | None:
        """Store the appointment if nothing occupying overlaps it on its desk. Returns it, or what an earlier run
        of the command stored at another desk. None when the place is taken, or this very day of this desk holds
        the command already (look with ``by_command``)."""
        ...

    def find(self, manage: str) -> Stored | None:
        """The appointment behind a manage hash."""
        ...

    def by_command(self, key: str) -> Stored | None:
        """The appointment that a booking command has stored."""
        ...

    def change(self, old: Appointment, new: Appointment, facts: Sequence[Fact], command: Command) -> bool:
        """Replace in place if the version is still ``old``'s; false when it is not."""
        ...

    def relocate(self, old: Appointment, new: Appointment, facts: Sequence[Fact], command: Command) -> bool:
        """Give up the old place and take the new one in one transaction; false, and nothing changed, when
        the new place is taken or the version is no longer ``old``'s."""
        ...

    def taken(
        self, guichet_id: str, first: date, last: date
    ) -> dict[tuple[date, str], list[tuple[datetime, datetime]]]:
        """Occupied intervals by opening day and desk."""
        ...

    def of_day(self, guichet_id: str, day: date) -> Sequence[Appointment]:
        """All appointments of an opening day, by start and desk."""
        ...
