"""Opening plans: wall-clock rules to instants, through every oddity of the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from imigr_guichet.domain.guichet import DayException, Guichet, OpeningRule, Span, Topic
from imigr_guichet.opening import intervals, is_bookable, opening_day, starts

from .conftest import OFTEN

PLAIN = Guichet(
    id="g",
    municipality="la-marsa",
    name={"fr": "g"},
    address={"fr": "a"},
    location=None,
    timezone="Africa/Tunis",
    accessibility=(),
    topics=(),
    desks=(),
    rules=(OpeningRule("FREQ=WEEKLY;BYDAY=WE", (Span(time(9), time(13)),), date(2026, 1, 1)),),
    exceptions=(),
    step_minutes=30,
    notice_minutes=24 * 60,
    horizon_days=30,
    state="open",
    version=1,
)
ANYTHING = Topic("information", {"fr": "i"}, 30)
WEDNESDAY = date(2026, 11, 25)


def utc(*parts: int) -> datetime:
    """An instant."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day, hour, minute


def with_rule(
    rrule: str, *spans: tuple[str, str], zone: str = "Africa/Tunis", first: date = date(2024, 1, 1)
) -> Guichet:
    """PLAIN with another rule."""
    made = tuple(Span(time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans)
    return replace(PLAIN, timezone=zone, rules=(OpeningRule(rrule, made, first),))


def test_a_weekly_plan_with_a_closed_wednesday_and_an_extra_saturday() -> None:
    """Case 23a: the search shows exactly that."""
    saturday = date(2026, 11, 28)
    guichet = replace(PLAIN, exceptions=(DayException(WEDNESDAY), DayException(saturday, (Span(time(10), time(11)),))))
    days = [date(2026, 11, 23) + timedelta(days=n) for n in range(14)]
    assert [day for day in days if intervals(guichet, day)] == [saturday, date(2026, 12, 2)]
    assert intervals(guichet, saturday) == [(utc(2026, 11, 28, 9), utc(2026, 11, 28, 10))]


def test_forty_five_minutes_never_fit_the_last_thirty() -> None:
    """Case 11."""
    ends = [end for _, end in starts(PLAIN, WEDNESDAY, 45)]
    assert max(ends) <= utc(2026, 11, 25, 12)
    assert len(ends) == 7


def test_overlapping_rules_do_not_double_the_day() -> None:
    """Case 12: two plans for the same hours are one opening."""
    guichet = replace(PLAIN, rules=(*PLAIN.rules, *with_rule("FREQ=DAILY", ("10:00", "14:00")).rules))
    assert intervals(guichet, WEDNESDAY) == [(utc(2026, 11, 25, 8), utc(2026, 11, 25, 13))]


def test_a_span_that_ends_at_midnight() -> None:
    """Case 18: 24:00 is the midnight at the end of the day."""
    guichet = with_rule("FREQ=WEEKLY;BYDAY=WE", ("22:00", "00:00"))
    assert intervals(guichet, WEDNESDAY) == [(utc(2026, 11, 25, 21), utc(2026, 11, 25, 23))]


def test_a_span_that_crosses_midnight_belongs_to_the_day_it_began() -> None:
    """Case 18: a start after midnight is found under the day before."""
    guichet = with_rule("FREQ=WEEKLY;BYDAY=WE", ("22:00", "02:00"))
    assert opening_day(guichet, utc(2026, 11, 26, 0, 30), timedelta(minutes=30)) == WEDNESDAY
    assert intervals(guichet, date(2026, 11, 26)) == []


def test_what_a_night_covers_is_not_offered_again_by_the_next_day() -> None:
    """A nightly rule that overlaps the next morning's opens each instant once."""
    guichet = with_rule("FREQ=DAILY", ("22:00", "02:00"), ("01:00", "03:00"))
    assert intervals(guichet, WEDNESDAY)[0] == (utc(2026, 11, 25, 1), utc(2026, 11, 25, 2))


def test_the_twenty_ninth_of_february() -> None:
    """Case 18: a leap day is a day."""
    guichet = with_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ("09:00", "10:00"))
    assert intervals(guichet, date(2028, 2, 29)) == [(utc(2028, 2, 29, 8), utc(2028, 2, 29, 9))]
    assert intervals(guichet, date(2027, 2, 28)) == []


