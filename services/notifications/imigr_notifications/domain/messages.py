"""One message about one appointment or registration, and what can happen to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from imigr_kit.facts import Fact


class Kind(StrEnum):
    """What a message is for."""

    CONFIRMATION = "confirmation"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    WAITING = "waiting"


class State(StrEnum):
    """planned -> sending -> sent, or one of the ends without a message."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


RETRY_DELAYS = tuple(timedelta(seconds=one) for one in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400))
"""Waits between attempts that the provider answered with a temporary failure; after the last it is given up."""


@dataclass(frozen=True)
class Meeting:
    """What is told about an appointment or a registration: when and where, never why."""

    what: str
    """``appointment`` or ``registration``."""
    start: datetime
    end: datetime
    timezone: str
    place: Mapping[str, str]


@dataclass(frozen=True)
class Message:
    """``id`` is ``<subject>:<kind>:<sequence>``, so a repeated event cannot make a second one.

    ``version`` counts the facts told about it; ``dropped`` is set when it was overtaken while a provider had
    it, so that it is not tried again.
    """

    id: str
    subject: str
    municipality: str
    kind: Kind
    sequence: int
    channel: str
    language: str
    contact_id: str
    meeting: Meeting
    due_at: datetime
    expires_at: datetime
    state: State = State.PLANNED
    version: int = 1
    attempts: int = 0
    reason: str | None = None
    dropped: str | None = None
    sent_at: datetime | None = None
    handed_at: datetime | None = None
    parts: int = 1
    ambiguous: bool = False
    resent: bool = False
    provider_ids: tuple[str, ...] = ()
    delivery: str | None = None
    correlation_id: str = ""

    def planned(self) -> Fact:
        """The fact of a new message."""
        return self._fact("planned")

    def cancel(self, reason: str) -> tuple[Message, list[Fact]]:
        """It will not be sent: ``superseded``, ``cancelled`` or ``contact_gone``."""
        return self._told("cancelled", state=State.CANCELLED, reason=reason)

    def accepted(self, provider_ids: tuple[str, ...], at: datetime) -> tuple[Message, list[Fact]]:
        """A provider has taken it."""
        return self._told("sent", state=State.SENT, sent_at=at, provider_ids=provider_ids, reason=None)

    def fail(self, reason: str) -> tuple[Message, list[Fact]]:
        """It cannot be sent; ``reason`` is a closed code."""
        return self._told("failed", state=State.FAILED, reason=reason)

    def expire(self) -> tuple[Message, list[Fact]]:
        """It would come too late to be of use."""
        return self._told("failed", state=State.EXPIRED, reason="expired")

    def put_off(self, accepted: tuple[str, ...] = ()) -> Message:
        """Back to planned; parts that the provider has already taken are not sent again."""
        return replace(self, state=State.PLANNED, provider_ids=accepted, handed_at=None)

    def tried(self) -> Message:
        """One more attempt was answered with a temporary failure."""
        return replace(self, attempts=self.attempts + 1)

    def retry_after(self) -> timedelta | None:
        """The wait before the next attempt; None when there is none."""
        return RETRY_DELAYS[self.attempts - 1] if self.attempts <= len(RETRY_DELAYS) else None

    def in_doubt(self) -> Message:
        """Handed over, but the answer was never read."""
        return replace(self, ambiguous=True)

    def again(self) -> Message:
        """Silence until the end of the ambiguous window: hand over once more."""
        return replace(self, state=State.PLANNED, resent=True, ambiguous=False, provider_ids=(), handed_at=None)

    def presumed_sent(self, at: datetime) -> tuple[Message, list[Fact]]:
        """In doubt twice: it ends as sent, and says that this was never confirmed."""
        return self._told("sent", state=State.SENT, sent_at=at, reason="ambiguous")

    def undelivered(self) -> tuple[Message, list[Fact]]:
        """The provider's receipt says that it never arrived."""
        return self._told("failed", state=State.FAILED, reason="undelivered", delivery="undelivered")

    def _told(self, verb: str, **changes: object) -> tuple[Message, list[Fact]]:
        changed = replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]  # own fields
        return changed, [changed._fact(verb)]

    def _fact(self, verb: str) -> Fact:
        data = {
            "message_id": self.id,
            "subject": self.subject,
            "kind": str(self.kind),
            "channel": self.channel,
            "due_at": wire_time(self.due_at),
            "reason": self.reason,
        }
        return Fact(f"message.{verb}", self.id, self.municipality, self.version, data)


def message_id(subject: str, kind: Kind, sequence: int) -> str:
    """The one id of this kind of message for this version of the appointment or registration."""
    return f"{subject}:{kind}:{sequence}"


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
