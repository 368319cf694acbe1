"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from imigr_directory.domain import Municipality, Record, Term
from imigr_kit.clock import Clock
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Command:
    """A repeated command is recognised by its key; ``body_hash`` tells a repetition from another body."""

    key: str
    body_hash: str


class Directory(Protocol):
    """Municipalities and themes."""

    def municipalities(self) -> Sequence[Municipality]:
        """All that take part, by slug."""
        ...

    def terms(self) -> Mapping[str, Term]:
        """All themes by code."""
        ...


class Records(Protocol):
    """Records of every kind."""

    def get(self, kind: str, record_id: str) -> Record | None:
        """One record in whatever state."""
        ...

    def by_command(self, kind: str, key: str) -> tuple[Record, str] | None:
        """The record as a command has left it, and the hash of the command's body."""
        ...

    def add(self, record: Record, facts: Sequence[Fact], command: Command) -> bool:
        """Store a new record; false when its id is taken, which is so when the command was done before."""
        ...

    def replace(self, old: Record, new: Record, facts: Sequence[Fact], command: Command) -> bool:
        """Put ``new`` in the place of ``old``; false when ``old`` is no longer what is stored. A published version
        that goes is kept."""
        ...


@dataclass(frozen=True)
class Desk:
    """What the use cases work with; ``changed`` tells the search that the directory is another one now."""

    directory: Directory
    records: Records
    clock: Clock
    changed: Callable[[], None]
