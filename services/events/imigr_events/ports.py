"""What the use cases need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imigr_events.domain import Event, Registration, State
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Command:
    """A repeated command is recognised by its key; ``body_hash`` tells a repetition from another body."""

    key: str
    body_hash: str


@dataclass(frozen=True)
class Stored:
    """A registration as kept, its event, its place in the waiting list, and the commands it has answered."""

    event: Event
    registration: Registration
    waiting_position: int | None
    answers: dict[str, tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Book:
    """The whole document of an event: all registrations in order of arrival."""

    event: Event
    registrations: tuple[Registration, ...]

    def waiting(self) -> list[Registration]:
        """Those who wait, in order."""
        return [one for one in self.registrations if one.state is State.WAITING]

    def living(self) -> list[Registration]:
        """Those who are coming or wait."""
        return [one for one in self.registrations if one.state is not State.CANCELLED]


class Events(Protocol):
    """Events with their registrations; one document each, every change one conditional write."""

    def get(self, event_id: str) -> Event | None:
        """Without the registrations."""
        ...

    def book(self, event_id: str) -> Book | None:
        """With all registrations."""
        ...

    def list(self, municipality: str | None, since: datetime, page: int, per_page: int) -> tuple[Sequence[Event], int]:
        """Published events that end after ``since``, by start; and how many there are in all."""
        ...

    def add(self, event: Event, command: Command) -> bool:
        """Store a draft; false when the command had done so before."""
        ...

    def by_command(self, key: str) -> tuple[Event, str] | None:
        """The event as a staff command has left it, and the hash of the command's body."""
        ...

    def replace(self, old: Event, new: Event, facts: Sequence[Fact], command: Command) -> bool:
        """Replace public data and state if the version is still ``old``'s."""
        ...

    def end(self, book: Book, ended: Sequence[Registration], facts: Sequence[Fact], last: bool) -> bool:
        """Write registrations that ended with their event, if nobody changed the document meanwhile; with the
        ``last`` ones the event is no longer ``ending``."""
        ...

    def ending(self) -> Sequence[str]:
        """Events that were called off and may still have living registrations."""
        ...

    def claim(
        self, event: Event, registration: Registration, facts: Sequence[Fact], command: Command, manage: str
    ) -> bool:
        """Confirm if the places are free; one conditional write."""
        ...

    def enqueue(
        self, event: Event, registration: Registration, facts: Sequence[Fact], command: Command, manage: str
    ) -> int | None:
        """Put at the end of the waiting list if the places are not free; one conditional write. The position
        there, or nothing."""
        ...

    def is_crowded(self, event_id: str) -> bool:
        """Whether the event holds as many registrations as it ever can."""
        ...

    def find(self, manage: str) -> Stored | None:
        """The registration behind a manage hash."""
        ...

    def registered(self, key: str) -> Stored | None:
        """The registration that a command has stored."""
        ...

    def settle(
        self, book: Book, changed: Sequence[Registration], facts: Sequence[Fact], command: Command, said: dict[str, Any]
    ) -> bool:
        """Write several registrations of one event at once, if nothing happened meanwhile that would have led
        to another choice. The first is the one the command was about; ``said`` is its answer."""
        ...
