"""Which messages follow from what happened, when they are due, and when they are worthless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

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


WITHDRAWABLE = (State.PLANNED, State.LEASED)
UNDER_WAY = (*WITHDRAWABLE, State.SENDING)

NEWS_LASTS = timedelta(hours=48)
"""What a person was to be told at once and was not told for so long is no news any more."""
RETRY_DELAYS = tuple(timedelta(seconds=one) for one in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400))
"""Waits after answers that said "not now"; when they are used up the message has failed."""

NOTICES = {
    "booked": "confirmation",
    "confirmed": "confirmation",
    "waitlisted": "waiting",
    "moved": "moved",
    "cancelled": "cancelled",
}
"""Which message answers which verb of an appointment or a registration."""
REPEATED_IN_SILENCE = frozenset({"moved", "cancelled"})
"""What is handed over a second time when nothing says whether the first one arrived: not knowing would send
the person to the wrong place. A second confirmation or reminder would only confuse."""
REMINDED = frozenset({"booked", "confirmed", "moved"})


@dataclass(frozen=True)
class Rules:
    """What a municipality has settled about its messages; the values are in rules.json."""

    town: Mapping[str, str] = field(default_factory=dict)
    countries: frozenset[str] = frozenset({"TN"})
    """Whose mobile numbers get SMS (ISO 3166); ``*`` allows every country."""
    eve_at: time = time(17, 0)
    too_near: timedelta = timedelta(hours=2)
    """A reminder on the eve sooner than this after the planning would only repeat the confirmation."""
    short_notice: timedelta = timedelta(hours=2)
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    before_quiet: timedelta = timedelta(minutes=5)
    least_notice: timedelta = timedelta(minutes=30)
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
    """The place by language."""
    by_service: bool = False
    """True when the service, not the person, brought it about."""
    correlation_id: str = ""


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
    parts: int = 1
    provider_ids: tuple[str, ...] = ()
    in_doubt: bool = False
    repeated: bool = False

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
        return changed, [Fact(f"message.{verb}", self.id, self.municipality, changed.version, data)]


@dataclass(frozen=True)
class Plan:
    """What an event changes: messages that are overtaken, and new ones."""

    drop: tuple[Message, ...] = ()
    reason: str = "superseded"
    add: tuple[Message, ...] = ()


def plan(matter: Matter, verb: str, sequence: int, known: Sequence[Message], rules: Rules, now: datetime) -> Plan:
    """The messages that follow from one event; ``known`` are those of the same subject so far.

    An event that is not newer than what is known changes nothing. Whatever has not left yet says something
    outdated and is dropped; a confirmation among it is replaced by one that holds, so the person is told
    once. Nothing is planned for what has begun.
    """
    if any(one.sequence >= sequence for one in known):
        return Plan()
    drop = tuple(one for one in known if one.state in UNDER_WAY)
    reason = "cancelled" if verb == "cancelled" else "superseded"
    if matter.start <= now:
        return Plan(drop, reason)
    unsaid = any(one.kind == "confirmation" and one.state in WITHDRAWABLE for one in drop)
    kind = "confirmation" if verb == "moved" and unsaid else NOTICES[verb]
    add = [notice(matter, kind, sequence, rules, now)]
    upcoming = reminder(matter, sequence, rules, now) if verb in REMINDED else None
    return Plan(drop, reason, tuple(add if upcoming is None else [*add, upcoming]))


def notice(matter: Matter, kind: str, sequence: int, rules: Rules, now: datetime) -> Message:
    """What is told at once, at any hour, as the answer to what the person did; what the service did waits
    for the end of the quiet hours when the start leaves time for it. Worthless after the start."""
    due = now
    quiet = quiet_hours(now, rules, ZoneInfo(matter.timezone)) if matter.by_service else None
    if quiet is not None and quiet[1] <= matter.start - rules.short_notice:
        due = quiet[1].astimezone(UTC)
    return _message(matter, kind, sequence, due_at=due, expires_at=min(matter.start, due + NEWS_LASTS))


def reminder(matter: Matter, sequence: int, rules: Rules, now: datetime) -> Message | None:
    """The reminder of the matter's latest version; None when no sensible moment is left."""
    due = reminder_due(matter.start, now, rules, ZoneInfo(matter.timezone))
    if due is None:
        return None
    last = max(due + timedelta(minutes=1), matter.start - rules.least_notice)
    return _message(matter, "reminder", sequence, due_at=due, expires_at=last)


def reminder_due(start: datetime, now: datetime, rules: Rules, zone: ZoneInfo) -> datetime | None:
    """The eve at the settled hour; if that is past or too near, shortly before; if that is past, never.

    Wall-clock arithmetic: the local hour is kept over a change to or from summer time.
    """
    day = start.astimezone(zone).date() - timedelta(days=1)
    eve = out_of_quiet(datetime.combine(day, rules.eve_at, zone), start - rules.least_notice, rules, zone)
    if eve >= now + rules.too_near:
        return eve.astimezone(UTC)
    due = out_of_quiet(start - rules.short_notice, start - rules.least_notice, rules, zone)
    return due.astimezone(UTC) if now < due < start else None


def out_of_quiet(due: datetime, latest: datetime, rules: Rules, zone: ZoneInfo) -> datetime:
    """``due`` moved out of the quiet hours: to their end if that is not after ``latest``, else to just before
    they begin."""
    quiet = quiet_hours(due, rules, zone)
    if quiet is None:
        return due
    begin, end = quiet
    return end if end <= latest else begin - rules.before_quiet


def quiet_hours(moment: datetime, rules: Rules, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Begin and end of the quiet hours around ``moment``; None outside of them. They may span midnight."""
    local = moment.astimezone(zone)
    spans_midnight = rules.quiet_until <= rules.quiet_from
    for first in (local.date() - timedelta(days=1), local.date()):
        begin = datetime.combine(first, rules.quiet_from, zone)
        end = datetime.combine(first + timedelta(days=int(spans_midnight)), rules.quiet_until, zone)
        if begin <= local < end:
            return begin, end
    return None


def _message(matter: Matter, kind: str, sequence: int, *, due_at: datetime, expires_at: datetime) -> Message:
    return Message(
        id=f"{matter.subject}:{kind}:{sequence}",
        subject=matter.subject,
        source=matter.source,
        municipality=matter.municipality,
        kind=kind,
        sequence=sequence,
        channel=matter.channel,
        language=matter.language,
        contact_id=matter.contact_id,
        state=State.PLANNED,
        due_at=due_at,
        expires_at=expires_at,
        values={"start": matter.start, "timezone": matter.timezone, "texts": matter.texts},
        correlation_id=matter.correlation_id,
    )


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
