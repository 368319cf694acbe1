"""Sessions, series, changes of date and place: who is told, once, and what stands afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from imigr_events import handlers, schemas
from imigr_events.domain import Event, Recurrence, Session
from imigr_events.errors import InvalidInput, NotOpen, StaleVersion, WrongState
from imigr_events.handlers import Desk
from imigr_events.ports import Command
from imigr_events.series import BadRule, dates
from imigr_kit.access import NotAllowed
from imigr_kit.testing import FrozenClock

from .conftest import MANAGER, NOW, manage_hash, wanted

Publish = Callable[..., Event]
START = datetime(2026, 12, 12, 9, 0, tzinfo=UTC)


def session(name: str, hours: int = 0, **changes: Any) -> Session:
    """An hour of the day."""
    begins = START + timedelta(hours=hours)
    values: dict[str, Any] = {
        "title": {"fr": name},
        "starts_at": begins,
        "ends_at": begins + timedelta(hours=1),
        "room": {"fr": "A"},
    }
    return Session(id=name, **(values | changes))


def told(db: Any, verb: str = "") -> list[tuple[str, str]]:
    """Verb and subject of events about registrations that wait in the outbox, in order."""
    found = [
        (one["type"].split(".")[4], one["subject"])
        for one in db["events"].find_one()["outbox"]
        if ".registration." in one["type"]
    ]
    return [one for one in found if not verb or one[0] == verb]


def step(number: int) -> Command:
    """A command of staff."""
    return Command(f"step-{number}", str(number))


def test_an_event_postponed_twice_tells_each_registrant_once_per_change(
    desk: Desk, publish: Publish, mongo_db: Any
) -> None:
    """Case 33: confirmed and waiting alike, with the date they knew; repeating the command tells nobody again."""
    event = publish(1)
    people = [handlers.register(desk, *wanted(who))["id"] for who in "ab"]
    dates_ = [(START + timedelta(days=7 * n), START + timedelta(days=7 * n, hours=3)) for n in (1, 2)]
    for number, pair in enumerate(dates_):
        for _ in range(2):
            handlers.postpone_event(desk, MANAGER, "event-1", event.version + number, pair, step(number))
    assert told(mongo_db, "moved") == [("moved", one) for _ in "12" for one in people]
    moved = [one["data"] for one in mongo_db["events"].find_one()["outbox"] if ".registration.moved" in one["type"]]
    assert [one["previous_starts_at"] for one in moved] == ["2026-12-12T09:00:00Z"] * 2 + ["2026-12-19T09:00:00Z"] * 2
    assert [one["starts_at"] for one in moved] == ["2026-12-19T09:00:00Z"] * 2 + ["2026-12-26T09:00:00Z"] * 2


def test_an_event_without_a_date_takes_nobody_and_keeps_its_registrations(
    desk: Desk, publish: Publish, mongo_db: Any, clock: FrozenClock
) -> None:
    """Postponed: the old hour passes and nothing begins; with a new date it is open again."""
    publish(5)
    handlers.register(desk, *wanted("a"))
    postponed = handlers.postpone_event(desk, MANAGER, "event-1", 2, (None, None), step(1))
    assert postponed.state == "postponed"
    with pytest.raises(NotOpen):
        handlers.register(desk, *wanted("b"))
    clock.advance(days=30)
    handlers.keep_time(desk)
    later = (NOW + timedelta(days=60), NOW + timedelta(days=60, hours=2))
    assert handlers.postpone_event(desk, MANAGER, "event-1", 3, later, step(2)).state == "published"
    assert handlers.register(desk, *wanted("b"))["state"] == "confirmed"
    assert [verb for verb, _ in told(mongo_db)] == ["confirmed", "postponed", "moved", "confirmed"]


def test_another_place_is_told_and_another_summary_is_not(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """What changes where somebody must go."""
    publish(5)
    handlers.register(desk, *wanted("a"))
    handlers.edit_event(desk, MANAGER, "event-1", 2, {"summary": {"fr": "Plus de mots"}}, step(1))
    assert told(mongo_db, "moved") == []
    handlers.edit_event(desk, MANAGER, "event-1", 3, {"place": {"fr": "Gymnase"}}, step(2))
    assert len(told(mongo_db, "moved")) == 1


def test_who_is_told_in_batches_is_told_once(
    desk: Desk, publish: Publish, mongo_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the process died between two of them, and when somebody registers meanwhile."""
    publish(20)
    people = [handlers.register(desk, *wanted(f"p{number}"))["id"] for number in range(7)]
    monkeypatch.setattr(handlers.staff, "TELL_AT_ONCE", 3)
    monkeypatch.setattr(handlers.staff, "tell_registrants", lambda *_: None)
    handlers.edit_event(desk, MANAGER, "event-1", 2, {"place": {"fr": "Gymnase"}}, step(1))
    monkeypatch.undo()
    desk.turns.run("event-1", lambda turn: turn.work.tell(3))
    handlers.register(desk, *wanted("late"))
    handlers.keep_time(desk)
    handlers.keep_time(desk)
    assert [subject for _, subject in told(mongo_db, "moved")] == people


