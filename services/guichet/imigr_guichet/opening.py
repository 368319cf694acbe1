"""From an opening plan in wall-clock time to intervals and slot starts in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rruleset, rrulestr

from imigr_guichet.domain.guichet import Guichet, OpeningRule, Span, Topic
from imigr_guichet.domain.text import Interval

DAY = timedelta(days=1)


def local_date(guichet: Guichet, moment: datetime) -> date:
    """The date at the guichet."""
    return moment.astimezone(ZoneInfo(guichet.timezone)).date()


def intervals(guichet: Guichet, day: date, desk: str | None = None) -> list[Interval]:
    """When the guichet (or a desk) is open on an opening day, in UTC, sorted and merged.

    Hours that cross midnight belong to the day they began; what the day before still covers is not given
    twice. Lengths are real: on the day a clock goes forward a night span is an hour shorter.
    """
    mine = _open(guichet, day, desk)
    if not mine:
        return []
    before = _open(guichet, day - DAY, desk)
    covered = max((end for _, end in before), default=None)
    if covered is None:
        return mine
    return [(max(start, covered), end) for start, end in mine if end > covered]


def starts(guichet: Guichet, day: date, minutes: int, desk: str | None = None) -> Iterator[Interval]:
    """All starts of a visit of that length on the guichet's grid, each with its end."""
    step, length = timedelta(minutes=guichet.step_minutes), timedelta(minutes=minutes)
    for opens, closes in intervals(guichet, day, desk):
        start = opens
        while start + length <= closes:
            yield start, start + length
            start += step


def opening_day(guichet: Guichet, start: datetime, length: timedelta, desk: str | None = None) -> date | None:
    """The opening day that offers this very start for that length; None when no plan offers it."""
    local = local_date(guichet, start)
    step = timedelta(minutes=guichet.step_minutes)
    for day in (local, local - DAY):
        for opens, closes in intervals(guichet, day, desk):
            if opens <= start and start + length <= closes and (start - opens) % step == timedelta(0):
                return day
    return None


def window(guichet: Guichet, topic: Topic, now: datetime) -> tuple[datetime, date]:
    """The first instant and the last local date that may be booked now: notice and horizon of the topic or the
    guichet; exactly at a limit is allowed. Never the past."""
    notice = guichet.notice_minutes if topic.notice_minutes is None else topic.notice_minutes
    horizon = guichet.horizon_days if topic.horizon_days is None else topic.horizon_days
    first = now + timedelta(minutes=notice) if notice > 0 else now + timedelta(seconds=1)
    return first, local_date(guichet, now) + timedelta(days=horizon)


def is_bookable(guichet: Guichet, topic: Topic, start: datetime, now: datetime) -> bool:
    """Whether notice and horizon allow this start."""
    first, last = window(guichet, topic, now)
    return start >= first and local_date(guichet, start) <= last


def is_absent(guichet: Guichet, mediator: str, busy: Interval) -> bool:
    """Whether the mediator is away during any part of it."""
    return any(one.mediator == mediator and one.start < busy[1] and busy[0] < one.end for one in guichet.absences)


def _open(guichet: Guichet, day: date, desk: str | None) -> list[Interval]:
    zone = ZoneInfo(guichet.timezone)
    opened = _merged(_absolute(span, day, zone) for span in _planned(guichet, day, desk))
    breaks = [_absolute(span, day, zone) for span in _breaks(guichet, day, desk)]
    cut = subtract(opened, _merged(breaks)) if breaks else opened
    for regime in (*guichet.regimes, *guichet.town_regimes):
        if regime.first <= day <= regime.last and day.weekday() in regime.hours:
            hours = _merged(_absolute(span, day, zone) for span in regime.hours[day.weekday()])
            cut = intersect(cut, hours)
    return cut


def _planned(guichet: Guichet, day: date, desk: str | None) -> tuple[Span, ...]:
    for exception in guichet.exceptions:
        if exception.date == day:
            return exception.spans
    if day in guichet.closed:
        return ()
    return tuple(span for rule in _rules(guichet, day, desk) for span in rule.spans)


def _breaks(guichet: Guichet, day: date, desk: str | None) -> tuple[Span, ...]:
    if any(one.date == day for one in guichet.exceptions):
        return ()
    return tuple(span for rule in _rules(guichet, day, desk) for span in rule.breaks)


def _rules(guichet: Guichet, day: date, desk: str | None) -> Iterator[OpeningRule]:
    for rule in guichet.rules:
        if (desk is None or not rule.desks or desk in rule.desks) and _applies(rule, day):
            yield rule


def _applies(rule: OpeningRule, day: date) -> bool:
    if day < rule.valid_from or (rule.valid_until is not None and day > rule.valid_until):
        return False
    return _recurs(rule.rrule, rule.valid_from, day)


@lru_cache(maxsize=65_536)
def _recurs(rule: str, first: date, day: date) -> bool:
    moment = datetime.combine(day, time())  # a recurrence of dates has no zone
    return bool(_recurrence(rule, first).between(moment, moment, inc=True))


@lru_cache(maxsize=1024)
def _recurrence(rule: str, first: date) -> rrule | rruleset:
    return rrulestr(rule, dtstart=datetime.combine(first, time()))  # likewise


def _absolute(span: Span, day: date, zone: ZoneInfo) -> Interval:
    last = day if span.end > span.start else day + DAY
    start = datetime.combine(day, span.start, zone).astimezone(UTC)
    return start, datetime.combine(last, span.end, zone).astimezone(UTC)


def _merged(raw: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(one for one in raw if one[0] < one[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersect(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """What both cover; both are merged lists, and so is the result."""
    found = [(max(a, c), min(b, d)) for a, b in left for c, d in right]
    return [one for one in sorted(found) if one[0] < one[1]]


def subtract(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """What the left covers and the right does not; both are merged lists, and so is the result."""
    rest = left
    for start, end in right:
        cut = []
        for a, b in rest:
            cut += [one for one in ((a, min(b, start)), (max(a, end), b)) if one[0] < one[1]]
        rest = cut
    return rest
