"""Files and rules that were made to do harm: refused with a reason, soon, and never with a fault of ours."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from imigr_events.domain import Recurrence
from imigr_events.partner_calendar import MOST_SERIES, NotACalendar, read
from imigr_events.schemas.event import Written
from imigr_events.schemas.importing import offers
from imigr_events.series import BadRule, dates

from .test_importing import SOURCE, calendar, vevent

START = datetime.fromisoformat("2026-12-15T09:00:00+00:00")
SOON = 1.0
"""Seconds; what these rules cost before was minutes, or no end at all."""


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;INTERVAL=0;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=31;COUNT=5",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO;COUNT=5",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=MINUTELY;BYYEARDAY=366;UNTIL=99991231",
        "FREQ=DAILY;INTERVAL=-1;COUNT=5",
        "FREQ=DAILY;INTERVAL=99999999999;COUNT=5",
        "FREQ=DAILY;COUNT=1;COUNT=2",
        "FREQ=DAILY;COUNT=1000000000000",
        "FREQ=YEARLY;COUNT=100",
        "FREQ=DAILY;UNTIL=x",
        "COUNT=5",
    ],
)
def test_a_rule_made_to_keep_us_busy_is_refused_soon(rule: str) -> None:
    """Dates that never come, hours of seconds, no interval; staff's own events come the same way."""
    started = time.monotonic()
    with pytest.raises(BadRule):
        dates("e", {"fr": "x"}, START, "Africa/Tunis", Recurrence(rule, 60))
    assert time.monotonic() - started < SOON


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2", ["2028-02-29", "2032-02-29"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270201T000000Z", ["2026-12-25", "2027-01-29"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=3", ["2026-12-15", "2026-12-17", "2026-12-29"]),
    ],
)
def test_ordinary_rules_give_their_own_years(rule: str, days: list[str]) -> None:
    """They are looked for late in the calendar and told in their time: leap days and days of the week are right."""
    found = dates("e", {"fr": "x"}, START, "Africa/Tunis", Recurrence(rule, 60))
    assert [f"{one.starts_at:%Y-%m-%d}" for one in found] == days


IN_ATLANTIS = vevent("a@x", 0, "DTSTART;TZID=Nowhere/Atlantis:20261215T090000", DTSTART="", DTEND="")
ZONE = "\r\n".join(
    [
        "BEGIN:VTIMEZONE", "TZID:Mine", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (IN_ATLANTIS, "unknown_time_zone"),
        (IN_ATLANTIS.replace("Nowhere/Atlantis", "../../../etc/passwd"), "unknown_time_zone"),
        (vevent("a@x", 0, "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=DAILY;COUNT=3"), "several_rules"),
        (vevent("a@x", 0, "RRULE:FREQ=DAILY;COUNT=2", "EXRULE:FREQ=DAILY;COUNT=2"), "dates_beside_the_rule"),
        (vevent("a@x", 0, "RECURRENCE-ID:foo"), "unreadable"),
        (vevent(DTSTART="00010101T000000", DTEND=""), "unreadable"),
        (vevent(DTSTART="99991231T233000Z", DTEND="99991231T235959Z"), "invalid"),
        (vevent("a@x", 0, "DURATION:P99999999999D", DTEND=""), "no_time"),
    ],
)
def test_one_bad_event_is_named_and_the_others_come_in(event: str, reason: str) -> None:
    """Zones that nobody knows, times at the end of the calendar, two rules."""
    offered, refused = offers(read(calendar(event, vevent("good@x")), SOURCE))
    assert ([one.uid for one in offered], [one.reason for one in refused]) == (["good@x"], [reason])


def test_a_zone_that_the_file_explains_is_taken() -> None:
    """By its VTIMEZONE; and a SEQUENCE is never larger than RFC 5545 lets a number be."""
    event = IN_ATLANTIS.replace("Nowhere/Atlantis", "Mine").replace("SEQUENCE:0", f"SEQUENCE:{'9' * 400}")
    (one,) = read(calendar(ZONE, event), SOURCE).incoming
    assert (one.values["starts_at"], one.sequence) == ("2026-12-15T06:00:00+00:00", 2**31 - 1)


@pytest.mark.parametrize("filling", ["a", "<", "1 ", "a.", "x@"])
def test_a_long_text_is_looked_through_once(filling: str) -> None:
    """What is left out of texts is found in time that grows with their length only."""
    raw = calendar(vevent("a@x", 0, f"DESCRIPTION:{filling * (200_000 // len(filling))}"))
    started = time.monotonic()
    assert len(read(raw, SOURCE).incoming) == 1
    assert time.monotonic() - started < SOON


def test_components_in_one_another_and_too_many_series() -> None:
    """As deep as you like; series beyond a number are named."""
    deep = "BEGIN:VEVENT\r\n" * 1_500 + "END:VEVENT\r\n" * 1_500
    assert {one.reason for one in read(calendar(deep.strip()), SOURCE).refused} == {"no_uid"}
    series = [vevent(f"{number}@x", 0, "RRULE:FREQ=DAILY;COUNT=2") for number in range(MOST_SERIES + 1)]
    found = read(calendar(*series), SOURCE)
    assert [one.reason for one in found.refused] == ["too_many_series"]
    assert len(found.incoming) == MOST_SERIES


NAMES = ["DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "UID", "CATEGORIES"]
PARAMETERS = ["", ";VALUE=DATE", ";TZID=X", ";LANGUAGE=", ";VALUE=PERIOD", ";RANGE=THISANDFUTURE"]
VALUES = ["20261215", "20261215T090000Z", "P1D", "-P1D", "FREQ=DAILY;COUNT=2"]
LINE = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(PARAMETERS), st.one_of(st.text(max_size=12), st.sampled_from(VALUES))
)


@given(st.lists(LINE, max_size=6))
@settings(max_examples=25, deadline=None)
def test_no_value_whatever_is_a_fault_of_ours(lines: list[tuple[str, str, str]]) -> None:
    """It comes in, is refused with a reason, or the file is none."""
    written = [f"{name}{parameter}:{value}" for name, parameter, value in lines]
    try:
        found = read(calendar(vevent("a@x", 0, *written)), SOURCE)
    except NotACalendar:
        return
    offered, refused = offers(found)
    assert len(offered) + len(refused) >= 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:30:00Z", "1889-01-01T00:00:00Z"])
def test_times_at_the_ends_of_the_calendar_are_refused(moment: str) -> None:
    """They have no equal in another zone, and would spoil the feed of a town."""
    event: dict[str, Any] = {"title": {"fr": "x"}, "place": {"fr": "x"}, "capacity": 1}
    with pytest.raises(ValidationError) as refused:
        Written().load(event | {"starts_at": moment, "ends_at": moment})
    assert {"starts_at", "ends_at"} <= set(refused.value.messages_dict)
