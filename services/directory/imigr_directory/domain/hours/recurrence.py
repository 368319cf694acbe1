"""RFC 5545 recurrences of days: what is accepted, and which days of a year they name.

The cost is bounded by construction: a rule is asked about one day at a time, and never searched for its next day. The
usual library (python-dateutil) walks to the year 9999 for a rule that names no day, UNTIL or not: 70 seconds for
``FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30``. It is the reference of the tests instead.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)
LONGEST = 300
MOST_INTERVAL, MOST_COUNT = 366, 1000
HORIZON_YEARS = 9
"""A leap day comes at least every eight years; a rule that names no day in so long never opens."""
COUNT_DAYS = 25 * 366
"""How far a COUNT is followed."""
TYPICAL = 2024
"""Where the trial of a rule without first and last day begins."""

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ORDER = ("FREQ", "INTERVAL", "WKST", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYSETPOS")
_RANGES = {"BYMONTH": 12, "BYWEEKNO": 53, "BYYEARDAY": 366, "BYMONTHDAY": 31, "BYSETPOS": 366}


class BadRule(ValueError):
    """The rule is refused; the text says why, for developers and staff."""


@dataclass(frozen=True)
class Recurrence:
    """A rule in canonical form: parts in one order, no UNTIL and no COUNT (they became ``valid_until``)."""

    rrule: str
    valid_from: date | None = None
    valid_until: date | None = None

    def covers(self, day: date) -> bool:
        """Whether it names the day."""
        if self.valid_from is not None and day < self.valid_from:
            return False
        if self.valid_until is not None and day > self.valid_until:
            return False
        return day.toordinal() in _days(self.rrule, self._counted_from(), day.year)

    def _counted_from(self) -> date | None:
        """The first day, for rules that take something from it; the others share what was worked out."""
        return None if stands_alone(parts_of(self.rrule)) else self.valid_from


def recurrence(text: str, valid_from: date | None = None, valid_until: date | None = None) -> Recurrence:
    """The recurrence in a rule as written, with or without ``RRULE:``. Raises BadRule for what is malformed, finer than
    a day, or names no day at all."""
    return _recurrence(text, valid_from, valid_until)


def parts_of(rrule: str) -> dict[str, str]:
    """The parts of a canonical rule by name."""
    return dict(part.split("=", 1) for part in rrule.split(";"))


def stands_alone(parts: dict[str, str]) -> bool:
    """Whether a rule takes nothing from its first day."""
    if "INTERVAL" in parts:
        return False
    named = {
        "DAILY": True,
        "WEEKLY": "BYDAY" in parts,
        "MONTHLY": "BYDAY" in parts or "BYMONTHDAY" in parts,
        "YEARLY": "BYDAY" in parts or "BYYEARDAY" in parts or ("BYMONTH" in parts and "BYMONTHDAY" in parts),
    }
    return named[parts["FREQ"]]


@lru_cache(maxsize=4096)
def _recurrence(text: str, valid_from: date | None, valid_until: date | None) -> Recurrence:
    for day in (valid_from, valid_until):
        if day is not None and not EARLIEST <= day <= LATEST:
            raise BadRule(f"dates lie between {EARLIEST} and {LATEST}")
    if valid_until is not None and valid_until < (valid_from or EARLIEST):
        raise BadRule("ends before it begins")
    parts = _parts(text)
    until, count = parts.pop("UNTIL", None), parts.pop("COUNT", None)
    if valid_from is None and (count is not None or not stands_alone(parts)):
        raise BadRule("needs a first day: it has INTERVAL or COUNT, or takes its weekday or date from it")
    found = Recurrence(";".join(f"{name}={parts[name]}" for name in ORDER if name in parts), valid_from, valid_until)
    if until is not None:
        found = _ending(found, _date(until))
    if count is not None and valid_from is not None:
        found = _ending(found, _last_of(found, valid_from, _within(count, 1, MOST_COUNT, "COUNT")))
    if not _ever(found):
        raise BadRule("no day ever matches")
    return found


def _ending(found: Recurrence, last: date) -> Recurrence:
    return replace(found, valid_until=last if found.valid_until is None else min(last, found.valid_until))


def _parts(text: str) -> dict[str, str]:
    upper = text.strip().upper().removeprefix("RRULE:")
    if len(upper) > LONGEST or not upper.isascii() or any(letter.isspace() for letter in upper):
        raise BadRule("one line of an RRULE")
    parts: dict[str, str] = {}
    for part in upper.rstrip(";").split(";"):
        name, _, value = part.partition("=")
        if not value or name in parts:
            raise BadRule(f"not a part of an RRULE, or twice: {part[:40]}")
        parts[name] = value
    unknown = sorted(set(parts) - {*ORDER, "UNTIL", "COUNT"})
    if unknown:
        raise BadRule(f"not allowed here: {', '.join(unknown)[:60]}")
    _check(parts)
    if int(parts.get("INTERVAL", "1")) == 1:
        parts.pop("INTERVAL", None)
        parts.pop("WKST", None)  # without INTERVAL the first day of the week changes nothing
    return parts


def _check(parts: dict[str, str]) -> None:
    frequency = parts.get("FREQ")
    if frequency not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise BadRule("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY")
    if "UNTIL" in parts and "COUNT" in parts:
        raise BadRule("UNTIL or COUNT, not both")
    _within(parts.get("INTERVAL", "1"), 1, MOST_INTERVAL, "INTERVAL")
    if parts.get("WKST", "MO") not in WEEKDAYS or ("BYWEEKNO" in parts and parts.get("WKST", "MO") != "MO"):
        raise BadRule("WKST is a weekday, with BYWEEKNO only MO")
    for name, most in _RANGES.items():
        for value in parts.get(name, "1").split(","):
            least = 1 if name == "BYMONTH" else -most
            if not _within(value, least, most, name):
                raise BadRule(f"{name} is out of range")
    _check_places(frequency, parts)


def _check_places(frequency: str, parts: dict[str, str]) -> None:
    """Which parts go with which frequency (the table of RFC 5545 3.3.10)."""
    for value in parts.get("BYDAY", "MO").split(","):
        if value[-2:] not in WEEKDAYS or (value[:-2] and not _within(value[:-2], -53, 53, "BYDAY")):
            raise BadRule("BYDAY names weekdays")
        if value[:-2] and (frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
            raise BadRule("a numbered weekday needs MONTHLY or YEARLY")
    for name in ("BYWEEKNO", "BYYEARDAY"):
        if name in parts and frequency != "YEARLY":
            raise BadRule(f"{name} needs YEARLY")
    if "BYMONTHDAY" in parts and frequency == "WEEKLY":
        raise BadRule("BYMONTHDAY does not go with WEEKLY")
    others = [name for name in parts if name.startswith("BY") and name != "BYSETPOS"]
    if "BYSETPOS" in parts and (frequency not in ("MONTHLY", "YEARLY") or not others):
        raise BadRule("BYSETPOS needs MONTHLY or YEARLY and another BY part")


def _within(text: str, least: int, most: int, name: str) -> int:
    digits = text.removeprefix("-").removeprefix("+")
    if not digits.isdigit() or len(digits) > 5 or not least <= int(text) <= most:
        raise BadRule(f"{name} is a number from {least} to {most}")
    return int(text)


def _date(text: str) -> date:
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        raise BadRule("UNTIL is a date such as 20271231") from None


def _last_of(found: Recurrence, first: date, count: int) -> date:
    for offset in range(COUNT_DAYS):
        day = first + timedelta(days=offset)
        count -= found.covers(day)
        if not count:
            return day
    raise BadRule("COUNT is not reached")


def _ever(found: Recurrence) -> bool:
    """Whether any day of the first nine years (the last nine, when only the end is known) is named."""
    first, last = found.valid_from, found.valid_until
    begin = TYPICAL if first is None else first.year
    if first is None and last is not None:
        begin = last.year - HORIZON_YEARS + 1
    for year in range(begin, begin + HORIZON_YEARS):
        named = _days(found.rrule, found._counted_from(), year)
        if any(found.covers(date.fromordinal(day)) for day in named):
            return True
    return False


@dataclass(frozen=True)
class _Pattern:
    """The parts of a rule as numbers; ``weekdays`` are pairs of ordinal (0: every) and weekday (0: Monday)."""

    frequency: str
    interval: int
    week_start: int
    months: frozenset[int]
    weeks: frozenset[int]
    year_days: frozenset[int]
    month_days: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    positions: frozenset[int]


@lru_cache(maxsize=8192)
def _days(rrule: str, first: date | None, year: int) -> frozenset[int]:
    """Ordinals of the days of a year that the rule names."""
    pattern = _pattern(rrule, first)
    begin = date(year, 1, 1).toordinal()
    days = [date.fromordinal(one) for one in range(begin, date(year, 12, 31).toordinal() + 1)]
    named = [day for day in days if _aligned(pattern, first, day) and _matches(pattern, day)]
    if pattern.positions:
        named = list(_chosen(pattern, named))
    return frozenset(day.toordinal() for day in named)


@lru_cache(maxsize=4096)
def _pattern(rrule: str, first: date | None) -> _Pattern:
    parts = parts_of(rrule)
    frequency = parts["FREQ"]
    weekdays = [(int(one[:-2] or 0), WEEKDAYS.index(one[-2:])) for one in parts.get("BYDAY", "").split(",") if one]
    months, month_days = _numbers(parts, "BYMONTH"), _numbers(parts, "BYMONTHDAY")
    if first is not None and not {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} & set(parts):
        if frequency == "WEEKLY":
            weekdays = [(0, first.weekday())]
        if frequency in ("MONTHLY", "YEARLY"):
            month_days = frozenset({first.day})
        if frequency == "YEARLY" and not months:
            months = frozenset({first.month})
    return _Pattern(
        frequency,
        int(parts.get("INTERVAL", "1")),
        WEEKDAYS.index(parts.get("WKST", "MO")),
        months,
        _numbers(parts, "BYWEEKNO"),
        _numbers(parts, "BYYEARDAY"),
        month_days,
        frozenset(weekdays),
        _numbers(parts, "BYSETPOS"),
    )


def _numbers(parts: dict[str, str], name: str) -> frozenset[int]:
    return frozenset(int(one) for one in parts.get(name, "").split(",") if one)


def _aligned(pattern: _Pattern, first: date | None, day: date) -> bool:
    """Whether INTERVAL reaches the day's period."""
    if first is None or pattern.interval == 1:
        return True
    if pattern.frequency == "DAILY":
        steps = (day - first).days
    elif pattern.frequency == "WEEKLY":
        steps = (_week(day, pattern.week_start) - _week(first, pattern.week_start)).days // 7
    elif pattern.frequency == "MONTHLY":
        steps = (day.year - first.year) * 12 + day.month - first.month
    else:
        steps = day.year - first.year
    return steps % pattern.interval == 0


