"""When reminders go out (acceptance: notifications, 18, 22 and 24)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imigr_notifications.domain import (
    Moment,
    QuietWindow,
    ReminderRule,
    Rules,
    moments,
    out_of_quiet,
    quiet_hours,
)
from imigr_notifications.rules import estimated, rules_of

RULES = Rules()
TUNIS, PARIS = ZoneInfo("Africa/Tunis"), ZoneInfo("Europe/Paris")


def all_of(start: datetime, now: datetime, rules: Rules = RULES, zone: ZoneInfo = TUNIS) -> list[Moment]:
    """The moments of an appointment's reminders."""
    return moments(start, now, rules.reminders["appointment"], rules, zone)


def reminder_due(start: datetime, now: datetime, rules: Rules, zone: ZoneInfo) -> datetime | None:
    """The last reminder before a start."""
    found = all_of(start, now, rules, zone)
    return found[-1].due_at if found else None


def tunis(text: str) -> datetime:
    """``24 17:00`` in November 2026, Tunis time."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=TUNIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "start", "due"),
    [
        ("20 10:00", "26 09:30", "25 17:00"),  # days ahead: the eve
        ("25 07:30", "26 09:30", "25 17:00"),  # 26 hours ahead: the eve, once
        ("25 15:30", "26 10:30", "26 08:30"),  # the eve is too near: two hours before
        ("25 18:00", "26 10:30", "26 08:30"),  # the eve is past
        ("25 18:00", "26 09:00", "26 08:00"),  # 07:00 is quiet: its end leaves an hour
        ("25 18:00", "26 07:30", "25 20:55"),  # 05:30 is quiet and 08:00 too late: before it begins
        ("25 21:30", "26 07:30", None),  # and that is past
        ("26 09:00", "26 10:30", None),  # nothing sensible is left
        ("26 11:00", "26 10:30", None),  # over
    ],
)
def test_the_moment_of_a_reminder(now: str, start: str, due: str | None) -> None:
    """The rule, case by case."""
    expected = None if due is None else tunis(due)
    assert reminder_due(tunis(start), tunis(now), RULES, TUNIS) == expected


@pytest.mark.parametrize(("due", "start", "moved"), [("26 07:00", "26 09:00", "26 08:00"),
                                                     ("25 22:00", "26 07:30", "25 20:55"),
                                                     ("25 20:59", "26 07:30", "25 20:59"),
                                                     ("26 08:00", "26 09:00", "26 08:00")])  # fmt: skip
def test_out_of_the_quiet_hours(due: str, start: str, moved: str) -> None:
    """Case 22, word for word, and both edges."""
    latest = tunis(start) - RULES.least_notice
    assert out_of_quiet(tunis(due), latest, RULES, TUNIS) == tunis(moved)


def test_the_local_hour_is_kept_over_a_change_of_time() -> None:
    """Case 24: Paris leaves summer time in the night before a Sunday's event; the eve is at 17:00 by the clock."""
    start = datetime(2026, 10, 25, 10, 0, tzinfo=PARIS)
    due = reminder_due(start, start - timedelta(days=5), RULES, PARIS)
    assert due is not None
    assert due.astimezone(PARIS) == datetime(2026, 10, 24, 17, 0, tzinfo=PARIS)
    assert start.astimezone(UTC) - due == timedelta(hours=18)


def test_a_town_may_settle_it_otherwise() -> None:
    """Quiet hours within one day, and another hour on the eve."""
    noon = ReminderRule("noon", days_before=1, at=time(12, 0))
    rules = replace(RULES, reminders={"appointment": (noon,)}, quiet=(QuietWindow(time(11, 0), time(13, 0)),))
    assert reminder_due(tunis("26 09:30"), tunis("20 10:00"), rules, TUNIS) == tunis("25 13:00")


