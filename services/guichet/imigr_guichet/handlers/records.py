"""Records that change by repeatable commands: what use cases need of storage, and the one way to change them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from imigr_guichet.errors import Busy
from imigr_guichet.ports.appointments import Command
from imigr_kit.clock import Clock
from imigr_kit.facts import Fact


class Versioned(Protocol):
    """What every record has: an id, its town, and the count of its facts."""

    @property
    def id(self) -> str:
        """UUIDv7."""
        ...

    @property
    def municipality(self) -> str:
        """Slug."""
        ...

    @property
    def version(self) -> int:
        """Counts the facts of this record from 1."""
        ...


E = TypeVar("E", bound=Versioned)
Said = dict[str, Any]
Step = Callable[[E], tuple[E, list[Fact]]]
TRIES = 8


@dataclass(frozen=True)
class Kept(Generic[E]):
    """A record as stored, with the commands it has answered (key to body hash and answer) and the hashes of
    the secrets that open it (``<kind>:<hash>``)."""

    entity: E
    answers: dict[str, tuple[str, Said]]
    links: tuple[str, ...] = ()


class Records(Protocol[E]):
    """One kind of record. Every write is one conditional write with its events inside."""

    def insert(self, entity: E, facts: Sequence[Fact], command: Command, said: Said, links: Iterable[str]) -> bool:
        """Store a new record; false when its command, a link or another claim of it is taken."""
        ...

    def replace(
        self,
        kept: Kept[E],
        new: E,
        facts: Sequence[Fact],
        command: Command,
        said: Said,
        links: Iterable[str] | None = None,
    ) -> bool:
        """Replace if the version is still that of ``kept``; false when it is not, or when a claim of ``new`` is
        taken. ``links`` replace the links; None keeps them."""
        ...

    def get(self, record_id: str) -> Kept[E] | None:
        """By id."""
        ...

    def find(self, claim: str) -> Kept[E] | None:
        """By a claim, which exists once: ``key:…``, ``link:…`` or one that follows from the record."""
        ...


def create(
    records: Records[E],
    command: Command,
    make: Callable[[], tuple[E, list[Fact]]],
    say: Callable[[E], Said],
    links: Iterable[str] = (),
) -> Said:
    """Store what ``make`` makes, or say what an earlier run of the command said. Raises KeyReused or Busy."""
    for _ in range(TRIES):
        earlier = records.find(f"key:{command.key}")
        if earlier is not None:
            return repeated(earlier, command)
        entity, facts = make()
        said = say(entity)
        if records.insert(entity, facts, command, said, links):
            return said
    raise Busy(retry_after=1)


def change(
    records: Records[E],
    find: Callable[[], Kept[E]],
    command: Command,
    step: Step[E],
    say: Callable[[E], Said],
    links: Callable[[Kept[E]], Iterable[str]] | None = None,
) -> Said:
    """Bring a record one step on, or say what an earlier run of the command said.

    ``find`` raises when there is no such record; ``step`` raises when its state forbids the step. Raises KeyReused
    or Busy besides.
    """
    for _ in range(TRIES):
        kept = find()
        if command.key in kept.answers:
            return repeated(kept, command)
        new, facts = step(kept.entity)
        said = say(new)
        if records.replace(kept, new, facts, command, said, links(kept) if links else None):
            return said
        elsewhere = records.find(f"key:{command.key}")
        if elsewhere is not None:
            return repeated(elsewhere, command)
    raise Busy(retry_after=1)


def repeated(kept: Kept[E], command: Command) -> Said:
    """The answer of the first run; raises KeyReused for another body under the same key."""
    body_hash, said = kept.answers[command.key]
    command.must_be(body_hash)
    return said


def now_of(clock: Clock) -> datetime:
    """The current instant in whole milliseconds, as the database keeps it."""
    now = clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
