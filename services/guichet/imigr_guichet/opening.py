"""From an opening plan in wall-clock time to intervals and slot starts in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from imigr_guichet.domain import Guichet, OpeningRule, Span

Interval = tuple[datetime, datetime]


def local_today(guichet: Guichet, now: datetime) -> date:
    """The date at the guichet."""
    return now.astimezone(ZoneInfo(guichet.timezone)).date()


def intervals(guichet: Guichet, day: date) -> list[Interval]:
    """When the guichet is open on an opening day, in UTC, sorted and merged.

    Hours that cross midnight belong to the day they began; what the day before still covers is not given
    twice. Lengths are real: on the day a clock goes forward a night span is an hour shorter.
    """
    mine = _merged(_raw(guichet, day))
    before = _merged(_raw(guichet, day - timedelta(days=1)))
    covered = max((end for _, end in before), default=None)
    if covered is None:
        return mine
    return [(max(start, covered), end) for start, end in mine if end > covered]


def starts(guichet: Guichet, day: date, minutes: int) -> Iterator[Interval]:
    """All starts of a visit of that length on the guichet's grid, each with its end."""
    step, length = timedelta(minutes=guichet.step_minutes), timedelta(minutes=minutes)
    for opens, closes in intervals(guichet, day):
        start = opens
        while start + length <= closes:
            yield start, start + length
            start += step


def opening_day(guichet: Guichet, start: datetime, minutes: int) -> date | None:
    """The opening day that offers this very start for that length; None when no plan offers it."""
    local = start.astimezone(ZoneInfo(guichet.timezone)).date()
    step, length = timedelta(minutes=guichet.step_minutes), timedelta(minutes=minutes)
    for day in (local, local - timedelta(days=1)):
        for opens, closes in intervals(guichet, day):
            if opens <= start and start + length <= closes and (start - opens) % step == timedelta(0):
                return day
    return None


def bookable(guichet: Guichet, start: datetime, now: datetime) -> bool:
    """Whether the notice and the horizon of the guichet allow this start; exactly at a limit is allowed."""
    if start <= now or start < now + timedelta(minutes=guichet.notice_minutes):
        return False
    last = local_today(guichet, now) + timedelta(days=guichet.horizon_days)
    return start.astimezone(ZoneInfo(guichet.timezone)).date() <= last


def _raw(guichet: Guichet, day: date) -> list[Interval]:
    zone = ZoneInfo(guichet.timezone)
    return [_absolute(span, day, zone) for span in _spans(guichet, day)]


def _spans(guichet: Guichet, day: date) -> tuple[Span, ...]:
    for exception in guichet.exceptions:
        if exception.date == day:
            return exception.spans
    return tuple(span for rule in guichet.rules if _applies(rule, day) for span in rule.spans)


def _applies(rule: OpeningRule, day: date) -> bool:
    if day < rule.valid_from or (rule.valid_until is not None and day > rule.valid_until):
        return False
    return _recurs(rule.rrule, rule.valid_from, day)


@lru_cache(maxsize=4096)
def _recurs(rule: str, first: date, day: date) -> bool:
    moment = datetime.combine(day, time())  # a recurrence of dates has no zone
    recurrence = rrulestr(rule, dtstart=datetime.combine(first, time()))  # likewise
    return bool(recurrence.between(moment, moment, inc=True))


def _absolute(span: Span, day: date, zone: ZoneInfo) -> Interval:
    last = day if span.end > span.start else day + timedelta(days=1)
    start = datetime.combine(day, span.start, zone).astimezone(UTC)
    return start, datetime.combine(last, span.end, zone).astimezone(UTC)


def _merged(raw: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(one for one in raw if one[0] < one[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
