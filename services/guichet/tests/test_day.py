"""The day at the desk: steps and their rules, references, bookings by staff, overbooking, group sessions."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from imigr_guichet.building import Bookings
from imigr_guichet.domain.guichet import Extras, Guichet, Span
from imigr_guichet.domain.states import STEPS, State
from imigr_guichet.errors import (
    AppointmentNotChangeable,
    KeyReused,
    LanguageNotOffered,
    NotOpenToBooking,
    SessionFull,
    SlotFull,
    SlotNotOffered,
    UnknownAppointment,
)
from imigr_guichet.handlers import agenda, sessions
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import get_appointment
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.slots import Ask, list_slots, search_slots, slot_parts
from imigr_guichet.ical import appointment_file
from imigr_guichet.ports.appointments import Command
from imigr_guichet.schemas.fields import Instant
from imigr_guichet.schemas.guichets import slots_text
from imigr_kit.access import NotAllowed
from imigr_kit.commands import command_of
from imigr_kit.context import CallContext, use

from .conftest import NOW, STAFF, THURSDAY, bookings_on, manage_hash

Maker = Callable[..., tuple[Booking, Command]]
MANAGER = {"id": "m1", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
STRANGER = {"id": "r1", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}


def step(office: Office, one: str, name: str, key: str = "") -> dict[str, Any]:
    """One step by a mediator."""
    return agenda.take_step(office, STAFF, "la-marsa", one, name, Command(key or f"{one}-{name}", name, "staff:s1"))


def on_the_day(office: Office, minutes: int = 0) -> None:
    """The clock goes to the appointment's start and a little more."""
    office.clock.advance(seconds=(THURSDAY - office.clock.now()).total_seconds() + 60 * minutes)  # type: ignore[attr-defined]


