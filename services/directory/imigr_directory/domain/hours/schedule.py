"""When something is open, in layers; the innermost that says anything about a day decides.

From the strongest: temporarily closed; a one-off closure or extra opening; a closure or public holiday of the
municipality; the rules of the regime in force (Ramadan, summer), when the schedule has some; the weekly rules. Hours
belong to the day they begin on, also after midnight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from imigr_directory.domain.hours.recurrence import BadRule, Recurrence, recurrence
from imigr_directory.domain.hours.spans import Interval, Span, overlapping

RAMADAN = "ramadan"
MOST_SPANS, MOST_RULES, MOST_EXCEPTIONS = 12, 50, 500
LONGEST_EXCEPTION = 400
"""Days of one closure."""

Problem = tuple[str, str]
"""A dotted path, and what is wrong there."""


@dataclass(frozen=True)
class Rule:
    """Hours on the days of a recurrence."""

    days: Recurrence
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class OneOff:
    """Days (first and last included) with other hours than the rules say, also where they say none; no spans: closed.
    ``reason`` is a code of words.REASONS."""

    first: date
    last: date
    spans: tuple[Span, ...] = ()
    reason: str | None = None

    def covers(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Pause:
    """Temporarily closed, from a day to another (included), or until somebody says otherwise."""

    first: date
    last: date | None = None
    reason: str | None = None

    def covers(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Schedule:
    """One set of hours of a service or a place.

    ``regimes``: rules by code of a regime (``ramadan``, ``summer``), which replace the weekly ones while the calendar
    says it is in force; without them the weekly rules go on. ``on_holidays``: hours on public holidays and town
    closures; empty means closed, None that they are days like others. ``by_appointment``: one cannot just come.
    ``to_confirm``: a template or guess that nobody who works there has confirmed.
    """

    rules: tuple[Rule, ...] = ()
    regimes: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    one_offs: tuple[OneOff, ...] = ()
    on_holidays: tuple[Span, ...] | None = ()
    pause: Pause | None = None
    by_appointment: bool = False
    to_confirm: bool = False

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.rules, tuple(sorted(self.regimes)), self.one_offs, self.on_holidays, self.pause))

    @cached_property
    def worked_out(self) -> dict[Any, tuple[Interval, ...]]:
        """What openings.py has worked out of this schedule, by calendar and day; a memory, no part of the value."""
        return {}


def check(schedule: Schedule, path: str = "schedule") -> list[Problem]:
    """What does not hold together, field by field; empty when all is well."""
    return list(_problems(schedule, path))


def _problems(schedule: Schedule, path: str) -> Iterator[Problem]:
    yield from _rules(schedule.rules, f"{path}.rules")
    for code, rules in schedule.regimes.items():
        yield from _rules(rules, f"{path}.regimes.{code}")
    if len(schedule.one_offs) > MOST_EXCEPTIONS:
        yield f"{path}.one_offs", f"at most {MOST_EXCEPTIONS}"
    for number, one in enumerate(schedule.one_offs):
        where = f"{path}.one_offs.{number}"
        if not 0 <= (one.last - one.first).days < LONGEST_EXCEPTION:
            yield f"{where}.last", f"not before the first day, and within {LONGEST_EXCEPTION} days"
        yield from _spans(one.spans, f"{where}.spans")
        if any(other.first <= one.last and one.first <= other.last for other in schedule.one_offs[:number]):
            yield where, "two exceptions for one day"
    if schedule.on_holidays is not None:
        yield from _spans(schedule.on_holidays, f"{path}.on_holidays")
    pause = schedule.pause
    if pause is not None and pause.last is not None and pause.last < pause.first:
        yield f"{path}.pause.last", "ends before it begins"


def _rules(rules: tuple[Rule, ...], path: str) -> Iterator[Problem]:
    if len(rules) > MOST_RULES:
        yield path, f"at most {MOST_RULES} rules"
    for number, rule in enumerate(rules):
        if not rule.spans:
            yield f"{path}.{number}.spans", "at least one"
        yield from _spans(rule.spans, f"{path}.{number}.spans")
        days = rule.days
        try:
            recurrence(days.rrule, days.valid_from, days.valid_until)
        except BadRule as error:
            yield f"{path}.{number}.rrule", str(error)


def _spans(spans: Iterable[Span], path: str) -> Iterator[Problem]:
    found = tuple(spans)
    if len(found) > MOST_SPANS:
        yield path, f"at most {MOST_SPANS} spans"
    if any(one.second or one.microsecond or one.tzinfo for span in found for one in (span.start, span.end)):
        yield path, "whole minutes of the wall clock"
    elif overlapping(found):
        yield path, "two spans overlap"
