"""What the use cases need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from imigr_kit.facts import Fact
from imigr_kit.secret import Secret
from imigr_notifications.domain import Message

HandOver = Callable[[int], bool]
"""Called once by a sender with the number of parts, right before the step that cannot be taken back."""


class Readiness(StrEnum):
    """Whether a contact can be written to now."""

    READY = "ready"
    NOT_YET = "not_yet"
    UNUSABLE = "unusable"
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


@dataclass(frozen=True)
class Outgoing:
    """A rendered message. ``taken`` are provider ids of parts that were accepted before."""

    message_id: str
    address: Secret[str]
    subject: str
    body: Secret[str]
    valid_seconds: int
    taken: tuple[str, ...] = ()
    calendar: bytes | None = None


@dataclass(frozen=True)
class Receipt:
    """What a provider says later about one part: delivered, or finally not."""

    provider_id: str
    address: Secret[str]
    delivered: bool


class Messages(Protocol):
    """Planned and sent messages. ``session`` is the transaction of the event being handled."""

    def plan(self, planned: Sequence[tuple[Message, Sequence[Fact]]], session: Any) -> None:
        """Store new messages."""
        ...

    def drop(self, message: Message, reason: str, session: Any) -> None:
        """Cancel it, unless it is being handed over: then it is marked, and not tried again."""
        ...

    def lease(self, channel: str, now: datetime, until: datetime) -> tuple[Message, str] | None:
        """Take the message that has been due longest, and the name of the lease; None when nothing is due."""
        ...

    def hand_over(self, message: Message, lease: str, parts: int, now: datetime, until: datetime) -> bool:
        """Mark that it leaves now; false when it was withdrawn meanwhile or the lease was lost."""
        ...

    def settle(self, message: Message, lease: str | None, facts: Sequence[Fact]) -> bool:
        """Store the outcome if nothing else was told about the message meanwhile (and the lease holds)."""
        ...

    def postpone(self, message: Message, lease: str | None, until: datetime) -> bool:
        """Back to planned, not to be taken before ``until``; cancelled instead when it was dropped."""
        ...

    def doubt(self, message: Message, until: datetime) -> bool:
        """Mark a message whose answer was lost; it is looked at again until then. False if it was marked."""
        ...

    def stranded(self, now: datetime) -> Sequence[tuple[Message, bool]]:
        """Messages past their lease, and messages in doubt; true when their time is over."""
        ...

    def of_subject(self, subject: str, session: Any = None) -> Sequence[Message]:
        """All messages of a subject, by due time."""
        ...

    def of_contact(self, contact_id: str) -> Sequence[Message]:
        """Messages of a contact that are planned or under way."""
        ...

    def of_provider_id(self, provider_id: str) -> Message | None:
        """The message of which a part has this id at its provider."""
        ...


class Contacts(Protocol):
    """The vault's records."""

    def readiness(self, contact_id: str, now: datetime) -> Readiness:
        """Whether it is here, still to come, unusable, or gone (erased or expired)."""
        ...

    def reach(self, contact_id: str, now: datetime) -> Reached | None:
        """Decrypt it for sending; None when it may not be read any more."""
        ...

    def lookup(self, contact_id: str) -> str | None:
        """The keyed hash of its address."""
        ...

    def keep_until(self, contact_id: str, subject: str, until: datetime, session: Any) -> bool:
        """The contact has a purpose until then; false, and nothing noted, when it was erased."""
        ...

    def forget(self, contact_id: str, now: datetime) -> bool:
        """Destroy it and remember that it must not come back; whether there was one."""
        ...


class Receipts(Protocol):
    """Receipts by provider id; they wait here when they arrive before the answer they belong to."""

    def add(self, receipt: Receipt, now: datetime) -> bool:
        """False when it was known already."""
        ...

    def of_parts(self, provider_ids: Sequence[str]) -> Mapping[str, bool]:
        """Which of these parts have a receipt: delivered, or not."""
        ...

    def unclaimed(self, lookup: str, since: datetime) -> Mapping[str, bool]:
        """Receipts for this address since then that no message has claimed."""
        ...

    def claim(self, provider_ids: Sequence[str], message_id: str) -> None:
        """They belong to this message."""
        ...


class DeliveryError(Exception):
    """The provider did not simply take the message. ``taken`` are ids of parts that it did take."""

    def __init__(self, reason: str, *, taken: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.taken = tuple(taken)


class NotWanted(DeliveryError):
    """``hand_over`` said no; nothing was sent."""


class Unreachable(DeliveryError):
    """There is no connection; nothing was sent, and nothing else will be for a moment."""


class Throttled(DeliveryError):
    """The provider takes no more for a moment."""


class NotNow(DeliveryError):
    """The provider did not take it; another attempt may succeed."""


class Refused(DeliveryError):
    """The provider will never take it."""


class Uncertain(DeliveryError):
    """It was handed over and no answer came: the provider may have taken it."""


class Sender(Protocol):
    """Hands one message to a provider, within bounded time."""

    def send(self, outgoing: Outgoing, hand_over: HandOver) -> Sequence[str]:
        """The provider's ids of the parts. Does first all that can fail without consequence, then asks
        ``hand_over``, then sends. Raises a DeliveryError."""
        ...