def test_a_visit_from_arrival_to_its_end(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Each step has its rule, its event and its audit line."""
    one = book_appointment(office, *booking("a"))["id"]
    on_the_day(office)
    states = [step(office, one, name)["state"] for name in ("check_in", "start", "finish")]
    assert states == ["arrived", "in_service", "done"]
    row = mongo_db["appointments"].find_one({"_id": one})
    verbs = [event["type"].split(".")[4] for event in row["outbox"]]
    assert verbs == ["booked", "arrived", "started", "finished"]
    assert [event["sequence"] for event in row["outbox"]] == [1, 2, 3, 4]
    lines = [(line["by"], line["state"]) for line in row["commands"]]
    assert lines == [("visitor", "confirmed"), *(("staff:s1", state) for state in states)]


def test_a_repeated_step_says_the_same(office: Office, booking: Maker) -> None:
    """A retry after a lost answer."""
    one = book_appointment(office, *booking("a"))["id"]
    on_the_day(office)
    assert step(office, one, "check_in", "k") == step(office, one, "check_in", "k")


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_step_is_refused_from_every_other_state(office: Office, booking: Maker, name: str) -> None:
    """From confirmed, only checking in and missing are possible."""
    one = book_appointment(office, *booking("a"))["id"]
    on_the_day(office, 1)
    if State.CONFIRMED in STEPS[name].sources:
        assert step(office, one, name)["version"] == 2
    else:
        with pytest.raises(AppointmentNotChangeable):
            step(office, one, name)


def test_nobody_is_missed_before_the_start_nor_checked_in_on_another_day(office: Office, booking: Maker) -> None:
    """The rules of time."""
    one = book_appointment(office, *booking("a"))["id"]
    for name in ("miss", "check_in"):
        with pytest.raises(AppointmentNotChangeable):
            step(office, one, name)


def test_a_no_show_by_mistake_is_undone_the_same_day(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Case 28: with its author; not a week later."""
    one = book_appointment(office, *booking("a"))["id"]
    on_the_day(office, 5)
    assert step(office, one, "miss")["state"] == "no_show"
    assert step(office, one, "correct")["state"] == "arrived"
    step(office, one, "start", "s")
    other = book_appointment(office, *booking("b", start=THURSDAY + timedelta(minutes=80)))["id"]
    on_the_day(office, 90)
    step(office, other, "miss")
    office.clock.advance(seconds=7 * 24 * 3600)  # type: ignore[attr-defined]
    with pytest.raises(AppointmentNotChangeable):
        step(office, other, "correct")


def test_a_reference_is_read_aloud_and_works_at_the_desk_only(office: Office, booking: Maker) -> None:
    """Cases 23 and 24: no letters that are taken for another; however it is typed; foreign staff find nothing."""
    said = book_appointment(office, *booking("a"))
    assert not set(said["reference"]) & set("0O1IlLU")
    typed = said["reference"].lower().replace("-", " ")
    assert agenda.find_by_reference(office, STAFF, "la-marsa", typed).id == said["id"]
    with pytest.raises(NotAllowed):
        agenda.find_by_reference(office, STRANGER, "la-marsa", typed)
    with pytest.raises(UnknownAppointment):
        agenda.find_by_reference(office, STRANGER, "raoued", typed)


def test_staff_of_another_town_change_nothing(office: Office, booking: Maker) -> None:
    """Neither in their own name nor in the other's."""
    one = book_appointment(office, *booking("a"))["id"]
    for town, error in (("la-marsa", NotAllowed), ("raoued", UnknownAppointment)):
        with pytest.raises(error):
            agenda.cancel_for_service(office, STRANGER, town, one, "closed", Command("k", "b"))
    assert get_appointment(office, "la-marsa", manage_hash("a"))["version"] == 1


def test_staff_book_by_phone_without_notice(office: Office, booking: Maker) -> None:
    """A visitor must come earlier by the notice; staff need not."""
    office.clock.advance(seconds=(THURSDAY - office.clock.now()).total_seconds() - 600)  # type: ignore[attr-defined]
    with pytest.raises(SlotNotOffered):
        book_appointment(office, *booking("a"))
    wanted, command = booking("b", booked_by="staff")
    assert agenda.book_for_visitor(office, STAFF, wanted, command)["state"] == "confirmed"


def test_overbooking_is_an_act_of_its_own(office: Office, booking: Maker, mongo_db: Any) -> None:
    """Case 2: staff cannot force by accident; a manager can on purpose, and the record says so."""
    book_appointment(office, *booking("a", language="ti"))
    wanted, command = booking("b", language="ti", booked_by="staff")
    with pytest.raises(SlotFull):
        agenda.book_for_visitor(office, STAFF, wanted, command)
    with pytest.raises(NotAllowed):
        agenda.overbook(office, STAFF, wanted, "m3", command)
    desk = mongo_db["appointments"].find_one({})["desk"]
    said = agenda.overbook(office, MANAGER, wanted, desk, command)
    assert mongo_db["appointments"].find_one({"_id": said["id"]})["is_extra"] is True
    assert agenda.overbook(office, MANAGER, wanted, desk, command) == said


def test_companion_child_and_interpreter_lengthen_a_visit(mongo_db: Any, booking: Maker, la_marsa: Guichet) -> None:
    """And buffers count between visits of different topics (case 11)."""
    topics = tuple(
        replace(one, companion_minutes=10, child_minutes=5, interpreter_minutes=20, after=10) for one in la_marsa.topics
    )
    guichet = replace(la_marsa, topics=topics, interpreters=("sw",))
    office = bookings_on(mongo_db, la_clock(), guichet).office
    with pytest.raises(LanguageNotOffered) as caught:
        book_appointment(office, *booking("a", language="sw"))
    assert caught.value.params["interpreter"] is True
    extras = Extras(companion=True, child=True, interpreter=True)
    said = book_appointment(office, *booking("a", language="sw", extras=extras))
    assert said["end"] == "2026-11-26T08:25:00Z"
    row = mongo_db["appointments"].find_one({})
    assert row["busy_until"] - row["end"].replace(tzinfo=row["busy_until"].tzinfo) == timedelta(minutes=10)
    assert row["interpreter"] is True
    assert "companion" not in row
    assert "child" not in row


def la_clock() -> Any:
    """Monday morning."""
    from imigr_kit.testing import FrozenClock

    from .conftest import NOW

    return FrozenClock(NOW)


def test_notice_and_horizon_of_a_topic_overrule_those_of_the_guichet(
    mongo_db: Any, booking: Maker, la_marsa: Guichet
) -> None:
    """Case 20 per topic, where it is shown and where it is written: exactly the notice away is enough, a cell less is
    not; the last day of the horizon is in, the next week is out."""
    clock = la_clock()
    topics = tuple(
        replace(one, notice_minutes=24 * 60, horizon_days=9) if one.code == "information" else one
        for one in la_marsa.topics
    )
    office = bookings_on(mongo_db, clock, replace(la_marsa, topics=topics)).office
    guichet, ask = office.plans.all(None)[0], Ask("information", ("fr",))
    assert sorted(list_slots(office, guichet, ask, None, 60, 500)) == [THURSDAY.date()]
    with pytest.raises(SlotNotOffered):
        book_appointment(office, *booking("too-far", THURSDAY + timedelta(days=7)))
    clock.advance(seconds=(THURSDAY - timedelta(hours=24) - clock.now()).total_seconds())
    assert list_slots(office, guichet, ask, None, 60, 500)[THURSDAY.date()][0].start == THURSDAY
    assert book_appointment(office, *booking("just"))["state"] == "confirmed"
    clock.advance(seconds=1)
    assert list_slots(office, guichet, ask, None, 60, 500)[THURSDAY.date()][0].start > THURSDAY
    with pytest.raises(SlotNotOffered):
        book_appointment(office, *booking("too-late"))
    legal = list_slots(office, guichet, Ask("legal", ("fr",)), None, 60, 500)
    assert len(legal) > 1


def test_a_partner_books_on_behalf_of_somebody_where_the_topic_says_so(
    mongo_db: Any, booking: Maker, la_marsa: Guichet
) -> None:
    """Within the public's notice and not in a topic that is closed to partners; the record says who booked."""
    topics = tuple(replace(one, open_to=("public", "staff")) if one.code == "legal" else one for one in la_marsa.topics)
    office = bookings_on(mongo_db, la_clock(), replace(la_marsa, topics=topics)).office
    partner = {"id": "p1", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "editor"}]}
    wanted, command = booking("somebody", booked_by="partner")
    made = agenda.book_for_visitor(office, partner, wanted, command)
    stored = office.appointments.by_id(made["id"])
    assert stored is not None
    assert stored.appointment.booked_by == "partner"
    assert agenda.book_for_visitor(office, partner, wanted, command) == made
    refused: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"topic": "legal", "booked_by": "partner"}, NotOpenToBooking),
        ({"booked_by": "staff"}, NotAllowed),
        ({"booked_by": "partner", "municipality": "raoued"}, NotAllowed),
    ]
    for number, (changes, error) in enumerate(refused):
        with pytest.raises(error):
            agenda.book_for_visitor(office, partner, *booking(f"no{number}", **changes))


