"""The calendar of a municipality: public holidays, the month of Ramadan and other regimes, closures of the town.

What the law and the lunar calendar give is worked out; feasts of the lunar calendar, and Ramadan, are estimates (the
sighting of the moon can move them by a day) until somebody confirms or moves them, and a feast that moves takes its
further days and the end of Ramadan along. Only what somebody decided is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from imigr_directory.domain.calendar.lunar import RAMADAN, Feast, worked_out
from imigr_directory.domain.calendar.values import (
    LOCAL,
    NOTHING,
    Closure,
    Decision,
    Holiday,
    Period,
    State,
    Text,
    Town,
    period_told,
)
from imigr_directory.domain.calendar.working_out import days_of, holidays_around, is_same, ramadans
from imigr_directory.errors import InvalidCalendar, UnknownCalendarEntry
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact

FARTHEST_MOVE = timedelta(days=15)
"""A day moved farther is another day: remove the one, add the other."""
LONGEST_PERIOD, LONGEST_CLOSURE = 200, 60
MOST_ADDED, MOST_CLOSURES = 200, 300
FIRST_YEAR, LAST_YEAR = 2020, 2100


@dataclass(frozen=True)
class Calendar:
    """A municipality's calendar; ``version`` counts what was decided."""

    municipality: str
    timezone: str
    country: str = "TN"
    decisions: tuple[Decision, ...] = ()
    settled: tuple[Period, ...] = ()
    closures: tuple[Closure, ...] = ()
    version: int = 0

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.municipality, self.timezone, self.country, self.version, self.closures))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    @cached_property
    def _years(self) -> dict[int, dict[date, Town]]:
        return {}

    def on(self, day: date) -> Town:
        """What the day is; looked up in its year, which is worked out once."""
        year = self._years.get(day.year)
        if year is None:
            number = day.year
            year = days_of(number, self.holidays(number), self.closures, self.periods(number))
            self._years[number] = year
        return year.get(day, NOTHING)

    def holidays(self, year: int) -> tuple[Holiday, ...]:
        """Those that fall into a year, by date."""
        around = [
            one for near in (year - 1, year, year + 1) for one in holidays_around(self.country, self._decided, near)
        ]
        return tuple(sorted((one for one in around if one.day.year == year), key=lambda one: (one.day, one.id)))

    def periods(self, year: int) -> tuple[Period, ...]:
        """Regimes that are in force on any day of a year, by first day."""
        own = [one for one in self.settled if one.first.year <= year <= one.last.year]
        found = [one for one in ramadans(self.country, self._decided, year) if one.first.year <= year <= one.last.year]
        free = [one for one in found if not any(is_same(one, other) for other in self.settled)]
        return tuple(sorted([*own, *free], key=lambda one: (one.first, one.code)))

    def confirm(self, holiday_id: str, day: date) -> Calendar:
        """Settle that a holiday is on that day: on the day worked out, or moved. Raises UnknownCalendarEntry,
        InvalidCalendar for a day too far away."""
        feast = self._feast(holiday_id)
        if abs(day - feast.day) > FARTHEST_MOVE:
            raise _invalid("date", f"at most {FARTHEST_MOVE.days} days from {feast.day.isoformat()}")
        known = self._decided.get(holiday_id)
        name = {} if known is None else known.name
        return self._with(Decision(holiday_id, feast.code, day, feast.day, name))

    def remove(self, holiday_id: str) -> Calendar:
        """Settle that there is no such holiday this year. Raises UnknownCalendarEntry."""
        feast = self._feast(holiday_id)
        if feast.code == LOCAL:
            left = tuple(one for one in self.decisions if one.id != holiday_id)
            return replace(self, decisions=left, version=self.version + 1)
        return self._with(Decision(holiday_id, feast.code, None, feast.day))

    def restore(self, holiday_id: str) -> Calendar:
        """Forget what was settled about a holiday that is worked out. Raises UnknownCalendarEntry."""
        if holiday_id not in self._decided or self._decided[holiday_id].code == LOCAL:
            raise UnknownCalendarEntry(params={"id": holiday_id})
        left = tuple(one for one in self.decisions if one.id != holiday_id)
        return replace(self, decisions=left, version=self.version + 1)

    def add(self, day: date, name: Text) -> Calendar:
        """One more holiday. Raises InvalidCalendar when the day is one already, or there are too many."""
        _check_year("date", day)
        if self.on(day).holidays:
            raise _invalid("date", "is a holiday already")
        if sum(one.code == LOCAL for one in self.decisions) >= MOST_ADDED:
            raise _invalid("date", f"at most {MOST_ADDED} added holidays")
        return self._with(Decision(f"{day.isoformat()}.{LOCAL}", LOCAL, day, day, name))

    def settle(self, period: Period) -> Calendar:
        """Settle when a regime is in force; it replaces the one of its code that begins near. Raises
        InvalidCalendar."""
        length = (period.last - period.first).days + 1
        _check_year("first", period.first)
        if period.code == RAMADAN and not 28 <= length <= 30:
            raise _invalid("last", "a month of 29 or 30 days (28 when the begin was seen late)")
        if not 1 <= length <= LONGEST_PERIOD:
            raise _invalid("last", f"not before the first day, and within {LONGEST_PERIOD} days")
        near = [one for one in ramadans(self.country, self._decided, period.first.year) if is_same(one, period)]
        if period.code == RAMADAN and not near:
            raise _invalid("first", "no month of Ramadan begins within 20 days of that")
        same = bool(near) and (near[0].first, near[0].last) == (period.first, period.last)
        state = State.CONFIRMED if same or period.code != RAMADAN else State.MOVED
        kept = [one for one in self.settled if not is_same(one, period)]
        if any(one.code == period.code and one.first <= period.last and period.first <= one.last for one in kept):
            raise _invalid("first", "two periods of one code overlap")
        settled = tuple(sorted([*kept, replace(period, state=state)], key=lambda one: (one.first, one.code)))
        return replace(self, settled=settled, version=self.version + 1)

    def unsettle(self, code: str, first: date) -> Calendar:
        """Forget a period that somebody settled. Raises UnknownCalendarEntry."""
        left = tuple(one for one in self.settled if (one.code, one.first) != (code, first))
        if len(left) == len(self.settled):
            raise UnknownCalendarEntry(params={"id": f"{code}.{first.isoformat()}"})
        return replace(self, settled=left, version=self.version + 1)

    def close(self, closure: Closure) -> Calendar:
        """The town's services are closed on some days. Raises InvalidCalendar."""
        _check_year("first", closure.first)
        if not 0 <= (closure.last - closure.first).days < LONGEST_CLOSURE:
            raise _invalid("last", f"not before the first day, and within {LONGEST_CLOSURE} days")
        if len(self.closures) >= MOST_CLOSURES:
            raise _invalid("first", f"at most {MOST_CLOSURES} closures")
        others = [one for one in self.closures if one.id != closure.id]
        closures = tuple(sorted([*others, closure], key=lambda one: (one.first, one.id)))
        return replace(self, closures=closures, version=self.version + 1)

    def reopen(self, closure_id: str) -> Calendar:
        """Take a closure back. Raises UnknownCalendarEntry."""
        left = tuple(one for one in self.closures if one.id != closure_id)
        if len(left) == len(self.closures):
            raise UnknownCalendarEntry(params={"id": closure_id})
        return replace(self, closures=left, version=self.version + 1)

    def changed(self, years: Iterable[int]) -> Fact:
        """The fact that it is another calendar now, with all that it says of these years."""
        told = sorted(years)
        days = [one for year in told for one in self.holidays(year)]
        periods = dict.fromkeys((one.code, one.first) for year in told for one in self.periods(year))
        known = {(one.code, one.first): one for year in told for one in self.periods(year)}
        data: dict[str, Any] = {
            "version": self.version,
            "timezone": self.timezone,
            "years": told,
            "holidays": [{"date": one.day.isoformat(), "code": one.code, "state": str(one.state)} for one in days],
            "periods": [period_told(known[key]) for key in periods],
            "closures": [
                {"first": one.first.isoformat(), "last": one.last.isoformat(), "reason": one.reason}
                for one in self.closures
                if one.first.year in told or one.last.year in told
            ],
        }
        return Fact("calendar.changed", self.municipality, self.municipality, self.version, data)

    @cached_property
    def _decided(self) -> dict[str, Decision]:
        return {one.id: one for one in self.decisions}

    def _with(self, decision: Decision) -> Calendar:
        others = [one for one in self.decisions if one.id != decision.id]
        decisions = tuple(sorted([*others, decision], key=lambda one: one.id))
        return replace(self, decisions=decisions, version=self.version + 1)

    def _feast(self, holiday_id: str) -> Feast:
        known = self._decided.get(holiday_id)
        if known is not None and known.estimate is not None:
            return Feast(known.id, known.code, known.estimate, is_lunar=False)
        head = holiday_id[:4]
        if head.isascii() and head.isdigit() and FIRST_YEAR <= int(head) <= LAST_YEAR:
            for feast in worked_out(self.country, int(head)):
                if feast.id == holiday_id:
                    return feast
        raise UnknownCalendarEntry(params={"id": holiday_id[:60]})


def _check_year(path: str, day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _invalid(path, f"a year from {FIRST_YEAR} to {LAST_YEAR}")


def _invalid(path: str, message: str) -> InvalidCalendar:
    return InvalidCalendar(fields=[FieldError(path, InvalidCalendar.code, message)])
