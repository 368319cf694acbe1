"""Which messages follow from what happened, when they are due, and when they are worthless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from imigr_kit.facts import Fact


class State(StrEnum):
    """States of a message. ``leased``: a worker prepares it and nothing has left; ``sending``: it is being
    handed over, so a crash now leaves an ambiguity; ``ambiguous``: that crash happened."""

    PLANNED = "planned"
    LEASED = "leased"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    AMBIGUOUS = "ambiguous"


WITHDRAWABLE = (State.PLANNED, State.LEASED)

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(8, 0)
BEFORE_QUIET = time(20, 55)
EVE_AT = time(17, 0)
SHORT_NOTICE = timedelta(hours=2)
LEAST_NOTICE = timedelta(minutes=30)
"""A reminder closer to the start than this helps nobody."""


@dataclass(frozen=True)
class Matter:
    """What a message is about: an appointment or a registration, as the last event told it."""

    subject: str
    source: str
    """``appointment`` or ``registration``."""
    municipality: str
    contact_id: str
    channel: str
    language: str
    start: datetime
    timezone: str
    texts: Mapping[str, Mapping[str, str]]
    """Place and title by language, ready for templates."""


@dataclass(frozen=True)
class Message:
    """One message to one contact; its id says what it is, so planning it twice gives one."""

    id: str
    subject: str
    source: str
    municipality: str
    kind: str
    channel: str
    language: str
    contact_id: str
    state: State
    due_at: datetime
    expires_at: datetime
    values: Mapping[str, Any]
    attempts: int = 0
    version: int = 0

    def planned(self) -> tuple[Message, list[Fact]]:
        """The first fact of the message."""
        return self._now(State.PLANNED, "message.planned", None)

    def sent(self) -> tuple[Message, list[Fact]]:
        """A provider has taken it."""
        return self._now(State.SENT, "message.sent", None)

    def failed(self, reason: str) -> tuple[Message, list[Fact]]:
        """It will not be sent; ``reason`` is a closed code."""
        state = {"expired": State.EXPIRED, "ambiguous": State.AMBIGUOUS}.get(reason, State.FAILED)
        return self._now(state, "message.failed", reason)

    def withdrawn(self, reason: str) -> tuple[Message, list[Fact]]:
        """It is no longer wanted."""
        return self._now(State.CANCELLED, "message.cancelled", reason)

    def _now(self, state: State, kind: str, reason: str | None) -> tuple[Message, list[Fact]]:
        changed = replace(self, state=state, version=self.version + 1)
        data = {
            "message_id": self.id,
            "subject": self.subject,
            "kind": self.kind,
            "channel": self.channel,
            "due_at": wire_time(self.due_at),
            "reason": reason,
        }
        return changed, [Fact(kind, self.id, self.municipality, changed.version, data)]


def notice(matter: Matter, kind: str, sequence: int, now: datetime) -> Message:
    """The answer to what the person just did: due at once, also in quiet hours, worthless after the start."""
    last = max(matter.start, now + timedelta(hours=1)) if kind == "cancelled" else matter.start
    return _message(matter, kind, sequence, due_at=now, expires_at=last)


def reminder(matter: Matter, sequence: int, now: datetime) -> Message | None:
    """The reminder of the matter's latest version; None when no sensible moment is left."""
    due = reminder_due(matter.start, now, ZoneInfo(matter.timezone))
    if due is None:
        return None
    return _message(matter, "reminder", sequence, due_at=due, expires_at=matter.start - LEAST_NOTICE)


def reminder_due(start: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The day before at 17:00; if that is past, two hours before, moved out of quiet hours; never late."""
    eve = datetime.combine(start.astimezone(zone).date() - timedelta(days=1), EVE_AT, zone)
    if eve > now:
        return eve.astimezone(start.tzinfo)
    due = out_of_quiet(start - SHORT_NOTICE, start - LEAST_NOTICE, zone)
    return due if due > now else None


def out_of_quiet(due: datetime, latest: datetime, zone: ZoneInfo) -> datetime:
    """``due`` moved out of 21:00 to 08:00: to the end of the quiet hours if that is before ``latest``, else to
    just before they begin."""
    local = due.astimezone(zone)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return due
    evening = local.date() if local.time() >= QUIET_FROM else local.date() - timedelta(days=1)
    after = datetime.combine(evening + timedelta(days=1), QUIET_UNTIL, zone)
    if after <= latest:
        return after.astimezone(due.tzinfo)
    return datetime.combine(evening, BEFORE_QUIET, zone).astimezone(due.tzinfo)


def _message(matter: Matter, kind: str, sequence: int, *, due_at: datetime, expires_at: datetime) -> Message:
    return Message(
        id=f"{matter.subject}:{kind}:{sequence}",
        subject=matter.subject,
        source=matter.source,
        municipality=matter.municipality,
        kind=kind,
        channel=matter.channel,
        language=matter.language,
        contact_id=matter.contact_id,
        state=State.PLANNED,
        due_at=due_at,
        expires_at=expires_at,
        values={"start": matter.start, "timezone": matter.timezone, "texts": matter.texts},
    )


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
