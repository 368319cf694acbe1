"""Whether a place is open, until when, when next, and why not now.

Made for lists: what a schedule and a calendar say of a day is worked out once and kept with the schedule, so
``is_open(schedules, moment, calendar)`` costs two look-ups for each schedule (a search over ten thousand services may
call it for every hit; keep the schedule objects between calls, for instance in the snapshot). Instants are aware;
answers are in UTC. ``calendar`` brings the time zone of the municipality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from imigr_directory.domain.calendar import Calendar
from imigr_directory.domain.hours.schedule import Rule, Schedule
from imigr_directory.domain.hours.spans import DAY, Interval, Span, instants, joined, merged

LOOK_AHEAD = 400
"""Days in which the next opening is looked for."""
KEPT_DAYS = 1200
"""Days of one schedule that are kept, before its memory begins anew."""
WEEK = 7


@dataclass(frozen=True)
class Closed:
    """Why nothing is open at a moment: a code of words.WHY, the last day it holds for when that is known, and the code
    of the holiday or the reason given."""

    code: str
    until: date | None = None
    detail: str | None = None


@dataclass(frozen=True)
class DayHours:
    """A day as it is to be read: its hours in wall-clock time, or why there are none. ``special``: other hours than the
    weekly rules say (``one_off``, ``holiday``, or the code of a regime). ``unsure``: rests on an estimate."""

    day: date
    spans: tuple[Span, ...]
    closed: Closed | None = None
    special: str | None = None
    unsure: bool = False
    by_appointment: bool = False


def is_open(schedules: Sequence[Schedule], moment: datetime, calendar: Calendar) -> bool:
    """Whether one can come at this moment without an appointment."""
    return any(not one.by_appointment and _holds(one, moment, calendar) for one in schedules)


open_at = is_open


def closes_next(schedules: Sequence[Schedule], moment: datetime, calendar: Calendar) -> datetime | None:
    """The end of the opening around a moment; None when nothing is open, or it does not end within a week."""
    first = _local(moment, calendar) - DAY
    walk_in = [one for one in schedules if not one.by_appointment]
    days = [first + offset * DAY for offset in range(WEEK + 2)]
    for start, end in merged(found for day in days for one in walk_in for found in intervals(one, day, calendar)):
        if start <= moment < end:
            return end if end - moment < timedelta(days=WEEK) else None
    return None


def opens_next(schedules: Sequence[Schedule], moment: datetime, calendar: Calendar) -> datetime | None:
    """When it opens after a moment at which it is closed; None when it is open, or does not open within 400 days."""
    today = _local(moment, calendar)
    walk_in = [one for one in schedules if not one.by_appointment]
    if is_open(walk_in, moment, calendar):
        return None
    for offset in range(LOOK_AHEAD):
        day = today + offset * DAY
        starts = [start for one in walk_in for start, _ in intervals(one, day, calendar) if start > moment]
        if starts:
            return min(starts)
    return None


def why_closed(schedules: Sequence[Schedule], moment: datetime, calendar: Calendar) -> Closed | None:
    """Why one cannot come now; None when one can, or when nothing at all is known of the hours."""
    if not schedules or is_open(schedules, moment, calendar):
        return None
    if any(one.by_appointment and _holds(one, moment, calendar) for one in schedules):
        return Closed("by_appointment")
    today = _local(moment, calendar)
    reasons = [_why(one, today, moment, calendar) for one in schedules]
    return min(reasons, key=lambda one: WEIGHT.index(one.code))


WEIGHT = (
    "before_opening",
    "break",
    "after_hours",
    "one_off",
    "holiday",
    "town_closed",
    "not_today",
    "by_appointment",
    "paused",
)
"""Of several schedules the reason of the one that would be open first is told."""


def week(schedules: Sequence[Schedule], first: date, calendar: Calendar, days: int = WEEK) -> list[DayHours]:
    """The hours of some days, of all schedules together."""
    return [_day(schedules, first + offset * DAY, calendar) for offset in range(days)]


def intervals(schedule: Schedule, day: date, calendar: Calendar) -> tuple[Interval, ...]:
    """When a schedule is open by the hours that begin on a day, in UTC, sorted and merged."""
    known = schedule.worked_out.get((calendar, day))
    if known is None:
        if len(schedule.worked_out) > KEPT_DAYS:
            schedule.worked_out.clear()
        spans = plan(schedule, day, calendar).spans
        known = tuple(merged(instants(span, day, calendar.zone) for span in spans))
        schedule.worked_out[calendar, day] = known
    return known


def plan(schedule: Schedule, day: date, calendar: Calendar) -> DayHours:
    """What the layers say of a day."""
    if schedule.pause is not None and schedule.pause.covers(day):
        pause = schedule.pause
        return DayHours(day, (), Closed("paused", pause.last, pause.reason))
    for one in schedule.one_offs:
        if one.covers(day):
            closed = None if one.spans else Closed("one_off", one.last, one.reason)
            return DayHours(day, one.spans, closed, "one_off")
    town = calendar.on(day)
    unsure = schedule.to_confirm or town.is_estimated
    if schedule.on_holidays is not None and town.closure is not None:
        return DayHours(day, (), Closed("town_closed", town.closure.last, town.closure.reason), unsure=unsure)
    if schedule.on_holidays is not None and town.holidays:
        closed = None if schedule.on_holidays else Closed("holiday", day, town.holidays[0].code)
        return DayHours(day, schedule.on_holidays, closed, "holiday", unsure)
    for code in town.regimes:
        if code in schedule.regimes:
            return _by_rules(day, schedule.regimes[code], code, unsure=unsure)
    return _by_rules(day, schedule.rules, None, unsure=unsure or bool(town.regimes))


def _by_rules(day: date, rules: Sequence[Rule], special: str | None, *, unsure: bool) -> DayHours:
    spans = tuple(span for rule in rules if rule.days.covers(day) for span in rule.spans)
    return DayHours(day, joined(spans), None if spans else Closed("not_today"), special, unsure)


def _holds(schedule: Schedule, moment: datetime, calendar: Calendar) -> bool:
    today = _local(moment, calendar)
    for day in (today, today - DAY):
        for start, end in intervals(schedule, day, calendar):
            if start <= moment < end:
                return True
    return False


def _why(schedule: Schedule, today: date, moment: datetime, calendar: Calendar) -> Closed:
    """Why this schedule is closed now; by appointment, when only those who have one may come today."""
    said = plan(schedule, today, calendar)
    if said.closed is not None:
        return said.closed
    if schedule.by_appointment:
        return Closed("by_appointment")
    times = intervals(schedule, today, calendar)
    if not times or moment >= times[-1][1]:
        return Closed("after_hours")
    return Closed("before_opening" if moment < times[0][0] else "break")


def _day(schedules: Sequence[Schedule], day: date, calendar: Calendar) -> DayHours:
    plans = [(one, plan(one, day, calendar)) for one in schedules]
    walk_in = [said for one, said in plans if said.spans and not one.by_appointment]
    chosen = walk_in or [said for _, said in plans if said.spans]
    if not chosen:
        closed = min(
            (said.closed for _, said in plans if said.closed), key=lambda one: WEIGHT.index(one.code), default=None
        )
        return DayHours(day, (), closed, unsure=any(said.unsure for _, said in plans))
    return DayHours(
        day,
        joined(span for said in chosen for span in said.spans),
        special=next((said.special for said in chosen if said.special), None),
        unsure=any(said.unsure for said in chosen),
        by_appointment=not walk_in,
    )


def _local(moment: datetime, calendar: Calendar) -> date:
    return moment.astimezone(calendar.zone).date()
