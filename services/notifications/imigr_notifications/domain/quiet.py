"""Quiet hours, by the recipient's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from imigr_notifications.domain.rules import QuietWindow, Rules, Season

MOST_STEPS = 14
"""Windows that touch one another are one; more than two weeks of unbroken silence is a mistake of the settings."""


def out_of_quiet(due: datetime, latest: datetime, rules: Rules, zone: ZoneInfo) -> datetime:
    """``due`` moved out of the quiet hours: to their end if that is not after ``latest``, else to just before
    they begin."""
    quiet = quiet_hours(due, rules, zone)
    if quiet is None:
        return due
    if quiet[1] <= latest:
        return quiet[1]
    earlier = quiet[0] - rules.before_quiet
    for _ in range(MOST_STEPS):
        quiet = quiet_hours(earlier, rules, zone)
        if quiet is None:
            break
        earlier = quiet[0] - rules.before_quiet
    return earlier


def quiet_hours(moment: datetime, rules: Rules, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Begin and end of the quiet hours around ``moment``; None outside of them. They may span midnight, and
    windows that touch or overlap count as one."""
    found = _window(moment, rules, zone)
    if found is None:
        return None
    begin, end = found
    for _ in range(MOST_STEPS):
        after = _window(end, rules, zone)
        before = _window(begin - timedelta(microseconds=1), rules, zone)
        if after is None and before is None:
            break
        end = end if after is None else after[1]
        begin = begin if before is None else before[0]
    return begin, end


def _window(moment: datetime, rules: Rules, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The window around an instant that ends last. Compared as instants: Python compares equal zones by the wall
    clock, which is wrong in the hour that summer time repeats."""
    today = moment.astimezone(zone).date()
    instant = moment.astimezone(UTC)
    around = [
        (begin, end)
        for first in (today - timedelta(days=1), today)
        for window in rules.quiet
        if _holds(window, first, rules)
        for begin, end in [_span(window, first, zone)]
        if begin.astimezone(UTC) <= instant < end.astimezone(UTC)
    ]
    return max(around, key=lambda span: span[1].astimezone(UTC), default=None)


def _holds(window: QuietWindow, first: date, rules: Rules) -> bool:
    if first.weekday() not in window.weekdays:
        return False
    return window.season is Season.ALWAYS or rules.in_ramadan(first) == (window.season is Season.RAMADAN)


def _span(window: QuietWindow, first: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last = first + timedelta(days=int(window.end <= window.begin))
    return datetime.combine(first, window.begin, zone), datetime.combine(last, window.end, zone)