@given(
    start=st.datetimes(
        datetime(2026, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
        datetime(2027, 12, 31),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    lead=st.timedeltas(timedelta(minutes=1), timedelta(days=40)),
    zone=st.sampled_from(["Africa/Tunis", "Europe/Paris", "America/New_York", "Asia/Kathmandu"]),
)
def test_never_late_never_past_never_in_quiet_hours(start: datetime, lead: timedelta, zone: str) -> None:
    """Whatever the hour, the lead and the zone."""
    place, now = ZoneInfo(zone), start - lead
    due = reminder_due(start, now, RULES, place)
    if due is not None:
        assert now < due < start
        assert quiet_hours(due, RULES, place) is None


def test_three_days_the_eve_and_two_hours_before() -> None:
    """A town that wants all three gets all three, each worthless when the next one comes."""
    rules = replace(
        RULES,
        reminders={
            "appointment": (
                ReminderRule("three_days", days_before=3, at=time(10, 0)),
                ReminderRule("eve", days_before=1, at=time(17, 0)),
                ReminderRule("two_hours", minutes_before=120),
            )
        },
    )
    found = all_of(tunis("26 11:00"), tunis("20 10:00"), rules)
    assert [(one.rule.code, one.due_at) for one in found] == [
        ("three_days", tunis("23 10:00")), ("eve", tunis("25 17:00")), ("two_hours", tunis("26 09:00")),
    ]  # fmt: skip
    assert [one.expires_at for one in found] == [tunis("25 17:00"), tunis("26 09:00"), tunis("26 10:30")]


def test_booked_26_hours_before() -> None:
    """Case 18: no three-day reminder, the day-before one once."""
    found = all_of(tunis("26 09:30"), tunis("25 07:30"))
    assert [(one.rule.code, one.due_at) for one in found] == [("eve", tunis("25 17:00"))]


def test_booked_long_before() -> None:
    """The built-in rules then remind three days before as well."""
    found = all_of(tunis("26 09:30"), tunis("02 09:00"))
    assert [one.rule.code for one in found] == ["three_days", "eve"]


def test_two_moments_that_come_close_are_one() -> None:
    """The later one is kept: it is nearer to the meeting."""
    rules = replace(
        RULES,
        reminders={
            "appointment": (
                ReminderRule("eve", days_before=1, at=time(17, 0)),
                ReminderRule("sixteen_hours", minutes_before=16 * 60),
            )
        },
    )
    found = all_of(tunis("26 10:00"), tunis("20 10:00"), rules)
    assert [one.rule.code for one in found] == ["sixteen_hours"]


def test_friday_noon_is_quiet() -> None:
    """A reminder two hours before half past two on a Friday waits for the end of the prayer."""
    friday = tunis("27 14:30")
    assert quiet_hours(tunis("27 12:30"), RULES, TUNIS) is not None
    assert quiet_hours(tunis("26 12:30"), RULES, TUNIS) is None
    assert [one.due_at for one in all_of(friday, tunis("27 08:30"))] == [tunis("27 14:00")]


def test_ramadan_has_other_quiet_hours() -> None:
    """The breaking of the fast is quiet, the evening after it is not, the morning is quiet for longer."""
    rules = rules_of("la-marsa")
    day = datetime(2027, 2, 15, tzinfo=TUNIS)
    assert rules.in_ramadan(day.date())
    quiet = {hour: quiet_hours(day.replace(hour=hour), rules, TUNIS) is not None for hour in (8, 10, 18, 22, 23)}
    assert quiet == {8: True, 10: False, 18: True, 22: False, 23: True}
    ordinary = datetime(2026, 11, 24, tzinfo=TUNIS)
    assert quiet_hours(ordinary.replace(hour=18), rules, TUNIS) is None
    assert quiet_hours(ordinary.replace(hour=22), rules, TUNIS) is not None


def test_the_estimate_of_ramadan() -> None:
    """Dates of the Umm al-Qura calendar, known from elsewhere."""
    assert (datetime(2026, 2, 18).date(), datetime(2026, 3, 19).date()) in estimated()  # noqa: DTZ001  # dates


def test_windows_that_touch_are_one() -> None:
    """Whoever leaves one does not fall into the next."""
    rules = replace(RULES, quiet=(QuietWindow(time(21, 0), time(8, 0)), QuietWindow(time(8, 0), time(9, 0))))
    assert quiet_hours(tunis("26 03:00"), rules, TUNIS) == (tunis("25 21:00"), tunis("26 09:00"))
    assert out_of_quiet(tunis("26 03:00"), tunis("26 09:30"), rules, TUNIS) == tunis("26 09:00")
    assert out_of_quiet(tunis("26 03:00"), tunis("26 08:30"), rules, TUNIS) == tunis("25 20:55")
