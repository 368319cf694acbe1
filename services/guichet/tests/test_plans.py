"""Plans that change: regimes, holidays, absences, and whom they strand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from imigr_guichet import ical
from imigr_guichet.building import Bookings
from imigr_guichet.checking import check
from imigr_guichet.domain.guichet import Absence, Assignment, DayException, Desk, Guichet, Mediator, Regime, Span
from imigr_guichet.errors import PlanChanged, PlanNotConsistent, UnknownFeed
from imigr_guichet.handlers import calendars, feeds, planning
from imigr_guichet.handlers.agenda import find
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import cancel_appointment, move_appointment
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.slots import Ask, list_slots
from imigr_guichet.opening import intervals
from imigr_guichet.ports.appointments import Command
from imigr_guichet.ports.feeds import Feed

from .conftest import NOW, STAFF, THURSDAY, bookings_on, manage_hash
from .test_day import MANAGER, la_clock

Maker = Callable[..., tuple[Booking, Command]]


def test_ramadan_hours_cut_every_span(la_marsa: Guichet) -> None:
    """Case 23b: 8:00-14:30, Friday 7:30-13:00, over plans 9-13 and 14-16."""
    usual, friday = (Span(time(8), time(14, 30)),), (Span(time(7, 30), time(13)),)
    regime = Regime("ramadan", date(2027, 2, 8), date(2027, 3, 9), {0: usual, 1: usual, 2: usual, 3: usual, 4: friday})
    rule = replace(la_marsa.rules[0], rrule="FREQ=DAILY", spans=(Span(time(9), time(13)), Span(time(14), time(16))))
    guichet = replace(la_marsa, rules=(rule,), regimes=(regime,))
    local = [
        [f"{start.hour + 1:02d}:{start.minute:02d}-{end.hour + 1:02d}:{end.minute:02d}" for start, end in one]
        for one in (intervals(guichet, date(2027, 2, 11)), intervals(guichet, date(2027, 2, 12)))
    ]
    assert local == [["09:00-13:00", "14:00-14:30"], ["09:00-13:00"]]


def test_a_regime_moved_the_evening_before_strands_nobody_silently(
    bookings: Bookings, booking: Maker, mongo_db: Any
) -> None:
    """Cases 19 and 23b: who is outside the new hours is on the worklist, told, and asked to move."""
    late = THURSDAY + timedelta(minutes=200)
    book_appointment(bookings.office, *booking("early"))
    book_appointment(bookings.office, *booking("late", start=late))
    hours = {"3": [["08:00", "11:00"]]}
    regimes = [{"code": "ramadan", "first": "2026-11-26", "last": "2026-12-25", "hours": hours}]
    calendars.set_calendar(bookings.office, bookings.calendars, MANAGER, "la-marsa", {"2026": []}, regimes)
    assert planning.review_plans(bookings.office) == 1
    assert planning.review_plans(bookings.office) == 0
    waiting = planning.worklist(bookings.office, STAFF, "la-marsa", bookings.office.plans.all(None)[0].id)
    assert [(one.start, one.stranded) for one in waiting] == [(late, "plan_changed")]
    row = mongo_db["appointments"].find_one({"stranded": {"$exists": True}})
    assert row["outbox"][-1]["data"]["reason"] == "plan_changed"
    days = list_slots(bookings.office, bookings.office.plans.all(None)[0], Ask("information"), None, 7, 100)
    assert max(slot.end for slot in days[THURSDAY.date()]) <= datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    move_appointment(
        bookings.office, "la-marsa", manage_hash("late"), THURSDAY + timedelta(minutes=20), Command("m", "")
    )
    assert not planning.worklist(bookings.office, STAFF, "la-marsa", row["guichet_id"])


def test_holidays_close_with_and_without_a_calendar(mongo_db: Any, la_marsa: Guichet) -> None:
    """Case 23c: 9 April (Martyrs' Day) is closed though nobody entered it; a confirmed calendar overrules; a missing
    year raises an alarm 60 days before."""
    rule = replace(la_marsa.rules[0], rrule="FREQ=DAILY")
    made = bookings_on(mongo_db, la_clock(), replace(la_marsa, holidays="TN", rules=(rule,)))
    holiday = date(2027, 4, 9)
    assert intervals(made.office.plans.all(None)[0], holiday) == []
    assert calendars.missing_years(made.office, made.calendars) == [("la-marsa", 2026), ("la-marsa", 2027)]
    years = {"2026": [], "2027": ["2027-04-10"]}
    calendars.set_calendar(made.office, made.calendars, MANAGER, "la-marsa", years, [])
    guichet = made.office.plans.read(la_marsa.id)
    assert guichet is not None
    assert intervals(guichet, holiday) != []
    assert intervals(guichet, date(2027, 4, 10)) == []
    assert calendars.missing_years(made.office, made.calendars) == []


def staffed(guichet: Guichet) -> Guichet:
    """Two mediators at two desks: ar/fr, and fr/ti."""
    topics = tuple(one.code for one in guichet.topics)
    return replace(
        guichet,
        desks=(
            Desk("d1", assignments=(Assignment("amel", date(2026, 1, 1)),)),
            Desk("d2", assignments=(Assignment("bilal", date(2026, 1, 1)),)),
        ),
        mediators=(Mediator("amel", ("ar", "fr"), topics), Mediator("bilal", ("fr", "ti"), topics)),
    )


def test_a_language_is_offered_at_its_mediators_only(mongo_db: Any, la_marsa: Guichet, booking: Maker) -> None:
    """Case 23d: Tigrinya has one place, French two; when Bilal sits elsewhere nobody is offered what none can hold."""
    guichet = staffed(la_marsa)
    office = bookings_on(mongo_db, la_clock(), guichet).office
    ask, day = Ask("information", ("ti",)), THURSDAY.date()
    assert {slot.places for slot in list_slots(office, guichet, ask, None, 7, 50)[day]} == {1}
    assert {slot.places for slot in list_slots(office, guichet, Ask("information", ("fr",)), None, 7, 50)[day]} == {2}


def test_an_absence_gives_on_whom_colleagues_can_take_and_lists_the_others(
    mongo_db: Any, la_marsa: Guichet, booking: Maker
) -> None:
    """Case 23d: six bookings, a colleague speaks four of the languages: four reassigned, two asked to move, all told;
    a dry run shows the same and changes nothing."""
    office = bookings_on(mongo_db, la_clock(), staffed(la_marsa)).office
    for number in range(6):
        language = "fr" if number < 4 else "ti"
        start = THURSDAY + timedelta(minutes=20 * number)
        # French visitors sit with Bilal since Amel is taken first by others who leave again.
        blocker = book_appointment(office, *booking(f"x{number}", start=start, language="ar"))
        book_appointment(office, *booking(f"v{number}", start=start, language=language))
        cancel_appointment(office, "la-marsa", manage_hash(f"x{number}"), Command(f"c{number}", ""))
        assert blocker["state"] == "confirmed"
    absence = Absence("away", "bilal", THURSDAY - timedelta(hours=1), THURSDAY + timedelta(hours=5))
    shown = planning.register_absence(office, STAFF, "la-marsa", la_marsa.id, absence, Command("k", "b"), dry=True)[1]
    assert [one.new_desk for one in shown] == ["d1"] * 4 + [None] * 2
    assert mongo_db["appointments"].count_documents({"desk": "d2", "state": "confirmed"}) == 6
    planning.register_absence(office, STAFF, "la-marsa", la_marsa.id, absence, Command("k", "b"), dry=False)
    assert mongo_db["appointments"].count_documents({"desk": "d1", "state": "confirmed"}) == 4
    waiting = planning.worklist(office, STAFF, "la-marsa", la_marsa.id)
    assert [(one.language, one.stranded) for one in waiting] == [("ti", "mediator_absent")] * 2
    told = [row["outbox"][-1]["type"].split(".")[4] for row in mongo_db["appointments"].find({"state": "confirmed"})]
    assert sorted(told) == ["reassigned"] * 4 + ["stranded"] * 2
    again = planning.register_absence(office, STAFF, "la-marsa", la_marsa.id, absence, Command("k", "b"), dry=False)
    assert len(again[1]) == 2


def test_a_plan_shows_whom_it_strands_and_a_stale_version_is_refused(
    bookings: Bookings, booking: Maker, la_marsa: Guichet
) -> None:
    """Cases 14 and 2: agents are told before saving; two agents cannot overwrite each other."""
    book_appointment(bookings.office, *booking("a"))
    closed = replace(la_marsa, exceptions=(DayException(THURSDAY.date()),))
    shown = planning.preview_plan(bookings.office, MANAGER, "la-marsa", closed)
    assert [(one.reason, one.new_desk) for one in shown] == [("plan_changed", None)]
    assert planning.worklist(bookings.office, STAFF, "la-marsa", la_marsa.id) == []
    saved, stranded = planning.change_plan(bookings.office, MANAGER, "la-marsa", closed, Command("p", "p"))
    assert (saved.version, len(stranded)) == (2, 1)
    assert len(planning.worklist(bookings.office, STAFF, "la-marsa", la_marsa.id)) == 1
    assert planning.change_plan(bookings.office, MANAGER, "la-marsa", closed, Command("p", "p"))[0].version == 2
    with pytest.raises(PlanChanged):
        planning.change_plan(bookings.office, MANAGER, "la-marsa", closed, Command("q", "q"))


def test_a_booking_by_the_old_plan_is_found_by_the_next_review(
    bookings: Bookings, booking: Maker, la_marsa: Guichet
) -> None:
    """Another process may still know the old plan for seconds: the review goes on for a while."""
    closed = replace(la_marsa, exceptions=(DayException(THURSDAY.date()),))
    old = replace(bookings.office, plans=Frozen(la_marsa))  # type: ignore[arg-type]
    planning.change_plan(bookings.office, MANAGER, "la-marsa", closed, Command("p", "p"))
    book_appointment(old, *booking("a"))
    assert planning.review_plans(bookings.office) == 1
    assert len(planning.worklist(bookings.office, STAFF, "la-marsa", la_marsa.id)) == 1


class Frozen:
    """A process whose cache is old."""

    def __init__(self, guichet: Guichet) -> None:
        self._guichet = guichet

    def get(self, guichet_id: str) -> Guichet:
        """As it was."""
        return self._guichet


BAD = [
    ("a step off the grid", {"step_minutes": 7}, "step_minutes"),
    ("an unknown zone", {"timezone": "Mars/Olympus"}, "timezone"),
    ("a topic of odd length", {"minutes": 18}, "topics.0.minutes"),
    ("a recurrence that ends by itself", {"rrule": "FREQ=DAILY;COUNT=3"}, "rules.0.rrule"),
    ("a recurrence that is none", {"rrule": "FREQ=NEVER"}, "rules.0.rrule"),
    ("a time off the grid", {"spans": (Span(time(9, 2), time(12)),)}, "rules.0"),
]


@pytest.mark.parametrize(("what", "change", "path"), BAD, ids=[row[0] for row in BAD])
def test_a_plan_that_contradicts_itself_is_refused(
    la_marsa: Guichet, what: str, change: dict[str, Any], path: str
) -> None:
    """Field by field."""
    if "minutes" in change:
        made = replace(la_marsa, topics=(replace(la_marsa.topics[0], **change), *la_marsa.topics[1:]))
    elif "rrule" in change or "spans" in change:
        made = replace(la_marsa, rules=(replace(la_marsa.rules[0], **change),))
    else:
        made = replace(la_marsa, **change)
    with pytest.raises(PlanNotConsistent) as caught:
        check(made)
    assert [one.path for one in caught.value.fields] == [path]


def test_one_mediator_cannot_sit_at_two_desks(la_marsa: Guichet) -> None:
    """Case 12: the seats of one mediator are never doubled."""
    guichet = staffed(la_marsa)
    check(guichet)
    doubled = replace(guichet.desks[1], assignments=(Assignment("amel", date(2026, 12, 1)),))
    with pytest.raises(PlanNotConsistent):
        check(replace(guichet, desks=(guichet.desks[0], doubled)))


def test_a_moved_appointment_replaces_its_calendar_entry(office: Office, booking: Maker, la_marsa: Guichet) -> None:
    """Case 22: same UID, SEQUENCE + 1; cancelled: METHOD CANCEL. The file does not say what the visit is for."""
    one = book_appointment(office, *booking("a"))["id"]

    def entry() -> tuple[str, str, int, Any]:
        text = ical.appointment_file(find(office, "la-marsa", one).appointment, la_marsa, ("ar",), NOW)
        calendar = Calendar.from_ical(text)
        event = calendar.walk("VEVENT")[0]
        assert "information" not in text.lower()
        return str(calendar["METHOD"]), str(event["UID"]), int(event.decoded("sequence")), event.decoded("dtstart")

    first = entry()
    move_appointment(office, "la-marsa", manage_hash("a"), THURSDAY + timedelta(minutes=20), Command("m", ""))
    moved = entry()
    cancel_appointment(office, "la-marsa", manage_hash("a"), Command("c", ""))
    gone = entry()
    assert (first[0], moved[0], gone[0]) == ("PUBLISH", "PUBLISH", "CANCEL")
    assert first[1] == moved[1] == gone[1]
    assert (first[2], moved[2], gone[2]) == (0, 1, 2)
    assert moved[3] - first[3] == timedelta(minutes=20)


def test_the_feed_of_a_mediator_shows_that_mediators_visits(mongo_db: Any, la_marsa: Guichet, booking: Maker) -> None:
    """By a secret that is kept as a hash; a new one ends the old."""
    made = bookings_on(mongo_db, la_clock(), staffed(la_marsa))
    book_appointment(made.office, *booking("a", language="ti"))
    book_appointment(made.office, *booking("b", language="ar"))
    feed = Feed(la_marsa.id, "bilal")
    feeds.open_feed(made.office, made.feeds, STAFF, "la-marsa", feed, "1" * 64, "staff:s1")
    shown = feeds.read_feed(made.office, made.feeds, "1" * 64)
    text = ical.feed(shown.appointments, shown.guichet, shown.mediator, ("fr",), NOW)
    assert [str(one["SUMMARY"]) for one in Calendar.from_ical(text).walk("VEVENT")] == [
        "Information et orientation (ti) (démonstration)"
    ]
    feeds.open_feed(made.office, made.feeds, STAFF, "la-marsa", feed, "2" * 64, "staff:s1")
    with pytest.raises(UnknownFeed):
        feeds.read_feed(made.office, made.feeds, "1" * 64)


def test_a_withdrawn_absence_empties_the_worklist(bookings: Bookings, booking: Maker, la_marsa: Guichet) -> None:
    """Who still waited is asked no longer."""
    office = bookings.office
    book_appointment(office, *booking("a", language="ti"))
    desk = find(office, "la-marsa", office.appointments.of_day(la_marsa.id, THURSDAY.date())[0].id).appointment.desk
    absence = Absence("away", desk, THURSDAY, THURSDAY + timedelta(hours=1))
    planning.register_absence(office, STAFF, "la-marsa", la_marsa.id, absence, Command("k", "b"), dry=False)
    assert len(planning.worklist(office, STAFF, "la-marsa", la_marsa.id)) == 1
    planning.withdraw_absence(office, STAFF, "la-marsa", la_marsa.id, "away", Command("w", "b"))
    assert planning.worklist(office, STAFF, "la-marsa", la_marsa.id) == []
