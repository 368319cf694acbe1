"""What planning, rules and limits need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from imigr_kit.commands import Command
from imigr_notifications.domain import Matter, Message, Rules, Told


class Matters(Protocol):
    """Appointments and registrations as messages last told them."""

    def get(self, subject: str, session: Any = None) -> tuple[Matter, Told] | None:
        """One of them, and what was told."""
        ...

    def put(self, matter: Matter, told: Told, session: Any) -> None:
        """Remember it."""
        ...

    def standing(self, contacts: Sequence[str], besides: Message, now: datetime) -> Sequence[Matter]:
        """What else stands for these contacts, of the message's kind of matter in its municipality: other appointments
        to come, or registrations for the same event; the next first, few."""
        ...


class RuleBook(Protocol):
    """What each municipality has settled."""

    def rules(self, municipality: str) -> Rules:
        """The rules that hold now (at most some seconds old)."""
        ...

    def settled(self, municipality: str) -> tuple[dict[str, Any], int]:
        """What the town settled itself, in written form, and its version (0: nothing)."""
        ...

    def settle(self, municipality: str, own: Mapping[str, Any], version: int, command: Command) -> int:
        """Replace it if ``version`` still holds; the new version. Raises VersionConflict or KeyReused."""
        ...

    def follow(self, municipality: str, told: Sequence[Mapping[str, str]], session: Any) -> None:
        """Take the months of Ramadan that the directory's calendar tells, within the session of its event."""
        ...

    def unapplied(self) -> Sequence[tuple[str, int]]:
        """Municipalities, with their version, whose planned reminders follow older rules."""
        ...

    def applied(self, municipality: str, version: int) -> None:
        """All planned reminders follow this version."""
        ...


class Reminders(Protocol):
    """Planned reminders, by other ways than their subject."""

    def outdated(self, municipality: str, version: int, most: int) -> Sequence[Message]:
        """Planned ones that follow older rules."""
        ...

    def retime(self, message: Message, session: Any) -> bool:
        """Give a planned one its new times; false when it is no longer planned."""
        ...

    def due_together(self, contacts: Sequence[str], carrier: Message, until: datetime) -> Sequence[Message]:
        """Planned reminders to these contacts that are due until then, but not the carrier."""
        ...

    def take_along(self, message: Message, lease: str, now: datetime, until: datetime) -> Message | None:
        """Mark one that is planned, or leased under this lease, as being handed over under it; None when it was
        withdrawn."""
        ...


class Daily(Protocol):
    """How many messages one person got on a day; the person is known by a keyed hash only."""

    def admit(self, person: str, day: str, message_id: str, limit: int) -> bool:
        """Count the message, once; false when the limit is reached."""
        ...

    def count(self, told: Sequence[tuple[str, str, str]]) -> None:
        """Count messages that go in any case: person, day, id."""
        ...


class OptOuts(Protocol):
    """Who wants no SMS any more, by keyed hash of the address; it holds for the whole installation."""

    def among(self, persons: Collection[str]) -> Collection[str]:
        """Those of them that opted out."""
        ...

    def add(self, person: str, now: datetime, session: Any) -> bool:
        """Opt out; false when it was so already."""
        ...

    def remove(self, person: str, session: Any) -> bool:
        """End it; false when there was none."""
        ...