def test_a_weekly_rule_goes_on_over_new_year() -> None:
    """Case 18."""
    days = [date(2026, 12, 28) + timedelta(days=n) for n in range(14)]
    assert [day for day in days if intervals(PLAIN, day)] == [date(2026, 12, 30), date(2027, 1, 6)]


def test_the_hour_that_does_not_exist_is_not_offered() -> None:
    """Case 17: Europe/Rome, 29 March 2026, the clock goes from 02:00 to 03:00; slots are real half hours."""
    guichet = with_rule("FREQ=DAILY", ("01:30", "04:00"), zone="Europe/Rome")
    local = [
        start.astimezone(ZoneInfo("Europe/Rome")).strftime("%H:%M")
        for start, _ in starts(guichet, date(2026, 3, 29), 30)
    ]
    assert local == ["01:30", "03:00", "03:30"]


def test_the_hour_that_exists_twice_is_offered_once_per_real_half_hour() -> None:
    """Case 17: Europe/Rome, 25 October 2026; nothing vanishes, nothing doubles."""
    guichet = with_rule("FREQ=DAILY", ("01:30", "04:00"), zone="Europe/Rome")
    found = [start for start, _ in starts(guichet, date(2026, 10, 25), 30)]
    assert len(found) == len(set(found)) == 7


def test_tunis_does_not_follow_other_clocks() -> None:
    """Case 16: the same wall-clock in Tunis before and after Rome's change."""
    guichet = with_rule("FREQ=DAILY", ("09:00", "10:00"))
    hours = {intervals(guichet, day)[0][0].hour for day in (date(2026, 3, 28), date(2026, 3, 30), date(2026, 10, 26))}
    assert hours == {8}


def test_notice_and_horizon_include_their_limits() -> None:
    """Case 20: exactly 24 hours away is enough; the last day of the horizon counts to its closing time."""
    now = utc(2026, 11, 24, 8)
    assert is_bookable(PLAIN, ANYTHING, utc(2026, 11, 25, 8), now)
    assert not is_bookable(PLAIN, ANYTHING, utc(2026, 11, 25, 7, 30), now)
    assert is_bookable(PLAIN, ANYTHING, utc(2026, 12, 24, 22), now)
    assert not is_bookable(PLAIN, ANYTHING, utc(2026, 12, 25, 0), now)


@settings(max_examples=50 * OFTEN, deadline=None)
@given(
    spans=st.lists(st.tuples(st.integers(0, 47), st.integers(1, 12)), min_size=1, max_size=3),
    minutes=st.sampled_from([10, 20, 30, 45, 60]),
    step=st.sampled_from([10, 15, 20, 30]),
    day=st.dates(date(2026, 1, 2), date(2027, 12, 30)),
)
def test_starts_agree_with_a_brute_force_walk(spans: list[tuple[int, int]], minutes: int, step: int, day: date) -> None:
    """Every minute of the day is tried: what starts() gives is what opening_day() accepts, and fits an interval."""
    texts = [(_clock(a * 30), _clock((a * 30 + b * 30) % 1440)) for a, b in spans]
    guichet = replace(with_rule("FREQ=DAILY", *texts), step_minutes=step)
    given_starts = {start for start, _ in starts(guichet, day, minutes)}
    midnight = datetime.combine(day, time(), ZoneInfo("Africa/Tunis")).astimezone(UTC)
    walked = {
        moment
        for moment in (midnight + timedelta(minutes=n) for n in range(0, 2 * 1440, 5))
        if opening_day(guichet, moment, timedelta(minutes=minutes)) == day
    }
    assert given_starts == walked
    for start in given_starts:
        assert any(
            opens <= start and start + timedelta(minutes=minutes) <= closes for opens, closes in intervals(guichet, day)
        )


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
