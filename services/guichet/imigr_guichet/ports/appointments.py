"""The places and who has them, as the use cases see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.limits import Quota
from imigr_kit.commands import Command as Command
from imigr_kit.facts import Fact


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
    """What may exist once, beside the place: the link, and one appointment per contact and day."""

    manage: str
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stored:
    """An appointment as kept, with the commands it has answered by key, and what ties it to links and commands
    (opaque to the use cases)."""

    appointment: Appointment
    commands: dict[str, Done]
    ties: tuple[str, ...] = field(default=(), repr=False)


class Outcome(Enum):
    """What became of a write: done; the record was changed by others meanwhile; the wanted place is not free; the
    command was run before; the contact has an appointment that day."""

    DONE = "done"
    STALE = "stale"
    TAKEN = "taken"
    REPEATED = "repeated"
    CONTACT = "contact"


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
        self,
        stored: Stored,
        new: Appointment,
        facts: Sequence[Fact],
        command: Command,
        contacts: Sequence[str] = (),
    ) -> Outcome:
        """Replace what is stored, place included, in one conditional write: all of it or nothing. ``contacts`` ties
        it to a contact that it did not have before."""
        ...

    def forget_contact(self, appointment_id: str) -> None:
        """Cut every tie to the contact, in one write; what is told of the appointment before stays told."""
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


class Quotas(Protocol):
    """How many bookings a contact or a device has made lately."""

    def take(self, quota: Quota, taker: str, now: datetime) -> bool:
        """Count a command against the quota unless it is used up; one that has counted stays counted."""
        ...

    def give_back(self, quotas: Sequence[Quota], taker: str) -> None:
        """The command has come to nothing."""
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