def test_a_clock_that_is_behind_lets_nobody_book_the_past(mongo_db: Any, booking: Maker, la_marsa: Guichet) -> None:
    """Case 21 of time: this process's clock is ten minutes late; the caller's deadline, by a right clock, tells."""
    clock = la_clock()
    office = bookings_on(mongo_db, clock, replace(la_marsa, notice_minutes=0)).office
    clock.advance(seconds=(THURSDAY - timedelta(minutes=5) - clock.now()).total_seconds())
    really = THURSDAY + timedelta(minutes=5)
    with use(CallContext("c", deadline=really + timedelta(seconds=3))), pytest.raises(SlotNotOffered):
        book_appointment(office, *booking("late"))
    assert mongo_db["appointments"].count_documents({}) == 0


def test_half_past_midnight_is_on_the_guichets_date(mongo_db: Any, booking: Maker, la_marsa: Guichet) -> None:
    """Case 23e: 00:30 in Tunis is 23:30 UTC of the day before and 18:30 in New York; the answer names the zone,
    slot and agenda lie on the guichet's date, and the calendar file is an instant that every phone reads alike."""
    night = replace(la_marsa.rules[0], rrule="FREQ=DAILY", spans=(Span(time(0, 30), time(2, 30)),), breaks=())
    office = bookings_on(mongo_db, la_clock(), replace(la_marsa, rules=(night,), regimes=(), exceptions=())).office
    guichet = office.plans.all(None)[0]
    start, date_there = datetime(2026, 11, 25, 23, 30, tzinfo=UTC), date(2026, 11, 26)
    shown = list_slots(office, guichet, Ask("information", ("fr",)), date_there, 1, 100)
    assert start in [one.start for one in shown[date_there]]
    text = json.loads(
        slots_text(guichet, "information", slot_parts(office, guichet, Ask("information"), date_there, 1, 9))
    )
    assert (text["timezone"], text["days"][0]["date"]) == ("Africa/Tunis", "2026-11-26")
    from_new_york = Instant().deserialize("2026-11-25T18:30:00-05:00")
    made = book_appointment(office, *booking("night", from_new_york))
    assert made["start"] == "2026-11-25T23:30:00Z"
    rows = agenda.list_appointments(office, STAFF, "la-marsa", guichet.id, date_there)
    assert [one.id for one in rows] == [made["id"]]
    assert not agenda.list_appointments(office, STAFF, "la-marsa", guichet.id, date(2026, 11, 25))
    one = office.appointments.by_id(made["id"])
    assert one is not None
    assert "DTSTART:20261125T233000Z" in appointment_file(one.appointment, guichet, ["fr"], NOW)


