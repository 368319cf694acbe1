"""Opening hours against a reference that looks at every minute, and the layers one by one."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from imigr_directory.domain.calendar import Calendar, Closure, Period, State
from imigr_directory.domain.hours.openings import closes_next, is_open, opens_next, week, why_closed
from imigr_directory.domain.hours.recurrence import BadRule, recurrence
from imigr_directory.domain.hours.schedule import OneOff, Pause, Rule, Schedule, check
from imigr_directory.domain.hours.spans import Span, span_of
from imigr_directory.domain.hours.template import administration
from imigr_directory.domain.hours.words import languages, why
from imigr_directory.domain.hours.written import schedule_row, schedules_of
from imigr_directory.errors import InvalidHours

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
TUNIS = Calendar("raoued", "Africa/Tunis")

RULES = (
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY;BYDAY=SU",
    "FREQ=MONTHLY;BYDAY=-1SU,2TH",
    "FREQ=MONTHLY;BYMONTHDAY=-1,29",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU,TH",
    "FREQ=YEARLY;BYMONTH=2,12;BYMONTHDAY=29,31",
)
DAYS = (  # changes of clocks (also at midnight, by half an hour, and for Ramadan), a leap day, ends of years, a feast
    ("Africa/Tunis", date(2027, 3, 9)),
    ("Africa/Tunis", date(2028, 2, 29)),
    ("Africa/Tunis", date(2026, 12, 31)),
    ("Europe/Paris", date(2026, 3, 29)),
    ("Europe/Paris", date(2026, 10, 25)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 30)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/New_York", date(2026, 11, 1)),
)
FIRST = date(2024, 1, 1)


@st.composite
def spans(draw: st.DrawFn, most: int = 3) -> tuple[Span, ...]:
    """Spans of one day that do not overlap; the last may cross midnight."""
    marks = sorted(draw(st.sets(st.integers(0, 2 * 96 - 1), max_size=2 * most)))
    found = []
    for start, end in zip(marks[::2], marks[1::2], strict=False):
        if start < 96 and end - start <= 96:
            found.append(Span(time(start // 4, start % 4 * 15), time(end // 4 % 24, end % 4 * 15)))
    return tuple(found)


def rules(most: int = 2) -> st.SearchStrategy[tuple[Rule, ...]]:
    """Some rules with hours."""
    one = st.builds(
        lambda text, hours, last: Rule(recurrence(text, FIRST, last), hours),
        st.sampled_from(RULES),
        spans(),
        st.sampled_from([None, date(2026, 10, 25), date(2028, 2, 29)]),
    )
    return st.lists(one, max_size=most).map(tuple)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schedule, Calendar, date]:
    """A schedule with any of its layers, a calendar, and a day around which to look."""
    zone, day = draw(st.sampled_from(DAYS))
    near = st.integers(-2, 2).map(lambda offset: day + offset * DAY)
    first, last = draw(near), draw(near)
    one_offs = (OneOff(min(first, last), max(first, last), draw(spans())),) if draw(st.booleans()) else ()
    calendar = Calendar("x", zone)
    if draw(st.booleans()):
        calendar = calendar.close(Closure("c", draw(near), day + 2 * DAY))
    if draw(st.booleans()):
        calendar = calendar.settle(
            Period("summer", day - DAY, draw(near.filter(lambda one: one >= day)), State.CONFIRMED)
        )
    schedule = Schedule(
        rules=draw(rules()),
        regimes=draw(st.sampled_from([{}, {"summer": draw(rules(1))}, {"ramadan": draw(rules(1))}])),
        one_offs=one_offs,
        on_holidays=draw(st.one_of(st.none(), spans())),
        pause=draw(st.sampled_from([None, None, Pause(day), Pause(day - DAY, day)])),
    )
    return schedule, calendar, day


def said(schedule: Schedule, day: date, calendar: Calendar) -> list[Span]:
    """The hours of a day by the layers, written down as one would tell them."""
    if schedule.pause and schedule.pause.first <= day and (schedule.pause.last is None or day <= schedule.pause.last):
        return []
    for one in schedule.one_offs:
        if one.first <= day <= one.last:
            return list(one.spans)
    if schedule.on_holidays is not None:
        if any(one.first <= day <= one.last for one in calendar.closures):
            return []
        if day in {one.day for one in calendar.holidays(day.year)}:
            return list(schedule.on_holidays)
    chosen = schedule.rules
    for period in calendar.periods(day.year):
        if period.first <= day <= period.last and period.code in schedule.regimes:
            chosen = schedule.regimes[period.code]
            break
    return [
        span
        for rule in chosen
        for span in rule.spans
        if (rule.days.valid_until is None or day <= rule.days.valid_until) and day in by_the_library(rule.days.rrule)
    ]


def by_the_library(rule: str, years: int = 6) -> set[date]:
    """Days that a recurrence names, counted from FIRST."""
    known = _LIBRARY.get(rule)
    if known is None:
        start = datetime.combine(FIRST, time())
        found = rrulestr(rule, dtstart=start).between(start, start.replace(year=FIRST.year + years), inc=True)
        known = _LIBRARY[rule] = {one.date() for one in found}
    return known


_LIBRARY: dict[str, set[date]] = {}


@cache
def clockwork(zone: str, day: date) -> tuple[list[datetime], list[datetime], dict[datetime, datetime]]:
    """Every minute of the eight days around a day: instants, what the wall clock shows, and when it first shows it."""
    first = datetime.combine(day, time(12), UTC) - 4 * DAY
    walk = [first + number * MINUTE for number in range(8 * 24 * 60)]
    clock = [moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in walk]
    reached: dict[datetime, datetime] = {}
    for moment, wall in zip(walk, clock, strict=True):
        reached.setdefault(wall, moment)
    return walk, clock, reached


def minutes_open(schedule: Schedule, calendar: Calendar, middle: date) -> list[bool]:
    """Open or not at every minute of ``clockwork``, by reading the wall clock."""
    walk, clock, reached = clockwork(calendar.timezone, middle)

    def when(wall: datetime) -> int:
        found = reached.get(wall)
        if found is None:  # the clock skips it
            before = max((one for one in reached if one < wall), default=clock[0])
            found = reached[before] + (wall - before)
        return int((found - walk[0]) / MINUTE)

    truth = [False] * len(walk)
    for number in range(1, 7):
        day = clock[0].date() + number * DAY
        for span in said(schedule, day, calendar):
            end = day if span.end > span.start else day + DAY
            for minute in range(when(datetime.combine(day, span.start)), when(datetime.combine(end, span.end))):
                truth[minute] = True
    return truth


@settings(max_examples=300 if os.environ.get("IMIGR_LONG") else 30, deadline=None)
@given(cases())
def test_every_minute_is_as_the_wall_clock_says(case: tuple[Schedule, Calendar, date]) -> None:
    """Open or closed at each quarter of an hour of two days (and a minute before), when it closes and when it opens
    next, against a reference that walks through the minutes."""
    schedule, calendar, day = case
    walk, truth = clockwork(calendar.timezone, day)[0], minutes_open(schedule, calendar, day)
    for at in range(3 * 24 * 60, 5 * 24 * 60, 15):
        for minute in (at - 1, at):
            assert is_open([schedule], walk[minute], calendar) == truth[minute], walk[minute]
        if at % 120:
            continue
        moment, changes = walk[at], next((one for one in range(at, 6 * 24 * 60) if truth[one] != truth[at]), None)
        opens, closes = opens_next([schedule], moment, calendar), closes_next([schedule], moment, calendar)
        assert (why_closed([schedule], moment, calendar) is None) == truth[at]
        assert (closes if not truth[at] else opens) is None
        if changes is not None:
            assert (closes if truth[at] else opens) == walk[changes]


WHOLE = st.sampled_from(["", "BYMONTH=2", "BYMONTH=3,10", "BYMONTHDAY=1,-1,31", "BYMONTHDAY=13"])
WEEKS = st.sampled_from(["", "BYDAY=MO", "BYDAY=SU,TH", "BYDAY=FR"])
NUMBERED = st.sampled_from(["BYDAY=1MO", "BYDAY=-1FR,2SU", "BYDAY=5TH", *["BYDAY=TU,WE;BYSETPOS=1,-1"] * 2])


@st.composite
def written_rules(draw: st.DrawFn) -> str:
    """RRULEs of days."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", draw(st.sampled_from(["", "INTERVAL=2", "INTERVAL=3;WKST=SU", "INTERVAL=5"]))]
    parts.append(draw(WHOLE) if frequency != "WEEKLY" else draw(st.sampled_from(["", "BYMONTH=5,6"])))
    parts.append(draw(st.one_of(WEEKS, NUMBERED) if frequency in ("MONTHLY", "YEARLY") else WEEKS))
    if frequency == "YEARLY":
        parts.append(draw(st.sampled_from(["", "", "BYYEARDAY=60,-1"])))
    return ";".join(part for part in parts if part)


