"""Which messages follow from what happened, when they are due, and when they are worthless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from imigr_notifications.domain.matters import Matter, Told, meaning
from imigr_notifications.domain.messages import UNDER_WAY, WITHDRAWABLE, Message, Priority, State
from imigr_notifications.domain.quiet import out_of_quiet, quiet_hours
from imigr_notifications.domain.rules import ReminderRule, Rules

NEWS_LASTS = timedelta(hours=48)
"""What a person was to be told at once and was not told for so long is no news any more."""
TOGETHER = timedelta(hours=2)
"""Two reminders of one matter that would come so close together are one."""


@dataclass(frozen=True)
class Plan:
    """What an event changes: messages that are overtaken, and new ones; ``told`` is None when nothing is new."""

    drop: tuple[Message, ...] = ()
    reason: str = "superseded"
    add: tuple[Message, ...] = ()
    told: Told | None = None


@dataclass(frozen=True)
class Moment:
    """When a reminder is due, and when it has lost its sense."""

    rule: ReminderRule
    due_at: datetime
    expires_at: datetime


def plan(
    matter: Matter,
    verb: str,
    sequence: int,
    known: Sequence[Message],
    rules: Rules,
    now: datetime,
    told: Told | None = None,
) -> Plan:
    """The messages that follow from one event; ``known`` are those of the same subject so far, ``told`` what they
    said last.

    An event that is not newer than what is known changes nothing. Whatever has not left yet says something
    outdated and is dropped; a confirmation among it is replaced by one that holds, so the person is told
    once. Nothing is planned for what has begun.
    """
    if any(one.sequence >= sequence for one in known) or (told is not None and told.sequence >= sequence):
        return Plan()
    meant = meaning(matter, verb, told)
    if meant.stands is None:
        return Plan()
    drop = tuple(one for one in known if one.state in UNDER_WAY)
    reason = "superseded" if meant.stands or meant.notice == "waiting" else "cancelled"
    says = Told(sequence, meant.stands, matter.start, dict(matter.texts.get("place", {})), meant.notice)
    if matter.start <= now:
        return Plan(drop, reason, told=says)
    unsaid = any(one.kind == "confirmation" and one.state in WITHDRAWABLE for one in drop)
    kind = "confirmation" if meant.notice in {"moved", "kept"} and unsaid else meant.notice
    add = [] if kind is None else [notice(matter, kind, sequence, rules, now, told)]
    if meant.stands:
        add += reminders(matter, sequence, rules, now)
    return Plan(drop, reason, tuple(add), says)


def notice(matter: Matter, kind: str, sequence: int, rules: Rules, now: datetime, told: Told | None = None) -> Message:
    """What is told at once, at any hour, as the answer to what the person did; what the service did waits
    for the end of the quiet hours when the start leaves time for it. Worthless after the start. A change by the
    service of something near is urgent."""
    due, soon = now, matter.start - now <= rules.urgent_within
    quiet = quiet_hours(now, rules, ZoneInfo(matter.timezone)) if matter.by_service else None
    if quiet is not None and quiet[1] <= matter.start - rules.short_notice:
        due = quiet[1].astimezone(UTC)
    values: dict[str, Any] = {}
    before = matter.previous_start or (told.start if told is not None else None)
    if kind in {"moved", "postponed"} and before is not None and (kind == "postponed" or before != matter.start):
        values["previous_start"] = before
    last = matter.start
    if kind == "offer" and matter.offer_until is not None:
        values["until"] = matter.offer_until
        last = min(last, matter.offer_until)
    return _message(
        matter,
        f"{kind}:{sequence}",
        kind,
        sequence,
        due_at=due,
        expires_at=min(last, due + NEWS_LASTS),
        priority=Priority.URGENT if soon and (matter.by_service or kind == "offer") else Priority.NOTICE,
        values=values,
        rules_version=rules.version,
    )


def reminders(matter: Matter, sequence: int, rules: Rules, now: datetime) -> list[Message]:
    """The reminders of the matter's latest version, by time; none when no sensible moment is left."""
    chosen = rules.reminders.get(matter.source, ())
    return [
        _message(
            matter,
            f"reminder:{sequence}:{one.rule.code}",
            "reminder",
            sequence,
            due_at=one.due_at,
            expires_at=one.expires_at,
            priority=Priority.REMINDER,
            values={},
            rules_version=rules.version,
            rule=one.rule.code,
            asks=one.rule.asks and rules.replies and matter.channel == "sms" and matter.source == "appointment",
        )
        for one in moments(matter.start, now, chosen, rules, ZoneInfo(matter.timezone))
    ]


def moments(
    start: datetime, now: datetime, chosen: Sequence[ReminderRule], rules: Rules, zone: ZoneInfo
) -> list[Moment]:
    """When to remind of a start, in order. A reminder loses its sense when the next one comes, or shortly before
    the start. Rules that only apply alone are asked, in their order, when no other found a moment."""
    due = [(one, at) for one in chosen if not one.only_if_alone for at in _due(one, start, now, rules, zone)]
    if not due:
        alone = [(one, at) for one in chosen if one.only_if_alone for at in _due(one, start, now, rules, zone)]
        due = alone[:1]
    if not due:
        return []
    due.sort(key=lambda pair: pair[1])
    apart = [pair for pair, after in zip(due, [*due[1:], None], strict=True) if _is_apart(pair, after)]
    ends = [at for _, at in apart[1:]] + [start - rules.least_notice]
    return [Moment(rule, at, max(at + timedelta(minutes=1), end)) for (rule, at), end in zip(apart, ends, strict=True)]


def _is_apart(pair: tuple[ReminderRule, datetime], after: tuple[ReminderRule, datetime] | None) -> bool:
    return after is None or after[1] - pair[1] >= TOGETHER


def _due(rule: ReminderRule, start: datetime, now: datetime, rules: Rules, zone: ZoneInfo) -> list[datetime]:
    """The moment of a rule in UTC, or nothing when it is past or too near.

    Wall-clock arithmetic for days: the local hour is kept over a change to or from summer time.
    """
    if rule.days_before is not None and rule.at is not None:
        day = start.astimezone(zone).date() - timedelta(days=rule.days_before)
        wanted = datetime.combine(day, rule.at, zone)
    else:
        wanted = start - timedelta(minutes=rule.minutes_before or 0)
    due = out_of_quiet(wanted, start - rules.least_notice, rules, zone).astimezone(UTC)
    return [due] if now < due < start and due >= now + rule.min_wait else []


def _message(
    matter: Matter,
    name: str,
    kind: str,
    sequence: int,
    *,
    due_at: datetime,
    expires_at: datetime,
    priority: Priority,
    values: dict[str, Any],
    rules_version: int,
    rule: str | None = None,
    asks: bool = False,
) -> Message:
    return Message(
        id=f"{matter.subject}:{name}",
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
        values={"start": matter.start, "timezone": matter.timezone, "texts": matter.texts}
        | ({"demonstration": True} if matter.demonstration else {})
        | values,
        correlation_id=matter.correlation_id,
        priority=priority,
        rule=rule,
        asks=asks,
        rules_version=rules_version,
    )
