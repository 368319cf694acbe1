"""Hours in which nobody is disturbed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from imigr_notifications.domain.rules import Rules


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