@settings(max_examples=1000 if os.environ.get("IMIGR_LONG") else 80, deadline=None)
@given(written_rules(), st.dates(date(2023, 1, 1), date(2024, 12, 31)), st.one_of(st.none(), st.integers(1, 12)))
def test_recurrences_name_the_days_that_the_library_names(text: str, first: date, count: int | None) -> None:
    """Our bounded reading of RFC 5545 equals python-dateutil's where that ends at all."""
    written = text if count is None else f"{text};COUNT={count}"
    try:
        ours = recurrence(written, first)
    except BadRule as error:
        assume("no day ever" not in str(error) and "COUNT is not reached" not in str(error))  # the library never ends
        raise
    start = datetime.combine(first, time())
    theirs = {one.date() for one in rrulestr(written, dtstart=start).between(start, start + 800 * DAY, inc=True)}
    walk = [first + number * DAY for number in range(801)]
    assert {day for day in walk if ours.covers(day)} == theirs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "every monday",
        "FREQ=SECONDLY",
        "FREQ=HOURLY;INTERVAL=4",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=-1",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=99999999999",
        "FREQ=DAILY;INTERVAL=1_0",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101",
        "FREQ=DAILY;COUNT=100000",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=WEEKLY;BYDAY=MO\nDTSTART:20260101",
        "FREQ=WEEKLY;BYWEEKNO=3",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY;X=" + "9" * 1000,
        "FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=4,6,9,11",
    ],
)
def test_an_impossible_recurrence_is_refused(text: str) -> None:
    """Malformed, finer than a day, never, or too costly; with a first day and without."""
    for first in (None, date(2026, 1, 1)):
        with pytest.raises(BadRule):
            recurrence(text, first)


