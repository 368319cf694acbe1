"""The calendar of a municipality: estimates, what managers settle, and what it tells the others."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator, FormatChecker
from marshmallow import ValidationError

from imigr_directory.cli import cli
from imigr_directory.domain.calendar import RAMADAN, Calendar, Closure, Period, State
from imigr_directory.domain.calendar.values import spans_by_weekday
from imigr_directory.domain.hours.now import hours_of, told_now
from imigr_directory.errors import InvalidCalendar, KeyReused, UnknownCalendarEntry, UnknownMunicipality
from imigr_directory.handlers import Command
from imigr_directory.handlers.calendars import Almanac, change_calendar, read_calendar, to_confirm, told_years
from imigr_directory.schemas.calendar import ADD, CLOSE, CONFIRM, SETTLE, calendar_out
from imigr_directory.schemas.content import ServiceContent
from imigr_directory.storage.calendars import MongoCalendars, calendar_of, calendar_row
from imigr_kit.access import NotAllowed
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.testing import FrozenClock

TOWN = Calendar("raoued", "Africa/Tunis")
MANAGER = {"id": "m", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
EID = "2027.eid_al_fitr.1"
SCHEMA = json.loads(
    (Path(__file__).resolve().parents[3] / "contracts/events/directory/calendar.changed.v1.json").read_text("utf-8")
)
OFFICE = spans_by_weekday([{"weekday": 4, "spans": [["07:30", "13:00"]]}])


def on(calendar: Calendar, day: date) -> list[tuple[str, str]]:
    """Codes and states of the holidays of a day."""
    return [(one.code, str(one.state)) for one in calendar.on(day).holidays]


def test_a_year_is_worked_out() -> None:
    """Fixed holidays are sure, those of the moon are estimates; the Day of the Revolution is in December; two feasts
    on one day are both told."""
    assert on(TOWN, date(2027, 4, 9)) == [("martyrs_day", "confirmed")]
    assert on(TOWN, date(2027, 3, 9)) == [("eid_al_fitr", "estimated")]
    assert on(TOWN, date(2027, 1, 14)) == []
    assert on(TOWN, date(2027, 12, 17)) == [("revolution_day", "confirmed")]
    assert {code for code, _ in on(TOWN, date(2026, 3, 20))} == {"eid_al_fitr", "independence_day"}
    assert [(one.first, one.last) for one in TOWN.periods(2027)] == [(date(2027, 2, 8), date(2027, 3, 8))]


def test_two_feasts_in_one_year_are_told_apart() -> None:
    """2033 has Eid al-Fitr in January and in December; moving the second leaves the first."""
    feasts = [one for one in TOWN.holidays(2033) if one.code == "eid_al_fitr"]
    moved = TOWN.confirm(feasts[3].id, feasts[3].day + timedelta(days=1))
    after = [one.day - before.day for one, before in zip(moved.holidays(2033), TOWN.holidays(2033), strict=True)]
    assert sum(step == timedelta(days=1) for step in after) == 3
    assert moved.periods(2033)[1].last == feasts[3].day


def test_a_confirmed_feast_takes_its_days_along_until_they_are_settled_too() -> None:
    """The second day follows the first; once settled itself it stays; restoring gives the estimate again."""
    moved = TOWN.confirm(EID, date(2027, 3, 10))
    assert [on(moved, date(2027, 3, day)) for day in (9, 10, 12)] == [
        [],
        [("eid_al_fitr", "moved")],
        [("eid_al_fitr", "estimated")],
    ]
    settled = moved.confirm("2027.eid_al_fitr.3", date(2027, 3, 11))
    assert on(settled, date(2027, 3, 12)) == []
    back = moved.restore(EID)
    assert (back.holidays(2027), back.version) == (TOWN.holidays(2027), 2)
    assert on(TOWN.confirm(EID, date(2027, 3, 9)), date(2027, 3, 9)) == [("eid_al_fitr", "confirmed")]


def test_a_holiday_is_removed_added_and_moved_over_new_year() -> None:
    """What was added can be moved too; a removed one is no longer there."""
    removed = TOWN.remove("2027.arafat_day.1")
    assert on(removed, date(2027, 5, 15)) == []
    added = removed.add(date(2027, 12, 31), {"fr": "Fête de la ville"})
    later = added.confirm("2027-12-31.local", date(2028, 1, 2))
    assert [(one.name, str(one.state)) for one in later.on(date(2028, 1, 2)).holidays] == [
        ({"fr": "Fête de la ville"}, "moved")
    ]
    assert on(later, date(2027, 12, 31)) == []
    assert on(later.remove("2027-12-31.local"), date(2028, 1, 2)) == []


def test_ramadan_is_settled_with_the_hours_of_the_offices() -> None:
    """The month as announced replaces the estimate near it and nothing else."""
    month = Period(RAMADAN, date(2027, 2, 9), date(2027, 3, 9), State.CONFIRMED, OFFICE)
    settled = TOWN.settle(month)
    assert [(one.first, str(one.state)) for one in settled.periods(2027)] == [(date(2027, 2, 9), "moved")]
    assert settled.periods(2026) == TOWN.periods(2026)
    assert settled.unsettle(RAMADAN, date(2027, 2, 9)).periods(2027) == TOWN.periods(2027)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.confirm(EID, date(2027, 4, 9)),
        lambda one: one.add(date(2027, 4, 9), {"fr": "x"}),
        lambda one: one.add(date(1999, 1, 1), {"fr": "x"}),
        lambda one: one.settle(Period(RAMADAN, date(2027, 8, 1), date(2027, 8, 29), State.CONFIRMED)),
        lambda one: one.settle(Period(RAMADAN, date(2027, 2, 8), date(2027, 4, 8), State.CONFIRMED)),
        lambda one: one.settle(Period("summer", date(2027, 7, 8), date(2027, 7, 1), State.CONFIRMED)),
        lambda one: one.settle(Period("summer", date(2027, 7, 1), date(2027, 8, 31), State.CONFIRMED)).settle(
            Period("summer", date(2027, 8, 1), date(2027, 8, 31), State.CONFIRMED)
        ),
        lambda one: one.close(Closure("c", date(2027, 7, 8), date(2027, 7, 1))),
        lambda one: one.close(Closure("c", date(2027, 7, 8), date(2028, 7, 1))),
        lambda one: one.confirm("2027.eid_al_fitr.9", date(2027, 3, 9)),
        lambda one: one.confirm("9999.eid_al_fitr.1", date(2027, 3, 9)),
        lambda one: one.confirm("../../etc", date(2027, 3, 9)),
        lambda one: one.remove("nothing"),
        lambda one: one.restore(EID),
        lambda one: one.reopen("nothing"),
        lambda one: one.unsettle(RAMADAN, date(2027, 2, 8)),
    ],
)
def test_what_cannot_be_is_refused(change: Any) -> None:
    """A clear error, field by field."""
    with pytest.raises((InvalidCalendar, UnknownCalendarEntry)):
        change(TOWN)


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (CONFIRM, {"id": EID, "date": "2027-02-30"}),
        (CONFIRM, {"id": "$where", "date": "2027-02-20"}),
        (ADD, {"date": "2027-02-20", "name": {}}),
        (ADD, {"date": "2027-02-20", "name": {"not a tag": "x"}}),
        (CLOSE, {"first": "2027-02-20", "reason": "Mrs X is ill"}),
        (SETTLE, {"code": "winter", "first": "2027-02-08", "last": "2027-03-08"}),
        (
            SETTLE,
            {"code": "ramadan", "first": "2027-02-08", "last": "2027-03-08", "hours": [{"weekday": 7}]},
        ),
        (
            SETTLE,
            {
                "code": "ramadan",
                "first": "2027-02-08",
                "last": "2027-03-08",
                "hours": [{"weekday": 1, "spans": [["08:00", "12:00"], ["11:00", "13:00"]]}],
            },
        ),
        (
            SETTLE,
            {
                "code": "ramadan",
                "first": "2027-02-08",
                "last": "2027-03-08",
                "hours": [{"weekday": 1, "spans": []}, {"weekday": 1, "spans": []}],
            },
        ),
        (CONFIRM, {"id": EID, "date": "2027-03-10", "by": "somebody"}),
    ],
)
def test_bad_input_is_refused_on_the_wire(schema: Any, body: dict[str, Any]) -> None:
    """Shape, codes, times, unknown fields."""
    frame = {"actor": MANAGER, "municipality": "raoued", "idempotency_key": "k"}
    with pytest.raises(ValidationError):
        schema.load(frame | body)


def test_what_is_settled_is_kept_and_told() -> None:
    """Row and calendar are the same; the event follows its schema."""
    full = (
        TOWN.confirm(EID, date(2027, 3, 10))
        .remove("2027.arafat_day.1")
        .add(date(2027, 6, 1), {"fr": "Fête"})
        .settle(Period(RAMADAN, date(2027, 2, 9), date(2027, 3, 9), State.CONFIRMED, OFFICE))
        .close(Closure("c1", date(2027, 7, 1), date(2027, 7, 2), "works"))
    )
    assert calendar_of("raoued", "Africa/Tunis", calendar_row(full)) == full
    fact = full.changed([2026, 2027])
    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(fact.data)
    assert (fact.sequence, fact.data["closures"]) == (
        5,
        [{"first": "2027-07-01", "last": "2027-07-02", "reason": "works"}],
    )
    assert calendar_out(full, [2026, 2027])["closures"][0]["name"]["fr"] == "travaux"


@pytest.fixture
def almanac(mongo_db: Any, clock: FrozenClock) -> Almanac:
    """Calendars on a fresh database that knows Raoued."""
    mongo_db["municipalities"].insert_one({"_id": "raoued", "timezone": "Africa/Tunis"})
    return Almanac(MongoCalendars(mongo_db, Stamp("directory", "test", clock, new_id)), clock, lambda: None)


def test_managers_settle_and_the_event_goes_in_the_same_write(almanac: Almanac, mongo_db: Any) -> None:
    """Once for a repeated command; another body under the key is refused; other towns and roles are not let in."""

    def confirm(one: Calendar) -> Calendar:
        return one.confirm(EID, date(2027, 3, 10))

    for _ in range(2):
        made = change_calendar(almanac, MANAGER, "raoued", confirm, Command("k", "body"))
        assert made.version == 1
    with pytest.raises(KeyReused):
        change_calendar(almanac, MANAGER, "raoued", confirm, Command("k", "other"))
    with pytest.raises(NotAllowed):
        change_calendar(almanac, MANAGER, "la-marsa", confirm, Command("l", "body"))
    editor = MANAGER | {"roles": [{"municipality": "raoued", "role": "editor"}]}
    with pytest.raises(NotAllowed):
        change_calendar(almanac, editor, "raoued", confirm, Command("l", "body"))
    with pytest.raises(UnknownMunicipality):
        read_calendar(almanac, "nowhere")
    row = mongo_db["calendars"].find_one({"_id": "raoued"})
    assert [(one["sequence"], one["data"]["years"]) for one in row["outbox"]] == [(1, [2026, 2027])]


def test_many_managers_at_once_all_get_through(almanac: Almanac, mongo_db: Any) -> None:
    """Eight different settlements at once on one calendar: each is there, each has its event, in order."""

    def settle(number: int) -> int:
        closure = Closure(f"c{number}", date(2027, 7, number + 1), date(2027, 7, number + 1))
        command = Command(f"k{number}", "")
        return change_calendar(almanac, MANAGER, "raoued", lambda one: one.close(closure), command).version

    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(settle, range(8)))
    row = mongo_db["calendars"].find_one({"_id": "raoued"})
    assert sorted(versions) == [one["sequence"] for one in row["outbox"]] == list(range(1, 9))
    assert len(read_calendar(almanac, "raoued").closures) == 8


def test_what_waits_to_be_confirmed_and_what_is_told(almanac: Almanac, clock: FrozenClock) -> None:
    """Estimates of the next 60 days; a year far ahead in which something was settled is told too."""
    clock.advance(days=60)
    assert [one.code for one in to_confirm(almanac, TOWN)] == ["eid_al_fitr"] * 3
    assert to_confirm(almanac, TOWN.confirm(EID, date(2027, 3, 9)))[0].id == "2027.eid_al_fitr.2"
    assert told_years(almanac, TOWN.add(date(2029, 6, 2), {"fr": "x"})) == [2027, 2028, 2029]


def test_the_command_line_settles_and_shows(
    almanac: Almanac, mongo_db: Any, mongo_uri: str, amqp_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Confirm, close, show; what is refused ends with its code."""
    for name, value in {"AMQP_URI": amqp_uri, "MONGO_URI": mongo_uri, "MONGO_DATABASE": mongo_db.name}.items():
        monkeypatch.setenv(f"IMIGR_{name}", value)
    monkeypatch.setenv("IMIGR_DIRECTORY_KEY", base64.b64encode(bytes(32)).decode())
    year = datetime.now(UTC).year + 1
    calm = f"{year}-06-03"

    def run(*words: str) -> str:
        found = CliRunner().invoke(cli, ["calendar", *words])
        return found.output if found.exit_code == 0 else f"refused {found.output}"

    assert "version 1" in run("close", "raoued", calm, calm, "--reason", "works")
    assert f"{calm} to {calm}  closed" in run("show", "raoued")
    assert "directory.invalid_calendar" in run("confirm", "raoued", f"{year}.labour_day.1", calm)
    assert "directory.unknown_municipality" in run("show", "nowhere")