def test_a_topic_that_is_not_open_to_the_public(mongo_db: Any, booking: Maker, la_marsa: Guichet) -> None:
    """Staff may, visitors may not."""
    guichet = replace(la_marsa, topics=tuple(replace(one, open_to=("staff",)) for one in la_marsa.topics))
    office = bookings_on(mongo_db, la_clock(), guichet).office
    with pytest.raises(NotOpenToBooking):
        book_appointment(office, *booking("a"))
    assert agenda.book_for_visitor(office, STAFF, *booking("b", booked_by="staff"))["state"] == "confirmed"


def test_places_for_walk_ins_are_not_given_to_the_public(mongo_db: Any, booking: Maker, la_marsa: Guichet) -> None:
    """Case 22: the last quarter of the opening stays; staff may give it."""
    guichet = replace(la_marsa, walk_in_share=25)
    office = bookings_on(mongo_db, la_clock(), guichet).office
    public = list_slots(office, guichet, Ask("information"), None, 7, 100)[THURSDAY.date()]
    staff = list_slots(office, guichet, Ask("information", booked_by="staff"), None, 7, 100)[THURSDAY.date()]
    assert (len(public), len(staff)) == (9, 12)
    with pytest.raises(SlotNotOffered):
        book_appointment(office, *booking("a", start=staff[-1].start))


def test_the_next_slot_anywhere(mongo_db: Any, la_marsa: Guichet, booking: Maker) -> None:
    """Fula, Arabic or French for legal help near here: the soonest first, then the nearest; too far is left out."""
    far = replace(la_marsa, id="far", location={"lat": 33.88, "lon": 10.1})
    twin = replace(la_marsa, id="twin", location={"lat": 36.879, "lon": 10.33})
    office = bookings_on(mongo_db, la_clock(), la_marsa, far, twin).office
    ask = Ask("legal", ("ff", "ar", "fr"))
    found = search_slots(office, ask, None, (36.878, 10.324), 50.0, 10)
    assert [one.guichet.id for one in found] != ["far"]
    assert {one.guichet.id for one in found} == {la_marsa.id, "twin"}
    assert all(one.slot.start == THURSDAY for one in found)
    distances = [one.distance or 0.0 for one in found]
    assert distances == sorted(distances)
    assert search_slots(office, Ask("legal", ("eo",)), None, None, 50.0, 10) == []


def session_of(bookings: Bookings, capacity: int = 5) -> Any:
    """A group session on the guichet day."""
    new = sessions.NewSession(
        "la-marsa", bookings.office.plans.all(None)[0].id, "m1", THURSDAY, "information", "fr", capacity
    )
    return sessions.plan_session(bookings.office, bookings.sessions, STAFF, new, Command("session", "b"))


def seats(bookings: Bookings, booking: Maker, session_id: str, names: range) -> int:
    """How many got a seat, all at once."""

    def book(number: int) -> bool:
        try:
            sessions.book_seat(bookings.office, bookings.sessions, session_id, *booking(f"v{number}"))
        except SessionFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(book, names))