def test_a_rule_that_leans_on_its_first_day_needs_one() -> None:
    """Every second Monday counted from nowhere names no day; with a first day it does."""
    with pytest.raises(BadRule):
        recurrence("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO")
    found = recurrence("rrule:freq=weekly;interval=2;byday=mo;count=2", date(2026, 11, 23))
    assert (found.rrule, found.valid_until) == ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", date(2026, 12, 7))


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ([], "schedules.0"),
        ({"rules": {}}, "schedules.0.rules"),
        ({"weekly": []}, "schedules.0.weekly"),
        ({"rules": [{"rrule": "FREQ=DAILY", "spans": []}]}, "schedules.0.rules.0.spans"),
        ({"rules": [{"rrule": 7, "spans": []}]}, "schedules.0.rules.0.rrule"),
        ({"rules": [{"rrule": "FREQ=DAILY", "spans": [["25:00", "26:00"]]}]}, "schedules.0.rules.0.spans.0"),
        ({"rules": [{"rrule": "FREQ=DAILY", "spans": [["24:00", "10:00"]]}]}, "schedules.0.rules.0.spans.0"),
        ({"rules": [{"rrule": "FREQ=DAILY", "spans": [["08:00"]]}]}, "schedules.0.rules.0.spans.0"),
        ({"rules": [{"rrule": "FREQ=DAILY", "spans": ["08:00-12:00"]}]}, "schedules.0.rules.0.spans.0"),
        (
            {"rules": [{"rrule": "FREQ=DAILY", "spans": [["08:00", "12:00"], ["11:59", "13:00"]]}]},
            "schedules.0.rules.0.spans",
        ),
        ({"rules": [{"rrule": "FREQ=DAILY", "spans": [["08:00", "12:00"]], "valid_from": "2027-02-30"}]}, None),
        ({"regimes": {"winter": []}}, "schedules.0.regimes.winter"),
        ({"one_offs": [{"last": "2027-01-01"}]}, "schedules.0.one_offs.0.first"),
        ({"one_offs": [{"first": "2027-01-02", "last": "2027-01-01"}]}, "schedules.0.one_offs.0.last"),
        ({"one_offs": [{"first": "2027-01-01"}, {"first": "2027-01-01"}]}, "schedules.0.one_offs.1"),
        ({"one_offs": [{"first": "2027-01-01", "reason": "Mrs X is ill"}]}, "schedules.0.one_offs.0.reason"),
        ({"pause": {"first": "2027-01-02", "last": "2027-01-01"}}, "schedules.0.pause.last"),
        ({"pause": "yes"}, "schedules.0.pause"),
        ({"holidays": "open"}, "schedules.0.holidays"),
        ({"by_appointment": "yes"}, "schedules.0.by_appointment"),
    ],
)
def test_hours_that_cannot_be_are_refused_by_field(row: object, path: str | None) -> None:
    """The path says where."""
    with pytest.raises(InvalidHours) as caught:
        schedules_of([row])
    paths = [one.path for one in caught.value.fields]
    assert path is None or path in paths


@settings(max_examples=40, deadline=None)
@given(cases())
def test_what_is_written_is_read_again(case: tuple[Schedule, Calendar, date]) -> None:
    """Row and schedule are the same thing."""
    schedule = case[0]
    assume(not check(schedule))
    assert schedules_of([schedule_row(schedule)]) == (schedule,)