def test_a_reader_is_told_the_hours_of_now() -> None:
    """Open or not, until when, when next, why, and a week; equal contents share what was worked out."""
    content = {"schedules": [{"id": "s", "rules": [{"rrule": "FREQ=DAILY", "spans": [["08:00", "12:00"]]}]}]}
    schedules = hours_of(content)
    assert hours_of(json.loads(json.dumps(content))) is schedules
    assert hours_of({"at": [content]}) == schedules
    assert hours_of({"schedules": [{"rules": "nonsense"}]}) == ()
    told = told_now(schedules, TOWN, datetime(2027, 3, 8, 12, tzinfo=UTC))
    assert told["open_now"] is False
    assert told["why_closed"]["code"] == "after_hours"
    assert told["opens_next"] == "2027-03-12T07:00:00Z"
    assert [one.get("closed") for one in told["hours"]] == [None, *["holiday"] * 3, *[None] * 3]
    assert told_now((), TOWN, datetime(2027, 3, 8, 12, tzinfo=UTC))["open_now"] is None


def test_impossible_hours_are_refused_in_the_content_of_a_service() -> None:
    """Field by field, where the content of a record is checked."""
    rule = {"rrule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "spans": []}
    with pytest.raises(ValidationError) as caught:
        ServiceContent().load({"schedules": [{"rules": [rule]}]})
    assert "0" in caught.value.messages_dict["schedules"]
    assert caught.value.messages_dict["schedules"]["0"]["rules"]["0"]["rrule"] == ["no day ever matches"]
