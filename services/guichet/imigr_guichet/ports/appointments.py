"""The places and who has them, as the use cases see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from imigr_guichet.domain.appointment import Appointment
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Command:
    """A repeated command is recognised by its key; ``body_hash`` tells a repetition from another body. ``by`` goes
    into the audit line: ``visitor``, ``staff:<id>``, ``partner:<id>`` or ``system``."""

    key: str
    body_hash: str
    by: str = "visitor"


@dataclass(frozen=True)
class Done:
    """What a command made of an appointment: its audit line, from which its answer can be said again."""

    body_hash: str
    version: int
    state: str
    desk: str
    start: datetime
    end: datetime
    by: str
    at: datetime
    until: datetime | None = None
    """End of a hold."""


@dataclass(frozen=True)
class Ties:
    """What may exist once, beside the place: the link, one appointment per contact and day, numbers of quotas."""

    manage: str
    contact: str | None = None
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stored:
    """An appointment as kept, with the commands it has answered by key, and what ties it to links and commands
    (opaque to the use cases)."""

    appointment: Appointment
    commands: dict[str, Done]
    ties: tuple[str, ...] = field(default=(), repr=False)


class Outcome(Enum):
    """What became of a write: done; the record was changed by others meanwhile; the wanted place is not free; the
    command was run before; the contact has an appointment that day; the number of a quota is given."""

    DONE = "done"
    STALE = "stale"
    TAKEN = "taken"
    REPEATED = "repeated"
    CONTACT = "contact"
    QUOTA = "quota"


class Appointments(Protocol):
    """The places and who has them. Every claim is one conditional write."""

    def claim(self, appointment: Appointment, facts: Sequence[Fact], command: Command, ties: Ties) -> Outcome:
        """Store the appointment if nothing occupying overlaps it on its desk and nothing of its ties exists.
        Raises TooLate after the caller's deadline."""
        ...

    def find(self, manage: str, municipality: str) -> Stored | None:
        """The appointment of the municipality behind a manage hash; a foreign one takes no longer than none."""
        ...

    def by_command(self, key: str) -> Stored | None:
        """The appointment that a command has made or changed."""
        ...

    def by_reference(self, reference: str, municipality: str) -> Stored | None:
        """The appointment of the municipality with this hash of a spoken reference; likewise."""
        ...

    def by_id(self, appointment_id: str) -> Stored | None:
        """The appointment with this id."""
        ...

    def change(
        self, stored: Stored, new: Appointment, facts: Sequence[Fact], command: Command, contact: str | None = None
    ) -> Outcome:
        """Replace what is stored, place included, in one conditional write: all of it or nothing. ``contact`` ties
        it to a contact that it did not have before."""
        ...

    def faded(self, appointment: Appointment, now: datetime) -> Sequence[Stored]:
        """What lies in the way of an appointment though its time is over: holds that ended, places that return."""
        ...

    def free_cancelled(self, stored: Stored) -> None:
        """Give the place of a cancelled appointment back now."""
        ...

    def of_day(self, guichet_id: str, day: date) -> Sequence[Appointment]:
        """All appointments of an opening day, by start and desk."""
        ...

    def open_from(self, guichet_id: str, day: date) -> Sequence[Stored]:
        """Appointments before their visit, of this opening day and later ones."""
        ...

    def stranded(self, guichet_id: str) -> Sequence[Appointment]:
        """The worklist: appointments that cannot take place as planned, by start."""
        ...

    def ended_holds(self, now: datetime) -> Sequence[Stored]:
        """Some of the holds whose time is over."""
        ...

    def next_number(self, prefix: str, *, known: bool) -> int:
        """The next free number of a quota; ``known`` takes the last one this process has seen."""
        ...


class Occupancy(Protocol):
    """What is occupied, for what is shown; see places.Taken."""

    def refresh(self, age: float = 0.05) -> None:
        """Take in what others changed, unless that was done less than ``age`` seconds ago."""
        ...

    def taken(self, guichet_id: str, desk: str, first: int, width: int) -> int:
        """Bits of the occupied cells."""
        ...

    def changes(self, guichet_id: str, first: int | None = None, last: int | None = None) -> int:
        """A number that grows whenever something is taken or freed at the guichet, or on these UTC days of it (days
        since 1970, both included)."""
        ...

    def is_claimed(self, guichet_id: str, desk: str, first: int, width: int) -> bool:
        """Whether this process is claiming one of these cells right now."""
        ...

    def settle(self, guichet_id: str, desks: Sequence[str], first: int, width: int) -> bool:
        """Wait for what becomes of a claim on these cells of these desks; false when there are none, or it takes too
        long."""
        ...