def test_the_usual_hours_of_an_administration() -> None:
    """The template in a week of Ramadan and in a plain one; it says that nobody has confirmed it."""
    hours = administration()
    plain = week([hours], date(2026, 11, 23), TUNIS)
    assert [[one.text() for one in day.spans] for day in plain] == [
        *[["08:30-12:30", "13:30-17:30"]] * 4,
        ["08:00-13:00", "14:30-17:30"],
        [],
        [],
    ]
    fasting = week([hours], date(2027, 2, 15), TUNIS, days=5)
    assert [[one.text() for one in day.spans] for day in fasting] == [*[["08:00-14:30"]] * 4, ["07:30-13:00"]]
    assert {day.special for day in fasting} == {"ramadan"}
    assert all(day.unsure for day in plain)


def test_a_confirmed_feast_changes_what_is_open() -> None:
    """Eid al-Fitr 2027 is estimated for 9 March; confirmed for the 10th, the 9th is a working day of Ramadan, the
    feast's other days follow, and so does the end of Ramadan."""
    hours, noon = [administration()], datetime(2027, 3, 9, 11, tzinfo=UTC)
    assert not is_open(hours, noon, TUNIS)
    moved = TUNIS.confirm("2027.eid_al_fitr.1", date(2027, 3, 10))
    assert is_open(hours, noon, moved)
    assert not is_open(hours, noon + DAY, moved)
    assert [one.spans == () for one in week(hours, date(2027, 3, 9), moved, days=7)] == [
        False, True, True, True, True, True, False,
    ]  # fmt: skip
    assert [(one.first, one.last) for one in moved.periods(2027)] == [(date(2027, 2, 8), date(2027, 3, 9))]


def always(*texts: str, **more: object) -> Schedule:
    """Open every day at these hours."""
    return Schedule(rules=(Rule(recurrence("FREQ=DAILY"), tuple(span_of(one.split("-")) for one in texts)),), **more)  # type: ignore[arg-type]  # as given


NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "moment", "code", "french"),
    [
        (always("13:00-14:00"), NOON, "before_opening", "Pas encore ouvert"),
        (always("08:00-09:00", "13:00-14:00"), NOON, "break", "Fermé pendant la pause"),
        (always("08:00-09:00"), NOON, "after_hours", "Fermé à cette heure"),
        (Schedule(), NOON, "not_today", "Fermé ce jour"),
        (always("08:00-18:00", by_appointment=True), NOON, "by_appointment", "Sur rendez-vous uniquement"),
        (
            always("08:00-18:00", pause=Pause(date(2026, 11, 1), date(2026, 12, 4), "works")),
            NOON,
            "paused",
            "Fermé temporairement : travaux, jusqu'au 4 décembre 2026",
        ),
        (
            always("08:00-18:00", one_offs=(OneOff(date(2026, 11, 24), date(2026, 11, 25), reason="strike"),)),
            NOON,
            "one_off",
            "Fermeture exceptionnelle : grève, jusqu'au 25 novembre 2026",
        ),
        (always("08:00-18:00"), datetime(2027, 1, 1, 9, tzinfo=UTC), "holiday", "Jour férié : Jour de l'an"),
    ],
)
def test_why_it_is_closed_is_said_in_words(schedule: Schedule, moment: datetime, code: str, french: str) -> None:
    """Each layer has its reason, in every language."""
    closed = why_closed([schedule], moment, TUNIS)
    assert closed is not None
    assert (closed.code, why(closed)["fr"]) == (code, french)
    assert set(why(closed)) >= {"fr", "ar", "en"}
    assert any("\u0600" <= letter <= "\u06ff" for letter in why(closed)["ar"])


def test_of_several_schedules_the_open_one_counts() -> None:
    """A desk that is open makes the service open, and the reason told is that of the one that opens first."""
    morning, paused = always("08:00-11:00"), always("08:00-18:00", pause=Pause(date(2026, 11, 1)))
    assert is_open([paused, morning], datetime(2026, 11, 24, 9, tzinfo=UTC), TUNIS)
    closed = why_closed([paused, morning], NOON, TUNIS)
    assert closed is not None
    assert closed.code == "after_hours"
    assert opens_next([paused, morning], NOON, TUNIS) == datetime(2026, 11, 25, 7, tzinfo=UTC)


def test_round_the_clock_never_closes() -> None:
    """24/7 is open over every midnight and has no closing time."""
    night_and_day = always("00:00-24:00", on_holidays=None)
    assert is_open([night_and_day], datetime(2026, 11, 23, 23, 0, tzinfo=UTC), TUNIS)
    assert closes_next([night_and_day], NOON, TUNIS) is None


def test_every_language_has_every_word() -> None:
    """A language is added by a file that has them all."""
    shape = {group: set(words) for group, words in languages()["fr"].items() if isinstance(words, dict)}
    for words in languages().values():
        assert {group: set(inner) for group, inner in words.items() if isinstance(inner, dict)} == shape
