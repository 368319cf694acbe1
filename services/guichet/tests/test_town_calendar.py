"""The directory's calendar: its event closes days and cuts hours, and nobody is left out silently."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from kombu.connection import Connection
from marshmallow import ValidationError

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.handlers import calendars, planning
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.slots import Ask, list_slots
from imigr_guichet.opening import intervals
from imigr_guichet.ports.appointments import Command
from imigr_guichet.schemas.calendars import told_calendar
from imigr_kit.ids import new_id
from imigr_kit.rpc_client import RpcClient
from imigr_kit.testing import FrozenClock, wait_until

from .conftest import STAFF, THURSDAY, bookings_on
from .test_day import MANAGER, la_clock

Maker = Callable[..., tuple[Booking, Command]]
FRIDAY = [{"weekday": 4, "spans": [["07:32", "13:00"]]}]


def told(**changes: Any) -> dict[str, Any]:
    """The data of an event."""
    return {
        "version": 1, "timezone": "Africa/Tunis", "years": [2026, 2027], "holidays": [], "periods": [], "closures": [],
    } | changes  # fmt: skip


def ramadan(first: str, hours: Any) -> dict[str, Any]:
    """A month of Ramadan as told."""
    return {"code": "ramadan", "first": first, "last": "2027-03-09", "state": "confirmed", "hours": hours}


def test_a_moved_holiday_moves_the_closed_day_and_whom_it_strands_is_listed(
    mongo_db: Any, la_marsa: Guichet, booking: Maker
) -> None:
    """The guichet's own review finds them; when the holiday is moved on they are relieved."""
    made = bookings_on(mongo_db, la_clock(), replace(la_marsa, holidays="TN"))
    office, guichet = made.office, replace(la_marsa, holidays="TN")
    book_appointment(office, *booking("one"))
    eid = {"date": "2026-11-26", "code": "eid_al_fitr", "state": "moved"}
    calendars.follow_calendar(office, made.calendars, "la-marsa", told_calendar(told(holidays=[eid])), None)
    assert planning.review_plans(office) == 1
    assert [one.start for one in planning.worklist(office, STAFF, "la-marsa", guichet.id)] == [THURSDAY]
    assert THURSDAY.date() not in list_slots(office, office.plans.all(None)[0], Ask("information"), None, 7, 50)
    later = eid | {"date": "2026-11-27"}
    calendars.follow_calendar(office, made.calendars, "la-marsa", told_calendar(told(holidays=[later])), None)
    planning.review_plans(office)
    assert not planning.worklist(office, STAFF, "la-marsa", guichet.id)


def test_years_that_hold_estimates_keep_the_alarm(mongo_db: Any, la_marsa: Guichet) -> None:
    """Nobody has confirmed them; once all are settled it is quiet."""
    made = bookings_on(mongo_db, la_clock(), replace(la_marsa, holidays="TN"))
    for state, missing in (("estimated", [("la-marsa", 2027)]), ("confirmed", [])):
        day = {"date": "2027-03-09", "code": "eid_al_fitr", "state": state}
        calendars.follow_calendar(made.office, made.calendars, "la-marsa", told_calendar(told(holidays=[day])), None)
        assert calendars.missing_years(made.office, made.calendars) == missing