def test_one_session_in_another_room_tells_those_of_that_session(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Case 34: a training of three sittings that people choose from."""
    publish(9, sessions=(session("s1"), session("s2", 2), session("s3", 4)), choose_sessions=True)
    chosen = {"a": ("s1",), "b": ("s2", "s3"), "c": ("s3",)}
    ids = {who: handlers.register(desk, *wanted(who, sessions=names))["id"] for who, names in chosen.items()}
    handlers.change_session(desk, MANAGER, ("event-1", "s2"), 2, {"room": {"fr": "B"}}, step(1))
    assert told(mongo_db, "moved") == [("moved", ids["b"])]
    outbox = mongo_db["events"].find_one()["outbox"]
    (changed,) = [one for one in outbox if ".session.changed." in one["type"]]
    assert (changed["subject"], changed["sequence"], changed["data"]["room"]) == ("s2", 1, {"fr": "B"})


def test_a_session_called_off_ends_those_who_have_no_other(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """The others are told and stay; the place in the other session is still theirs."""
    publish(9, sessions=(session("s1"), session("s2", 2)), choose_sessions=True)
    only = handlers.register(desk, *wanted("a", sessions=("s1",)))["id"]
    both = handlers.register(desk, *wanted("b", sessions=("s1", "s2")))["id"]
    handlers.cancel_session(desk, MANAGER, "event-1", "s1", 2, step(1))
    assert told(mongo_db)[2:] == [("cancelled", only), ("moved", both)]
    assert handlers.get_registration(desk, "la-marsa", manage_hash("b"))["state"] == "confirmed"
    with pytest.raises(InvalidInput):
        handlers.register(desk, *wanted("c", sessions=("s1",)))
    with pytest.raises(WrongState):
        handlers.cancel_session(desk, MANAGER, "event-1", "s1", 3, step(2))


def test_session_and_event_capacity_both_hold(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """A full session lets nobody into it, a full event nobody at all."""
    publish(3, sessions=(session("s1", capacity=1), session("s2", 2, capacity=5)), choose_sessions=True)
    said = [
        handlers.register(desk, *wanted(who, sessions=names))["state"]
        for who, names in (("a", ("s1",)), ("b", ("s1", "s2")), ("c", ("s2",)), ("d", ("s2",)), ("e", ("s2",)))
    ]
    assert said == ["confirmed", "waiting", "confirmed", "confirmed", "waiting"]
    assert mongo_db["events"].find_one()["session_taken"] == {"s1": 1, "s2": 2}


def test_a_registration_names_its_sessions_where_they_are_chosen(desk: Desk, publish: Publish) -> None:
    """And only there; unknown, doubled and called-off ones are refused by field."""
    publish(9, sessions=(session("s1"),), choose_sessions=True)
    publish(9, id="event-2", sessions=(session("s1"),))
    cases: list[tuple[str, tuple[str, ...]]] = [
        ("event-1", ()), ("event-1", ("s9",)), ("event-1", ("s1", "s1")), ("event-2", ("s1",)),
    ]  # fmt: skip
    for event_id, names in cases:
        with pytest.raises(InvalidInput) as caught:
            handlers.register(desk, *wanted("a", sessions=names, event_id=event_id))
        assert [one.path for one in caught.value.fields] == ["sessions"]


def test_every_first_saturday_with_one_moved_to_sunday(desk: Desk, mongo_db: Any) -> None:
    """Case 36: the date keeps the start that the rule gave it; called off, only that one is gone; people register
    for dates."""
    draft = schemas.CREATE_EVENT.load(
        {
            "actor": MANAGER,
            "idempotency_key": "k",
            "event": {
                "municipality": "la-marsa", "title": {"fr": "Portes ouvertes"}, "place": {"fr": "Mairie"},
                "starts_at": "2026-12-05T09:00:00Z", "ends_at": "2026-12-05T12:00:00Z", "capacity": 50,
                "recurrence": {"rrule": "FREQ=MONTHLY;BYDAY=1SA;COUNT=4", "minutes": 180}, "choose_sessions": True,
            },
        }
    )  # fmt: skip
    event = schemas.draft_of(draft["event"], lambda: "event-1")
    assert [f"{one.starts_at:%m-%d}" for one in event.sessions] == ["12-05", "01-02", "02-06", "03-06"]
    handlers.create_event(desk, MANAGER, event, step(1))
    handlers.publish_event(desk, MANAGER, "event-1", 1, step(2))
    february, march = event.sessions[2:]
    for who, date in (("a", february), ("b", march)):
        handlers.register(desk, *wanted(who, sessions=(date.id,)))
    sunday = {"starts_at": february.starts_at + timedelta(days=1), "ends_at": february.ends_at + timedelta(days=1)}
    moved = handlers.change_session(desk, MANAGER, ("event-1", february.id), 2, sunday, step(3))
    assert moved.session(february.id).recurrence_id == february.starts_at
    gone = handlers.cancel_session(desk, MANAGER, "event-1", february.id, 3, step(4))
    assert [str(one.state) for one in gone.sessions] == ["planned", "planned", "cancelled", "planned"]
    book = desk.events.book("event-1")
    assert book is not None
    assert [str(one.state) for one in book.registrations] == ["cancelled", "confirmed"]


def test_a_series_keeps_its_hour_when_clocks_change() -> None:
    """Wall-clock time in the event's own zone (Europe/Rome changes on 28 March 2027)."""
    first = datetime(2027, 3, 21, 10, tzinfo=ZoneInfo("Europe/Rome"))
    found = dates("e", {}, first, "Europe/Rome", Recurrence("FREQ=WEEKLY;UNTIL=20270404", 60))
    assert [f"{one.starts_at:%d %H}" for one in found] == ["21 09", "28 08", "04 08"]


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=DAILY;COUNT=0", "nonsense", "FREQ=DAILY;COUNT=201", "FREQ=SOMETIMES;COUNT=2", ""]
)
def test_a_rule_that_gives_no_sensible_dates_is_refused(rule: str) -> None:
    """It never ends, gives nothing or too much, or cannot be read."""
    with pytest.raises(BadRule):
        dates("e", {}, START, "Africa/Tunis", Recurrence(rule, 60))


