"""What a calendar says of a year: the days worked out, each where somebody settled it is or where its feast went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from imigr_directory.domain.calendar.lunar import FEAST_OF, RAMADAN, Feast, estimated_months, worked_out
from imigr_directory.domain.calendar.values import LOCAL, NOTHING, Closure, Decision, Holiday, Period, State, Text, Town

DAY = timedelta(days=1)
NEAR = timedelta(days=20)
"""A period that begins so near an estimated one of the same code replaces it."""
FEAST_DAYS = timedelta(days=4)
"""The days of one feast lie so close together."""
EID_NEAR = timedelta(days=3)
"""The first of Shawwal is so near the estimate."""

Decisions = Mapping[str, Decision]
"""By id."""


def holidays_around(country: str, decisions: Decisions, year: int) -> list[Holiday]:
    """Holidays whose day was worked out in a year, where they are now, and those added in it."""
    feasts = worked_out(country, year)
    found = []
    for feast in feasts:
        decided = decisions.get(feast.id)
        if decided is None:
            day = feast.day + _shift(feast, feasts, decisions)
            state = State.ESTIMATED if feast.is_lunar else State.CONFIRMED
            found.append(_holiday(feast.id, feast.code, day, state, feast.day))
        elif decided.day is not None:
            found.append(_holiday(feast.id, feast.code, decided.day, _settled(decided.day, feast.day), feast.day))
    for one in decisions.values():
        if one.code == LOCAL and one.day is not None and one.estimate is not None and one.estimate.year == year:
            state = _settled(one.day, one.estimate)
            found.append(_holiday(one.id, LOCAL, one.day, state, one.estimate, one.name))
    return found


def ramadans(country: str, decisions: Decisions, year: int) -> list[Period]:
    """Estimated months that touch a year; the eve of Eid al-Fitr is the last day, once that is settled."""
    found = []
    for first, estimate in estimated_months(year):
        last = estimate
        for near in (estimate.year, estimate.year + 1):
            for feast in worked_out(country, near):
                decided = decisions.get(feast.id)
                if decided is not None and decided.day is not None and _begins_after(feast, estimate, country, near):
                    last = decided.day - DAY
        found.append(Period(RAMADAN, first, last, State.ESTIMATED))
    return found


def days_of(
    year: int, holidays: Iterable[Holiday], closures: Iterable[Closure], periods: Iterable[Period]
) -> dict[date, Town]:
    """The days of a year on which the town is not as usual."""
    days: dict[date, Town] = {}
    for one in holidays:
        old = days.get(one.day, NOTHING)
        unsure = old.is_estimated or one.state is State.ESTIMATED
        days[one.day] = replace(old, holidays=(*old.holidays, one), is_estimated=unsure)
    for closure in closures:
        for day in _each(closure.first, closure.last, year):
            days[day] = replace(days.get(day, NOTHING), closure=closure)
    for period in periods:
        for day in _each(period.first, period.last, year):
            old = days.get(day, NOTHING)
            unsure = old.is_estimated or period.state is State.ESTIMATED
            days[day] = replace(old, regimes=(*old.regimes, period.code), is_estimated=unsure)
    return days


def is_same(one: Period, other: Period) -> bool:
    """Whether two periods are the same one, dated differently."""
    return one.code == other.code and abs(one.first - other.first) <= NEAR


def _holiday(holiday_id: str, code: str, day: date, state: State, estimate: date, name: Text | None = None) -> Holiday:
    return Holiday(holiday_id, code, day, state, None if day == estimate else estimate, name or {})


def _settled(day: date, estimate: date) -> State:
    return State.CONFIRMED if day == estimate else State.MOVED


def _shift(feast: Feast, feasts: tuple[Feast, ...], decisions: Decisions) -> timedelta:
    """How far a day that nobody settled moves with the first day of its feast."""
    leader = _leader(feast, feasts)
    decided = None if leader is None else decisions.get(leader.id)
    if leader is None or decided is None or decided.day is None:
        return timedelta(0)
    return decided.day - leader.day


def _leader(feast: Feast, feasts: tuple[Feast, ...]) -> Feast | None:
    """The first day of the feast that a day belongs to; None for that day itself and for days that stand alone."""
    code = FEAST_OF.get(feast.code)
    near = [one for one in feasts if one.code == code and abs(one.day - feast.day) <= FEAST_DAYS]
    return None if not near or near[0].id == feast.id else near[0]


def _begins_after(feast: Feast, last: date, country: str, year: int) -> bool:
    """Whether a feast is the Eid al-Fitr that ends the month with that estimated last day."""
    is_eid = feast.code == "eid_al_fitr" and _leader(feast, worked_out(country, year)) is None
    return is_eid and abs(feast.day - DAY - last) <= EID_NEAR


def _each(first: date, last: date, year: int) -> Iterable[date]:
    first, last = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
    return (first + DAY * offset for offset in range((last - first).days + 1))