def test_ramadan_comes_with_the_hours_of_the_town_or_keeps_those_set_here(mongo_db: Any, la_marsa: Guichet) -> None:
    """Dates from the directory; hours from it, inwards on the grid, else the local ones; other regimes stay."""
    made = bookings_on(mongo_db, la_clock(), la_marsa)
    local = [
        {"code": "ramadan", "first": "2027-02-01", "last": "2027-03-01", "hours": {"3": [["08:00", "11:00"]]}},
        {"code": "works", "first": "2027-05-01", "last": "2027-05-10", "hours": {"3": [["08:00", "09:00"]]}},
    ]
    calendars.set_calendar(made.office, made.calendars, MANAGER, "la-marsa", {}, local)
    for hours, expected in ((None, {3}), (FRIDAY, {4})):
        said = told_calendar(told(periods=[ramadan("2027-02-09", hours)]))
        calendars.follow_calendar(made.office, made.calendars, "la-marsa", said, None)
        made.office.plans.read(la_marsa.id)
        regimes = {one.code: one for one in made.office.plans.all(None)[0].town_regimes}
        assert set(regimes) == {"ramadan", "works"}
        assert (regimes["ramadan"].first, set(regimes["ramadan"].hours)) == (date(2027, 2, 9), expected)
    assert regimes["ramadan"].hours[4][0].start.isoformat("minutes") == "07:35"
    calendars.follow_calendar(made.office, made.calendars, "la-marsa", told_calendar(told()), None)
    made.office.plans.read(la_marsa.id)
    assert [one.code for one in made.office.plans.all(None)[0].town_regimes] == ["works"]


def test_a_closure_of_the_town_closes_every_guichet(mongo_db: Any, la_marsa: Guichet) -> None:
    """Also one that does not follow public holidays."""
    made = bookings_on(mongo_db, la_clock(), la_marsa)
    closure = {"first": "2026-11-26", "last": "2026-11-26", "reason": "works"}
    calendars.follow_calendar(made.office, made.calendars, "la-marsa", told_calendar(told(closures=[closure])), None)
    guichet = made.office.plans.read(la_marsa.id)
    assert guichet is not None
    assert intervals(guichet, THURSDAY.date()) == []
    assert intervals(guichet, THURSDAY.date() + timedelta(days=7)) != []


def test_an_event_that_cannot_be_read_is_refused_and_additions_are_not() -> None:
    """It is parked; what a later version adds is left alone."""
    with pytest.raises(ValidationError):
        told_calendar(told(holidays="none"))
    assert told_calendar(told(moon="full")).years == {"2026": [], "2027": []}


def test_slots_follow_the_event_through_the_broker(
    service_process: Callable[..., Any],
    guichet_env: dict[str, str],
    rpc_client: RpcClient,
    amqp_uri: str,
    mongo_db: Any,
    la_marsa: Guichet,
    booking: Maker,
) -> None:
    """From a message to closed slots and a worklist, in a running service; the same message again changes nothing."""
    office = bookings_on(mongo_db, FrozenClock(datetime.now(UTC)), la_marsa).office
    day, slots = next(iter(list_slots(office, la_marsa, Ask("information"), None, 14, 50).items()))
    book_appointment(office, *booking("one", start=slots[0].start))
    service_process("imigr_guichet", env=guichet_env)
    closure = {"first": day.isoformat(), "last": day.isoformat(), "reason": "strike"}
    event = {
        "specversion": "1.0", "id": new_id(), "source": "/x/directory", "subject": "la-marsa",
        "type": "tn.imigr.directory.calendar.changed.v1", "time": "2026-11-23T08:00:00Z",
        "datacontenttype": "application/json", "municipality": "la-marsa", "sequence": 1,
        "data": told(closures=[closure]),
    }  # fmt: skip
    with Connection(amqp_uri) as connection:
        for _ in range(2):
            connection.Producer().publish(
                json.dumps(event).encode(),
                exchange="imigr.events",
                routing_key="la-marsa.directory.calendar.changed.v1",
                content_type="application/cloudevents+json",
                content_encoding="binary",
                user_id=connection.userid,
            )
    town = {"guichet_id": la_marsa.id, "topic": "information", "language": "fr", "days": 14}

    def days() -> set[str]:
        return {one["date"] for one in rpc_client.call("guichet", "list_slots", town)["days"]}

    of = {"actor": STAFF, "municipality": "la-marsa", "guichet_id": la_marsa.id}
    wait_until(lambda: day.isoformat() not in days(), 20.0, "the day is closed")
    wait_until(lambda: len(rpc_client.call("guichet", "worklist", of)["items"]) == 1, 20.0, "the visitor is listed")
