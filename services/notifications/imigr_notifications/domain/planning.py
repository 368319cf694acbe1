"""Which messages follow from what happened, when they are due, and when they are worthless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from imigr_notifications.domain.messages import UNDER_WAY, WITHDRAWABLE, Message, State
from imigr_notifications.domain.quiet import out_of_quiet, quiet_hours
from imigr_notifications.domain.rules import Rules

NEWS_LASTS = timedelta(hours=48)
"""What a person was to be told at once and was not told for so long is no news any more."""
NOTICES = {
    "booked": "confirmation",
    "confirmed": "confirmation",
    "waitlisted": "waiting",
    "moved": "moved",
    "cancelled": "cancelled",
}
"""Which message answers which verb of an appointment or a registration."""
REMINDED = frozenset({"booked", "confirmed", "moved"})


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
