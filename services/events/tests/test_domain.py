"""Rules of events and registrations, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imigr_events.domain import EventState, Registration, Seats, State, Tally, next_in_line
from imigr_events.errors import NotOpen, WrongState
from imigr_events.seeding import event_of

from .conftest import NOW, make_event

PUBLISHED = make_event().published()[0]


def registration(places: int = 1, name: str = "r", state: State = State.WAITING) -> Registration:
    """Somebody's, told by a name that only the test knows."""
    return Registration(name, Seats(places), state, None, None, "fr", 1)


def test_the_life_of_an_event_is_counted_from_its_publication() -> None:
    """A draft is nobody's business."""
    published, first = make_event().published()
    cancelled, second = published.cancelled()
    assert [(fact.kind, fact.sequence) for fact in first + second] == [("event.published", 1), ("event.cancelled", 2)]
    assert [one.state for one in (published, cancelled)] == ["published", "cancelled"]


@pytest.mark.parametrize("state", [EventState.DRAFT, EventState.CANCELLED])
def test_only_a_published_event_can_be_called_off(state: EventState) -> None:
    """A draft was never announced, and nothing ends twice."""
    with pytest.raises(WrongState):
        make_event(state=state).cancelled()


def test_registrations_are_taken_until_the_very_start() -> None:
    """The moment of the start is too late."""
    PUBLISHED.must_be_open(PUBLISHED.starts_at - timedelta(microseconds=1))
    with pytest.raises(NotOpen):
        PUBLISHED.must_be_open(PUBLISHED.starts_at)


def test_facts_of_a_registration_carry_what_a_message_needs() -> None:
    """Time, place and an opaque contact id; nothing about the person."""
    mine = replace(registration(2), contact_id="c", channel="sms")
    (fact,) = mine.now(State.CONFIRMED, "registration.confirmed", PUBLISHED)[1]
    assert (fact.subject, fact.sequence, fact.municipality) == ("r", 2, "la-marsa")
    assert fact.data["title"] == PUBLISHED.title
    assert (fact.data["contact_id"], fact.data["places"], fact.data["state"]) == ("c", 2, "confirmed")


@given(sizes=st.lists(st.integers(1, 4)), free=st.integers(-3, 20))
def test_freed_places_go_down_the_list_and_none_stays_for_who_cannot_use_it(sizes: list[int], free: int) -> None:
    """Against the rule said plainly: each in turn gets places if there are enough for the whole group."""
    waiting = [registration(size, f"r{number}") for number, size in enumerate(sizes)]
    event = make_event(20)
    served = next_in_line(waiting, Tally(20 - free), event, NOW)
    left = free - sum(one.places for one in served)
    assert left >= min(free, 0)
    assert [one for one in waiting if one in served] == served
    assert all(one.places > left for one in waiting if one not in served)
    if waiting and waiting[0].places <= free:
        assert served[0] == waiting[0]


@given(today=st.dates(date(2024, 1, 1), date(2035, 12, 31)))
def test_a_seeded_event_lies_ahead_on_its_weekday(today: date) -> None:
    """Whenever it is installed: the written hour in Tunis, three weeks and some days from now."""
    row = {
        "slug": "open-day", "municipality": "la-marsa", "title": {}, "summary": {}, "place": {}, "address": {},
        "timezone": "Africa/Tunis", "capacity": 1, "languages": [], "registration": "open",
        "when": {"weekday": "SA", "weeks_ahead": 3, "at": "10:00", "minutes": 180},
    }  # fmt: skip
    event = event_of(row, today)
    assert event.starts_at.weekday() == 5
    assert (event.starts_at.hour, event.ends_at - event.starts_at) == (9, timedelta(hours=3))
    assert timedelta(weeks=3) <= event.starts_at.date() - today < timedelta(weeks=4)
    assert event.id == event_of(row, today + timedelta(days=400)).id