def test_a_session_gives_exactly_its_seats_and_keeps_its_desk(
    bookings: Bookings, booking: Maker, mongo_db: Any
) -> None:
    """Forty for five seats; a single booking cannot have the desk, nor a session a booked desk (case 10)."""
    planned = session_of(bookings)
    assert session_of(bookings) == planned
    assert seats(bookings, booking, planned.session.id, range(40)) == 5
    found = sessions.list_sessions(bookings.office, bookings.sessions, planned.session.guichet_id)
    assert [(one.session.capacity, len(one.seats)) for one in found] == [(5, 5)]
    assert "m1" not in {
        row["desk"] for row in mongo_db["appointments"].find({"session_id": {"$exists": False}, "kind": None})
    }
    book_appointment(bookings.office, *booking("x"))
    with pytest.raises(SlotFull):
        book_appointment(bookings.office, *booking("y"))


def test_a_lowered_capacity_drops_nobody_and_lets_nobody_in(bookings: Bookings, booking: Maker) -> None:
    """Case 14: who is too many is listed for staff."""
    planned = session_of(bookings)
    seats(bookings, booking, planned.session.id, range(4))
    seated, over = sessions.resize_session(
        bookings.office, bookings.sessions, STAFF, "la-marsa", planned.session.id, 3, Command("r", "r")
    )
    assert len(seated.seats) == 4
    assert len(over) == 1
    assert seats(bookings, booking, planned.session.id, range(10, 14)) == 0


def test_one_key_resizes_one_session_once(bookings: Bookings, mongo_db: Any) -> None:
    """The same again changes nothing; another number, or another person, under its key is refused and changes nothing;
    a key that planned one session plans no other."""
    planned = session_of(bookings)
    of_session = (bookings.office, bookings.sessions, STAFF, "la-marsa", planned.session.id)
    resize = {"idempotency_key": "r", "actor": STAFF, "session_id": planned.session.id}
    commands = [
        command_of("resize_session", resize | changes)
        for changes in ({"capacity": 3}, {"capacity": 4}, {"capacity": 3, "actor": STAFF | {"id": "another"}})
    ]
    for _ in range(3):
        assert sessions.resize_session(*of_session, 3, commands[0])[0].session.capacity == 3
    for command in commands[1:]:
        with pytest.raises(KeyReused):
            sessions.resize_session(*of_session, 4, command)
    row = mongo_db["appointments"].find_one({"_id": planned.session.id})
    assert (row["capacity"], row["version"], len(row["outbox"])) == (3, 2, 2)
    new = sessions.NewSession("la-marsa", planned.session.guichet_id, "m1", THURSDAY, "information", "fr", 9)
    with pytest.raises(KeyReused):
        sessions.plan_session(bookings.office, bookings.sessions, STAFF, new, Command("session", "nine seats"))


def test_seats_given_back_under_a_lowered_capacity_are_not_one_too_many(bookings: Bookings, booking: Maker) -> None:
    """Case 14 under contention: four sit, two may; three leave, eight come at once: one gets
    the seat."""
    planned = session_of(bookings, 4)
    of_session = (bookings.office, bookings.sessions, STAFF, "la-marsa", planned.session.id)
    seats(bookings, booking, planned.session.id, range(4))
    seated, over = sessions.resize_session(*of_session, 2, Command("lower", "r"))
    assert len(over) == 2
    for one in seated.seats[:3]:
        agenda.cancel_for_service(bookings.office, STAFF, "la-marsa", one.id, "asked_by_visitor", Command(one.id, ""))
    assert seats(bookings, booking, planned.session.id, range(10, 18)) == 1
    left = bookings.sessions.find(planned.session.id)
    assert left is not None
    assert len(left.seats) == 2


def test_a_session_called_off_cancels_its_seats(bookings: Bookings, booking: Maker) -> None:
    """By the service; its desk is free again."""
    planned = session_of(bookings)
    seats(bookings, booking, planned.session.id, range(3))
    sessions.cancel_session(
        bookings.office, bookings.sessions, STAFF, "la-marsa", planned.session.id, Command("c", "c")
    )
    told = [get_appointment(bookings.office, "la-marsa", manage_hash(f"v{number}"))["state"] for number in range(3)]
    assert told == ["cancelled_by_service"] * 3
    assert [book_appointment(bookings.office, *booking(who))["state"] for who in "xy"] == ["confirmed"] * 2
