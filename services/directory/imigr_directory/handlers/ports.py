"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from imigr_directory.domain import Act, Content, Municipality, Record, Term
from imigr_kit.clock import Clock
from imigr_kit.commands import Command as Command
from imigr_kit.facts import Fact


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

    def replace(self, old: Record, new: Record, facts: Sequence[Fact], command: Command | None = None) -> bool:
        """Put ``new`` in the place of ``old``; false when ``old`` is no longer what is stored. A published version
        that goes is kept."""
        ...

    def known(self, kind: str, ids: Collection[str]) -> set[str]:
        """Those of the ids that are records of the kind, in whatever state."""
        ...

    def find(
        self,
        kind: str,
        municipality: str | None,
        state: str | None,
        owners: Sequence[str] | None,
        page: tuple[int, int],
    ) -> tuple[list[Record], int]:
        """A page (number from 1, size) by id, and how many there are; ``owners`` None: of whomever."""
        ...

    def due(self, kind: str, day: str, most: int) -> list[Record]:
        """Published records whose lifetime ends on ``day`` or earlier and which have not told it yet."""
        ...

    def ageing(self, kind: str, municipality: str | None, day: str, most: int) -> list[Record]:
        """Published records of a town whose lifetime ends on ``day`` or earlier, or that nobody has verified; the
        oldest first."""
        ...

    def to_translate(self, kind: str, municipality: str | None, most: int) -> list[Record]:
        """Published records of a town with translations that are outdated or made by a machine."""
        ...

    def published_in(self, kind: str, municipality: str | None) -> list[Record]:
        """All that readers of a town see of its own, by id."""
        ...

    def versions(self, record: Record) -> Sequence[Mapping[str, Any]]:
        """Every version that readers have seen, the latest first."""
        ...

    def at_version(self, record: Record, version: int) -> Mapping[str, Any] | None:
        """One of them."""
        ...


class Mandates(Protocol):
    """Which partner editor holds which organizations."""

    def of(self, staff_id: str) -> set[str]:
        """Organizations in these hands."""
        ...

    def give(self, organization_id: str, staff_id: str, act: Act) -> None:
        """Put one there; again is harmless."""
        ...

    def take(self, organization_id: str, staff_id: str) -> None:
        """Take one back; again is harmless."""
        ...

    def holders(self, organization_id: str) -> Sequence[str]:
        """Staff ids."""
        ...


def anything(kind: str, content: Content) -> bool:
    """Every content fits."""
    return True


@dataclass(frozen=True)
class Desk:
    """What the use cases work with; ``changed`` tells the search that the directory is another one now, ``fits`` says
    whether content follows the schema of its kind."""

    directory: Directory
    records: Records
    mandates: Mandates
    clock: Clock
    changed: Callable[[], None]
    fits: Callable[[str, Content], bool] = anything
