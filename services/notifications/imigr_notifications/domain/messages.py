"""One message to one contact: its states, and what each change tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from imigr_kit.facts import Fact


class State(StrEnum):
    """States of a message. ``leased``: a worker prepares it and nothing has left; ``sending``: it is being
    handed over, so a crash now leaves it in doubt; ``ambiguous``: that doubt was never settled."""

    PLANNED = "planned"
    LEASED = "leased"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    AMBIGUOUS = "ambiguous"
    HELD = "held"
    """Kept back while its campaign is paused."""


class Priority(IntEnum):
    """Who passes first when much is due: a lower number."""

    URGENT = 0
    NOTICE = 1
    REMINDER = 2
    BULK = 3


WITHDRAWABLE = (State.PLANNED, State.LEASED)
UNDER_WAY = (*WITHDRAWABLE, State.SENDING)
RETRY_DELAYS = tuple(timedelta(seconds=one) for one in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400))
"""Waits after answers that said "not now"; when they are used up the message has failed."""
TELLING = frozenset({"appointment", "registration"})
"""Whose messages tell each step as an event; of campaigns and answers only sums are told."""
REPEATED_IN_SILENCE = frozenset({"moved", "cancelled"})
"""What is handed over a second time when nothing says whether the first one arrived: not knowing would send
the person to the wrong place. A second confirmation or reminder would only confuse."""


@dataclass(frozen=True)
class Message:
    """One message to one contact; its id says what it is, so planning it twice gives one.

    ``version`` counts the facts told about it. ``in_doubt``: it was handed over and the answer was never
    read. ``provider_ids``: parts that a provider has taken.
    """

    id: str
    subject: str
    source: str
    municipality: str
    kind: str
    sequence: int
    channel: str
    language: str
    contact_id: str
    state: State
    due_at: datetime
    expires_at: datetime
    values: Mapping[str, Any]
    attempts: int = 0
    version: int = 0
    reason: str | None = None
    correlation_id: str = ""
    sent_at: datetime | None = None
    handed_at: datetime | None = None
    delivered_at: datetime | None = None
    parts: int = 1
    provider_ids: tuple[str, ...] = ()
    in_doubt: bool = False
    repeated: bool = False
    provider: str = ""
    """Name of the provider it was handed over to last."""
    price: int = 0
    """Of all its parts, in thousandths of the currency."""
    priority: int = Priority.NOTICE
    rule: str | None = None
    """Code of the rule that planned a reminder."""
    asks: bool = False
    """True when the person may answer by SMS."""
    rules_version: int = 0
    answer: str | None = None
    """What the person answered to it."""

    @property
    def is_reminder(self) -> bool:
        """True when quiet hours hold for it."""
        return self.kind == "reminder"

    def planned(self) -> tuple[Message, list[Fact]]:
        """The first fact of the message."""
        return self._told("planned", State.PLANNED, None)

    def sent(self, provider_ids: Sequence[str], at: datetime) -> tuple[Message, list[Fact]]:
        """A provider has taken it."""
        taken = replace(self, provider_ids=tuple(provider_ids), sent_at=at, in_doubt=False)
        return taken._told("sent", State.SENT, None)

    def ambiguous(self) -> tuple[Message, list[Fact]]:
        """The doubt was never settled: it may have arrived, and it is not sent again."""
        return self._told("failed", State.AMBIGUOUS, "ambiguous")

    def failed(self, reason: str) -> tuple[Message, list[Fact]]:
        """It will not be sent, or did not arrive; ``reason`` is a closed code."""
        return self._told("failed", State.EXPIRED if reason == "expired" else State.FAILED, reason)

    def withdrawn(self, reason: str) -> tuple[Message, list[Fact]]:
        """It is no longer wanted: ``superseded``, ``cancelled`` or ``contact_gone``."""
        return self._told("cancelled", State.CANCELLED, reason)

    def answered(self, answer: str) -> tuple[Message, list[Fact]]:
        """The person answered: ``confirm`` or ``cancel``. What follows is decided where the subject lives."""
        changed = replace(self, answer=answer, version=self.version + 1)
        data = {
            "message_id": self.id,
            "subject": self.subject,
            "kind": self.kind,
            "channel": self.channel,
            "source": self.source,
            "answer": answer,
        }
        return changed, [Fact("message.answered", self.id, self.municipality, changed.version, data)]

    def tried(self, taken: Sequence[str]) -> Message:
        """An attempt was answered with "not now"; parts that were taken are not sent again."""
        return replace(self, attempts=self.attempts + 1, provider_ids=tuple(taken))

    def repeat(self) -> Message:
        """To be handed over once more, as nothing says that the provider ever had it."""
        return replace(self, in_doubt=False, repeated=True, provider_ids=())

    def retry_after(self) -> timedelta | None:
        """The wait after the last attempt; None when there is no other."""
        return RETRY_DELAYS[self.attempts - 1] if self.attempts <= len(RETRY_DELAYS) else None

    def _told(self, verb: str, state: State, reason: str | None) -> tuple[Message, list[Fact]]:
        changed = replace(self, state=state, reason=reason, version=self.version + 1)
        data = {
            "message_id": self.id,
            "subject": self.subject,
            "kind": self.kind,
            "channel": self.channel,
            "due_at": wire_time(self.due_at),
            "reason": reason,
        }
        if self.source not in TELLING:
            return changed, []
        return changed, [Fact(f"message.{verb}", self.id, self.municipality, changed.version, data)]


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
