"""When a reminder goes out, in the wall-clock time of the municipality, never in quiet hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Rules:
    """What a municipality has settled about its messages (rules.json)."""

    name: dict[str, str] = field(default_factory=dict)
    countries: frozenset[str] = frozenset({"TN"})
    """Countries whose mobile numbers get SMS (ISO 3166); ``*`` allows all."""
    day_before_at: time = time(17, 0)
    too_near: timedelta = timedelta(hours=2)
    """A reminder sooner than this after the planning would only repeat the confirmation."""
    before: timedelta = timedelta(hours=2)
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    before_quiet: timedelta = timedelta(minutes=5)
    least_notice: timedelta = timedelta(minutes=30)
    """A reminder moved behind the quiet hours must leave the person this much time."""
    useful_until: timedelta = timedelta(minutes=10)
    """A reminder that is late is still sent until this long before the start."""
    transliterate: bool = True
    """Replace letters that would force a Latin text into the expensive alphabet."""


def reminder_at(start: datetime, now: datetime, rules: Rules, zone: ZoneInfo) -> datetime | None:
    """The day before at the settled hour; if that is past or too near, some hours before; else none.

    Wall-clock arithmetic, so the local hour is kept over a change to or from summer time.
    """
    local = start.astimezone(zone)
    day_before = datetime.combine(local.date() - timedelta(days=1), rules.day_before_at, zone)
    for wanted in (day_before, start - rules.before):
        moment = outside_quiet(wanted, start, rules, zone)
        if moment is not None and now + rules.too_near <= moment < start:
            return moment.astimezone(now.tzinfo)
    late = outside_quiet(start - rules.before, start, rules, zone)
    if late is not None and now < late and start - now > rules.before + rules.too_near:
        return late.astimezone(now.tzinfo)
    return None


def outside_quiet(wanted: datetime, start: datetime, rules: Rules, zone: ZoneInfo) -> datetime | None:
    """``wanted``, or the end of the quiet hours it falls in if that leaves enough notice before ``start``, or
    shortly before they begin."""
    quiet = quiet_hours(wanted, rules, zone)
    if quiet is None:
        return wanted
    begin, end = quiet
    if end <= start - rules.least_notice:
        return end
    return begin - rules.before_quiet


def quiet_hours(moment: datetime, rules: Rules, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Begin and end of the quiet hours around ``moment``, or None outside of them; they may span midnight."""
    local = moment.astimezone(zone)
    for first in (local.date() - timedelta(days=1), local.date()):
        begin = datetime.combine(first, rules.quiet_from, zone)
        last = first if rules.quiet_until > rules.quiet_from else first + timedelta(days=1)
        end = datetime.combine(last, rules.quiet_until, zone)
        if begin <= local < end:
            return begin, end
    return None
