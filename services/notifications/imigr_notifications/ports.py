"""What the use cases need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from imigr_kit.facts import Fact
from imigr_kit.secret import Secret
from imigr_notifications.domain import Message
from imigr_notifications.ports_sending import (
    BatchSender,
    DeliveryError,
    HandOver,
    HandOverAll,
    NotNow,
    NotWanted,
    Outcome,
    Outgoing,
    Receipt,
    Refused,
    Sender,
    Taken,
    Throttled,
    Uncertain,
    Unreachable,
)

__all__ = [
    "EVERYWHERE",
    "BatchSender",
    "Contacts",
    "DeliveryError",
    "HandOver",
    "HandOverAll",
    "Messages",
    "NotNow",
    "NotWanted",
    "Outcome",
    "Outgoing",
    "Reached",
    "Readiness",
    "Receipt",
    "Receipts",
    "Refused",
    "Sender",
    "Taken",
    "Throttled",
    "Towns",
    "Uncertain",
    "Unreachable",
]


class Readiness(StrEnum):
    """Whether a contact can be written to now."""

    READY = "ready"
    NOT_YET = "not_yet"
    UNUSABLE = "unusable"
    UNREADABLE = "unreadable"
    GONE = "gone"


class Reached(Protocol):
    """A contact as the delivery needs it."""

    @property
    def address(self) -> Secret[str]:
        """Phone in E.164, or email."""
        ...

    @property
    def person(self) -> str:
        """Keyed hash of the address."""
        ...

    @property
    def channel(self) -> str:
        """``sms`` or ``email``."""
        ...

    @property
    def consents(self) -> Collection[str]:
        """What the person allowed."""
        ...

    @property
    def manage_token(self) -> Secret[str] | None:
        """Token of the manage link."""
        ...


@dataclass(frozen=True)
class Towns:
    """Municipalities whose messages are wanted: only these (None: all), but not those."""

    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()


EVERYWHERE = Towns()


class Messages(Protocol):
    """Planned and sent messages. ``session`` is the transaction of the event being handled."""

    def plan(self, planned: Sequence[tuple[Message, Sequence[Fact]]], session: Any) -> None:
        """Store new messages."""
        ...

    def drop(self, message: Message, reason: str, session: Any) -> None:
        """Cancel it, unless it is being handed over: then it is marked, and not tried again."""
        ...

    def lease(
        self, channel: str, now: datetime, until: datetime, most: int = 1, towns: Towns = EVERYWHERE
    ) -> tuple[Sequence[Message], str]:
        """Take the most urgent that is due, of these what has been due longest, at most so many, and the name of
        the lease; nothing when nothing is due."""
        ...

    def hand_over(
        self, lease: str, parts: Mapping[str, int], provider: str, now: datetime, until: datetime, price: int = 0
    ) -> Collection[str]:
        """Mark that these leave now for the provider; which of them may: not those that were withdrawn meanwhile
        or whose lease was lost. ``price`` is that of a part, in thousandths."""
        ...

    def settle_all(self, settled: Sequence[tuple[Message, Sequence[Fact]]], lease: str) -> Collection[str]:
        """As settle, for several; the ids of those whose outcome was stored."""
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

    def again(self, message: Message, until: datetime) -> bool:
        """Send once more what was sent and came back for now; false when it is in another state meanwhile."""
        ...

    def of_provider_ids(self, provider_ids: Sequence[str]) -> Sequence[Message]:
        """The messages of which a part has one of these ids at its provider."""
        ...

    def arrived(self, message_ids: Sequence[str], now: datetime) -> None:
        """Note that a provider brought them to the person."""
        ...


class Contacts(Protocol):
    """The vault's records."""

    def readiness(self, contact_id: str, now: datetime) -> Readiness:
        """Whether it is here, still to come, unusable, or gone (erased or expired)."""
        ...

    def reach_all(self, contact_ids: Collection[str], now: datetime) -> Mapping[str, Reached | Readiness]:
        """Each contact decrypted for sending, or why not."""
        ...

    def reach(self, contact_id: str, now: datetime) -> Reached | None:
        """Decrypt it for sending; None when it may not be read any more."""
        ...

    def lookup(self, contact_id: str) -> str | None:
        """The keyed hash of its address."""
        ...

    def person_of(self, address: Secret[str]) -> str:
        """The keyed hash of an address."""
        ...

    def slip(self, text: str) -> str:
        """A keyed hash by which a repetition is recognised."""
        ...

    def language_of(self, person: str) -> str | None:
        """The language this person asked for last."""
        ...

    def keep_for_answer(self, address: Secret[str], language: str, now: datetime, session: Any) -> str:
        """A contact for one answer by SMS, which fades within a day; its id."""
        ...

    def of_person(self, person: str) -> Sequence[str]:
        """The contacts with this keyed hash, newest first."""
        ...

    def keep_until(self, contact_id: str, subject: str, until: datetime, session: Any) -> bool:
        """The contact has a purpose until then; false, and nothing noted, when it was erased."""
        ...

    def mark_unusable(self, contact_id: str, reason: str) -> int:
        """The address behind a contact does not exist: it is kept nowhere any more; in how many contacts it was."""
        ...

    def untie(self, contact_id: str) -> None:
        """Nothing that is done with says any more that it was about a contact that is gone."""
        ...

    def forget(self, contact_id: str, now: datetime) -> tuple[bool, datetime]:
        """Destroy it and remember that it must not come back; whether there was one, and when it was first asked."""
        ...


class Receipts(Protocol):
    """Receipts by provider id; they wait here when they arrive before the answer they belong to."""

    def add_all(self, receipts: Sequence[Receipt], now: datetime) -> Collection[str]:
        """Store them; the ids of those that were not known."""
        ...

    def of_parts(self, provider_ids: Sequence[str]) -> Mapping[str, bool]:
        """Which of these parts have a receipt: delivered, or not."""
        ...

    def unclaimed(self, lookup: str, since: datetime) -> Mapping[str, bool]:
        """Receipts for this address since then that belong to no message."""
        ...

    def claim(self, provider_ids: Sequence[str], message_id: str) -> None:
        """They settled the doubt about this message."""
        ...