def _week(day: date, start: int) -> date:
    return day - timedelta(days=(day.weekday() - start) % 7)


def _matches(pattern: _Pattern, day: date) -> bool:
    if pattern.months and day.month not in pattern.months:
        return False
    length = calendar.monthrange(day.year, day.month)[1]
    if pattern.month_days and not {day.day, day.day - length - 1} & pattern.month_days:
        return False
    in_year = day.timetuple().tm_yday
    of_year = 366 if calendar.isleap(day.year) else 365
    if pattern.year_days and not {in_year, in_year - of_year - 1} & pattern.year_days:
        return False
    if pattern.weeks and not _in_weeks(pattern.weeks, day):
        return False
    if not pattern.weekdays or (0, day.weekday()) in pattern.weekdays:
        return True
    place, size = day.day, length
    if pattern.frequency == "YEARLY" and not pattern.months:
        place, size = in_year, of_year
    nth, nth_last = (place - 1) // 7 + 1, -((size - place) // 7) - 1
    return bool({(nth, day.weekday()), (nth_last, day.weekday())} & pattern.weekdays)


def _in_weeks(weeks: frozenset[int], day: date) -> bool:
    """By ISO 8601 weeks."""
    year, week, _ = day.isocalendar()
    return bool({week, week - date(year, 12, 28).isocalendar().week - 1} & weeks)


def _chosen(pattern: _Pattern, named: Iterable[date]) -> Iterator[date]:
    """BYSETPOS: the days at these places of each month or year."""
    periods: dict[int, list[date]] = {}
    for day in named:
        periods.setdefault(day.month if pattern.frequency == "MONTHLY" else 0, []).append(day)
    for days in periods.values():
        for place, day in enumerate(days, 1):
            if {place, place - len(days) - 1} & pattern.positions:
                yield day
