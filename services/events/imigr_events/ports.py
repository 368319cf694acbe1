"""What the use cases need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imigr_events.domain import Book as Book
from imigr_events.domain import Event, Registration, Work
from imigr_kit.commands import Command as Command
from imigr_kit.facts import Fact

Envelope = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A command of staff that changed an event: stored with what it answered."""

    command: Command
    event: Event


@dataclass(frozen=True)
class Stored:
    """A registration as kept, its event, and its place in the waiting list."""

    event: Event
    registration: Registration
    waiting_position: int | None


class Taken(Exception):
    """A key or a link of this change exists already, in this event or in another."""


class Events(Protocol):
    """Events with their registrations; one document each, every change one conditional write."""

    def get(self, event_id: str) -> Event | None:
        """Without the registrations."""
        ...

    def list(self, municipality: str | None, since: datetime, page: int, per_page: int) -> tuple[Sequence[Event], int]:
        """Public events that end after ``since``, by start; and how many there are in all."""
        ...

    def list_all(self, municipality: str, page: int, per_page: int) -> tuple[Sequence[Event], int]:
        """Events of a municipality in any state, the latest first."""
        ...

    def add(self, event: Event, command: Command) -> bool:
        """Store a draft; false when the command had done so before."""
        ...

    def by_command(self, key: str) -> tuple[Event, str] | None:
        """The event as a staff command has left it, and the hash of the command's body."""
        ...

    def find(self, manage: str) -> Stored | None:
        """The registration behind a manage hash."""
        ...

    def home(self, claim: str) -> str | None:
        """The event that has a claim: ``key:...`` or ``manage:...``."""
        ...

    def answer_counts(self, event_id: str) -> dict[str, dict[str, int]]:
        """How often each option of each question was chosen."""
        ...

    def book(self, event_id: str) -> Book | None:
        """With all registrations."""
        ...

    def change_of(self, event_id: str) -> int | None:
        """How often the event's document was written."""
        ...

    def save(self, work: Work, envelopes: Sequence[Envelope], steps: Sequence[Step], deadline: datetime | None) -> bool:
        """Store a change if the document is still the one that the work's book was read from, and the deadline
        has not passed; one conditional write. Raises Taken."""
        ...

    def due(self, now: datetime) -> Sequence[str]:
        """Events that the time changes now, and those whose registrants are still to be told something."""
        ...

    def stamp(self, facts: Iterable[Fact]) -> Sequence[Envelope]:
        """Envelopes of facts in the context of the running call."""
        ...
