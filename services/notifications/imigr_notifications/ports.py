"""What the use cases need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from imigr_kit.facts import Fact
from imigr_kit.secret import Secret
from imigr_notifications.domain import Message, State


class Readiness(StrEnum):
    """Whether a contact can be written to now."""

    READY = "ready"
    NOT_YET = "not_yet"
    GONE = "gone"


class Reached(Protocol):
    """A contact as the delivery needs it."""

    @property
    def address(self) -> Secret[str]:
        """Phone in E.164, or email."""
        ...

    @property
    def manage_token(self) -> Secret[str] | None:
        """Token of the manage link."""
        ...


class Messages(Protocol):
    """Planned and sent messages. ``session`` is the transaction of the event being handled."""

    def plan(self, message: Message, facts: Sequence[Fact], session: Any) -> None:
        """Store a message unless one of that id exists."""
        ...

    def withdraw(self, subject: str, kinds: Sequence[str], reason: str, session: Any) -> None:
        """Cancel messages of the subject that have not been handed over."""
        ...

    def lease(self, now: datetime, until: datetime) -> Message | None:
        """Take the message that has been due longest, for one worker; None when nothing is due."""
        ...

    def hand_over(self, message: Message) -> bool:
        """Mark that it leaves now; false when it was withdrawn meanwhile."""
        ...

    def settle(self, message: Message, expected: Sequence[State], facts: Sequence[Fact]) -> bool:
        """Store the outcome if the message is still in one of the expected states."""
        ...

    def postpone(self, message: Message, due_at: datetime, attempts: int) -> None:
        """Back to planned, for later."""
        ...

    def stranded(self, now: datetime) -> Sequence[Message]:
        """Messages whose worker died: leased or sending, past their lease."""
        ...

    def of_subject(self, subject: str) -> Sequence[Message]:
        """All messages of a subject, by due time."""
        ...


class Contacts(Protocol):
    """The vault's records."""

    def readiness(self, contact_id: str, now: datetime) -> Readiness:
        """Whether it is here, still to come, or gone (erased or expired)."""
        ...

    def reach(self, contact_id: str, now: datetime) -> Reached | None:
        """Decrypt it for sending; None when it may not be read any more."""
        ...

    def keep_until(self, contact_id: str, subject: str, until: datetime, session: Any) -> None:
        """The contact has a purpose until then."""
        ...

    def forget(self, contact_id: str, now: datetime) -> bool:
        """Destroy it and remember that it must not come back; whether there was one."""
        ...


class DeliveryError(Exception):
    """The provider did not take the message; ``temporary`` says whether trying again makes sense."""

    def __init__(self, reason: str, *, temporary: bool, left: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.temporary = temporary
        self.left = left
        """True when it may have been taken all the same (no answer to what was handed over)."""


class Sender(Protocol):
    """Hands one message to a provider."""

    def send(self, address: Secret[str], subject: str, body: str) -> Sequence[str]:
        """The provider's ids of the parts. Raises DeliveryError."""
        ...
