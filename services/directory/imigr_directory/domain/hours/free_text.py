"""Opening hours as people write them ("Monday-Friday 8:30AM-5PM", "Lun-Ven 08:00-17:00", "24/7", OpenStreetMap's
``opening_hours``) into a schedule, or an honest "could not understand" with the reason.

The library opening-hours-py reads OpenStreetMap's grammar. Other texts are first put into that grammar word by word,
and a word that is not known ends the attempt: nothing is guessed. Only hours that are the same every week become a
schedule.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from opening_hours import (  # type: ignore[attr-defined]  # its stubs leave ParserError out
    OpeningHours,
    ParserError,
    State,
)

from imigr_directory.domain.hours.osm_words import Garbled, osm_of
from imigr_directory.domain.hours.recurrence import WEEKDAYS, recurrence
from imigr_directory.domain.hours.schedule import Rule, Schedule
from imigr_directory.domain.hours.spans import DAY, Span, joined

Opening = tuple[int, time, time]
"""Weekday, begin and end in wall-clock time."""

LONGEST = 500
MONDAY = date(2026, 1, 5)
WEEK, WEEKS = timedelta(weeks=1), 110
"""Two years and more, so that a season or a leap day shows."""
HOLIDAYS = (date(2026, 5, 1), date(2026, 4, 9), date(2026, 8, 13))
"""Public holidays in Tunisia by a fixed date, a Friday and two Thursdays."""
COUNTRY = "TN"
_NOT_WEEKLY = ("sunrise", "sunset", "dawn", "dusk", "sh", "easter")
_APPOINTMENT = ("appointment", "rendez-vous", "rdv", "موعد")


@dataclass(frozen=True)
class Understood:
    """The schedule, and the text in OpenStreetMap's grammar as it was read."""

    schedule: Schedule
    osm: str


@dataclass(frozen=True)
class NotUnderstood:
    """Why not: ``empty``, ``too_long``, ``unknown_word``, ``ambiguous_times``, ``not_weekly``, ``open_ended``,
    ``never_open``; ``detail`` is the word."""

    reason: str
    detail: str = ""


def understand(text: str) -> Understood | NotUnderstood:
    """Read a text of hours. Holidays are closed unless the text says otherwise (round the clock is open on them)."""
    tidy = " ".join(text.split()).strip(" .;,")
    if not tidy:
        return NotUnderstood("empty")
    if len(tidy) > LONGEST:
        return NotUnderstood("too_long")
    return _understand(tidy)


@lru_cache(maxsize=4096)
def _understand(text: str) -> Understood | NotUnderstood:
    try:
        return _schedule(text, OpeningHours(text), by_appointment=False)
    except ParserError:
        pass
    try:
        osm, by_appointment = osm_of(text)
        if not osm and by_appointment:
            return Understood(Schedule(by_appointment=True), "")
        return _schedule(osm, OpeningHours(osm), by_appointment=by_appointment)
    except Garbled as error:
        return NotUnderstood(error.reason, error.detail)
    except ParserError:
        return NotUnderstood("unknown_word", text[:60])


def _schedule(osm: str, hours: OpeningHours, *, by_appointment: bool) -> Understood | NotUnderstood:
    plain = str(hours)
    lower = plain.lower()
    words = set("".join(letter if letter.isalpha() else " " for letter in lower).split())
    if words & set(_NOT_WEEKLY):
        return NotUnderstood("not_weekly", osm[:60])
    if "+" in plain or ("closed" not in plain and not any(letter.isdigit() for letter in osm)):
        return NotUnderstood("open_ended", osm[:60])
    weeks = _weeks(hours, MONDAY, WEEKS)
    if any(week != weeks[0] for week in weeks):
        return NotUnderstood("not_weekly", osm[:60])
    said = any(word in lower for word in _APPOINTMENT)
    if "unknown" in lower and not said:
        return NotUnderstood("unknown_word", osm[:60])
    if not weeks[0]:
        return NotUnderstood("never_open", osm[:60])
    schedule = Schedule(
        rules=_rules(_by_day(weeks[0])), on_holidays=_holidays(plain), by_appointment=by_appointment or said
    )
    return Understood(schedule, plain)


def _weeks(hours: OpeningHours, monday: date, count: int) -> list[list[Opening]]:
    """Openings of some weeks. One belongs to the day it begins on; one longer than a day is cut at midnight. One
    question to the library for all weeks: each costs as much."""
    begin = datetime.combine(monday, time())  # wall-clock times, as the text says them
    end = begin + count * WEEK + DAY
    found: list[list[Opening]] = [[] for _ in range(count)]
    for start, stop, state, _ in hours.intervals(begin - DAY, end):
        if state is State.CLOSED:
            continue
        for first, last in _cut(start, stop or end):
            week, day = divmod((first - begin).days, 7)
            if 0 <= week < count:
                found[week].append((day, first.time(), last.time()))
    return found


def _by_day(week: list[Opening]) -> dict[int, tuple[Span, ...]]:
    found: dict[int, list[Span]] = defaultdict(list)
    for day, first, last in week:
        found[day].append(Span(first, last))
    return {day: joined(spans) for day, spans in sorted(found.items())}


def _cut(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    if end - start <= DAY and (end - start < DAY or start.time() == time()):
        return [(start, end)]
    found = []
    while start < end:
        midnight = datetime.combine(start.date() + DAY, time())  # likewise
        found.append((start, min(midnight, end)))
        start = midnight
    return found


def _rules(week: dict[int, tuple[Span, ...]]) -> tuple[Rule, ...]:
    alike: dict[tuple[Span, ...], list[str]] = {}
    for day, spans in week.items():
        alike.setdefault(spans, []).append(WEEKDAYS[day])
    return tuple(Rule(recurrence(f"FREQ=WEEKLY;BYDAY={','.join(days)}"), spans) for spans, days in alike.items())


def _holidays(osm: str) -> tuple[Span, ...] | None:
    if osm == "24/7":
        return None
    if "PH" not in osm:
        return ()
    with_calendar = OpeningHours(osm, country=COUNTRY)
    for day in HOLIDAYS:
        spans = _by_day(_weeks(with_calendar, day - timedelta(days=day.weekday()), 1)[0]).get(day.weekday())
        if spans:
            return spans
    return ()
