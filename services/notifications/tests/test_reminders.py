"""When reminders go out (acceptance: notifications, 18, 22 and 24)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imigr_notifications.domain import Rules, out_of_quiet, quiet_hours, reminder_due

RULES = Rules()
TUNIS, PARIS = ZoneInfo("Africa/Tunis"), ZoneInfo("Europe/Paris")


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
    rules = replace(RULES, eve_at=time(12, 0), quiet_from=time(11, 0), quiet_until=time(13, 0))
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