def test_two_editors_do_not_overwrite_one_another(desk: Desk, publish: Publish) -> None:
    """The second learns the version that stands; roles are checked."""
    publish(5)
    handlers.edit_event(desk, MANAGER, "event-1", 2, {"summary": {"fr": "A"}}, step(1))
    with pytest.raises(StaleVersion) as caught:
        handlers.edit_event(desk, MANAGER, "event-1", 2, {"summary": {"fr": "B"}}, step(2))
    assert caught.value.params == {"version": 3}
    mediator = {"id": "x", "roles": [{"municipality": "la-marsa", "role": "mediator"}]}
    with pytest.raises(NotAllowed):
        handlers.edit_event(desk, mediator, "event-1", 3, {"summary": {"fr": "C"}}, step(3))


def test_what_registrations_refer_to_stays_as_it_was_published(desk: Desk, publish: Publish) -> None:
    """Questions, the choice of sessions and kinds in use; told by field, nothing changed."""
    publish(5)
    with pytest.raises(InvalidInput) as caught:
        handlers.edit_event(desk, MANAGER, "event-1", 2, {"questions": (), "choose_sessions": True}, step(1))
    assert {one.path for one in caught.value.fields} == {"changes.questions", "changes.choose_sessions"}
    assert handlers.get_event(desk, "event-1").version == 2


def test_an_event_begins_ends_and_is_archived_by_itself(
    desk: Desk, publish: Publish, clock: FrozenClock, mongo_db: Any
) -> None:
    """Each step once, as an event; after thirty days only numbers are kept of its registrations."""
    event = publish(1)
    for who in ("a", "b"):
        handlers.register(desk, *wanted(who, contact_id="c", channel="sms"))
    for moment, state in ((event.starts_at, "running"), (event.ends_at, "finished")):
        clock.advance(seconds=(moment - clock.now()).total_seconds())
        handlers.keep_time(desk)
        assert handlers.get_event(desk, "event-1").state == state
    clock.advance(days=30)
    handlers.keep_time(desk)
    row = mongo_db["events"].find_one()
    assert (row["state"], row["registrations"], row["figures"]) == ("archived", [], {"confirmed": 1, "waiting": 1})
    verbs = [one["type"].split(".")[4] for one in row["outbox"] if ".event." in one["type"]]
    assert verbs == ["published", "started", "finished", "archived"]
    assert not any("manage:" in claim or "key:" in claim for claim in row["claims"])
