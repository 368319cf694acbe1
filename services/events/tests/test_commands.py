"""Repeated and mistaken commands: the same answer again, or a refusal that changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imigr_events import handlers
from imigr_events.domain import Event, State, Work, book
from imigr_events.errors import Busy, InvalidInput, KeyReused, NotOpen, RegistrationNotChangeable, UnknownEvent
from imigr_events.handlers import Desk, staff
from imigr_events.ports import Command
from imigr_kit.access import NotAllowed
from imigr_kit.context import CallContext, use

from .conftest import MANAGER, make_event, manage_hash, wanted

Publish = Callable[..., Event]


def registrations(db: Any) -> list[tuple[int, str]]:
    """Places and states, over all events."""
    return [(one["places"], one["state"]) for event in db["events"].find() for one in event["registrations"]]


def test_the_place_in_the_waiting_list_is_part_of_the_answer_that_is_repeated(desk: Desk, publish: Publish) -> None:
    """Also when the list has moved on meanwhile; the link shows where it stands now."""
    publish(1)
    answers = [handlers.register(desk, *wanted(who)) for who in "abc"]
    assert [answer["waiting_position"] for answer in answers] == [None, 1, 2]
    handlers.cancel_registration(desk, "la-marsa", manage_hash("b"), Command("cancel-b", "x"))
    assert handlers.register(desk, *wanted("c")) == answers[2]
    assert handlers.get_registration(desk, "la-marsa", manage_hash("c"))["waiting_position"] == 1


def test_those_who_wait_are_numbered_once_each_at_any_speed(desk: Desk, publish: Publish) -> None:
    """Forty at once for a full event: positions one to forty, nobody twice."""
    publish(0)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: handlers.register(desk, *wanted(f"p{n}")), range(40)))
    assert sorted(answer["waiting_position"] for answer in answers) == list(range(1, 41))


@pytest.mark.parametrize("capacity", [5, 1])
def test_a_link_belongs_to_one_registration(desk: Desk, publish: Publish, mongo_db: Any, capacity: int) -> None:
    """Another command with the same link is refused at once, in the same event and in another, open or full."""
    publish(capacity)
    publish(capacity, id="event-2")
    handlers.register(desk, *wanted("a"))
    handlers.register(desk, *wanted("full", event_id="event-2"))
    for event_id in ("event-1", "event-2"):
        with pytest.raises(InvalidInput) as caught:
            handlers.register(desk, wanted("a", event_id=event_id)[0], Command(f"other-{event_id}", "x"))
        assert [one.path for one in caught.value.fields] == ["manage_hash"]
    assert len(registrations(mongo_db)) == 2


def test_a_key_that_named_another_event_is_refused(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Keys are looked at over all events."""
    publish()
    publish(id="event-2")
    handlers.register(desk, *wanted("a"))
    with pytest.raises(KeyReused):
        handlers.register(desk, wanted("b", event_id="event-2")[0], Command("key-a", "another body"))
    assert registrations(mongo_db) == [(1, "confirmed")]


def test_staff_and_visitors_may_choose_the_same_key(desk: Desk, publish: Publish) -> None:
    """Their commands have nothing to do with each other."""
    publish()
    handlers.create_event(desk, MANAGER, make_event(id="event-2"), Command("1", "x"))
    assert handlers.register(desk, wanted("a")[0], Command("1", "y"))["state"] == "confirmed"


def test_staff_commands_give_the_same_answer_again(desk: Desk) -> None:
    """Whatever has happened to the event since."""
    draft = make_event()
    create, publish, cancel = Command("create", "1"), Command("publish", "2"), Command("cancel", "3")
    said = [
        handlers.create_event(desk, MANAGER, draft, create),
        handlers.publish_event(desk, MANAGER, draft.id, 1, publish),
        handlers.cancel_event(desk, MANAGER, draft.id, 2, cancel),
    ]
    again = [
        handlers.create_event(desk, MANAGER, make_event(id="a-new-id-each-time"), create),
        handlers.publish_event(desk, MANAGER, draft.id, 1, publish),
        handlers.cancel_event(desk, MANAGER, draft.id, 2, cancel),
    ]
    assert again == said
    assert [one.state for one in said] == ["draft", "published", "cancelled"]


def test_a_staff_key_with_another_body_is_refused(desk: Desk) -> None:
    """Also for another event; nothing changes."""
    for event_id in ("event-1", "event-2"):
        handlers.create_event(desk, MANAGER, make_event(id=event_id), Command(f"create-{event_id}", "x"))
    handlers.publish_event(desk, MANAGER, "event-1", 1, Command("p", "event-1"))
    with pytest.raises(KeyReused):
        handlers.publish_event(desk, MANAGER, "event-2", 1, Command("p", "event-2"))
    with pytest.raises(KeyReused):
        handlers.create_event(desk, MANAGER, make_event(id="event-3"), Command("create-event-1", "y"))
    with pytest.raises(UnknownEvent):
        handlers.get_event(desk, "event-2")


def test_an_id_that_is_taken_is_told_by_its_field(desk: Desk) -> None:
    """The event that has it stays as it is."""
    handlers.create_event(desk, MANAGER, make_event(), Command("k1", "x"))
    with pytest.raises(InvalidInput) as caught:
        handlers.create_event(desk, MANAGER, make_event(9), Command("k2", "y"))
    assert [one.path for one in caught.value.fields] == ["event.id"]
    assert handlers.publish_event(desk, MANAGER, "event-1", 1, Command("p", "x")).capacity == 50


def test_an_event_is_published_once_by_many_at_once(desk: Desk, mongo_db: Any) -> None:
    """The same command five times: one fact, the same answer."""
    handlers.create_event(desk, MANAGER, make_event(), Command("k", "x"))
    with ThreadPoolExecutor(5) as pool:
        said = list(pool.map(lambda _: handlers.publish_event(desk, MANAGER, "event-1", 1, Command("p", "x")), "12345"))
    assert all(one == said[0] for one in said)
    assert len(mongo_db["events"].find_one()["outbox"]) == 1


def test_staff_of_another_town_neither_read_nor_change(desk: Desk, publish: Publish) -> None:
    """Promise of tenancy: every staff use case asks for the event's own town."""
    publish()
    foreign = {"id": "f", "roles": [{"municipality": "raoued", "role": "admin"}]}
    tries: list[Callable[[], object]] = [
        lambda: handlers.create_event(desk, foreign, make_event(id="e2"), Command("1", "x")),
        lambda: handlers.publish_event(desk, foreign, "event-1", 2, Command("2", "x")),
        lambda: handlers.cancel_event(desk, foreign, "event-1", 2, Command("3", "x")),
        lambda: handlers.list_registrations(desk, foreign, "la-marsa", "event-1"),
    ]
    for attempt in tries:
        with pytest.raises(NotAllowed):
            attempt()
    with pytest.raises(UnknownEvent):
        handlers.list_registrations(desk, foreign, "raoued", "event-1")
    assert handlers.get_event(desk, "event-1").state == "published"


def test_calling_an_event_off_ends_all_its_registrations(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Each told by an event; who had cancelled before is not told again. Nobody can get in any more, and giving a
    place back cannot hand it to somebody else."""
    publish(1)
    for who in ("a", "b", "gone"):
        handlers.register(desk, *wanted(who))
    handlers.cancel_registration(desk, "la-marsa", manage_hash("gone"), Command("c", "x"))
    before = len(mongo_db["events"].find_one()["outbox"])
    handlers.cancel_event(desk, MANAGER, "event-1", 2, Command("off", "x"))
    told = [(one["type"].split(".", 3)[3], one["sequence"]) for one in mongo_db["events"].find_one()["outbox"][before:]]
    assert told == [("event.cancelled.v1", 2), ("registration.cancelled.v1", 2), ("registration.cancelled.v1", 2)]
    assert registrations(mongo_db) == [(1, "cancelled")] * 3
    assert handlers.get_registration(desk, "la-marsa", manage_hash("a"))["version"] == 2
    with pytest.raises(RegistrationNotChangeable):
        handlers.cancel_registration(desk, "la-marsa", manage_hash("a"), Command("late", "x"))
    with pytest.raises(NotOpen):
        handlers.register(desk, *wanted("new"))


def test_what_a_dead_process_left_is_finished_in_batches(
    desk: Desk, publish: Publish, mongo_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event was called off and nothing more; the next sweep tells everyone once, and a further one nobody."""
    publish(3)
    for number in range(7):
        handlers.register(desk, *wanted(f"p{number}"))
    desk.turns.run("event-1", lambda turn: turn.work.event_is(*turn.work.event.cancelled()))
    monkeypatch.setattr(staff, "TELL_AT_ONCE", 3)
    assert list(desk.events.due(desk.clock.now())) == ["event-1"]
    for _ in range(2):
        handlers.keep_time(desk)
    row = mongo_db["events"].find_one()
    told = [one["subject"] for one in row["outbox"] if "registration.cancelled" in one["type"]]
    assert sorted(told) == sorted(one["id"] for one in row["registrations"])
    assert (row["taken"], desk.events.due(desk.clock.now())) == (0, [])


def test_a_list_at_its_end_takes_nobody_and_still_gives_places_back(
    desk: Desk, publish: Publish, mongo_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document has a limit; who is in it can still be served, repeated and cancelled."""
    monkeypatch.setattr(book, "MOST_REGISTRATIONS", 2)
    publish(1)
    said = [handlers.register(desk, *wanted(who)) for who in "ab"]
    with pytest.raises(NotOpen) as caught:
        handlers.register(desk, *wanted("c"))
    assert caught.value.params["reason"] == "waiting_list_full"
    assert handlers.register(desk, *wanted("b")) == said[1]
    handlers.cancel_registration(desk, "la-marsa", manage_hash("a"), Command("c", "x"))
    assert registrations(mongo_db) == [(1, "cancelled"), (1, "confirmed")]


def test_a_registration_is_found_again_after_the_event_was_called_off(desk: Desk, publish: Publish) -> None:
    """A retry after a lost answer gets what was said then."""
    publish()
    said = handlers.register(desk, *wanted("a"))
    handlers.cancel_event(desk, MANAGER, "event-1", 2, Command("off", "x"))
    assert handlers.register(desk, *wanted("a")) == said


def test_a_write_that_comes_after_its_deadline_changes_nothing(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Whoever was told 503 by a frozen database finds nothing done when it thaws."""
    publish(1)
    handlers.register(desk, *wanted("a"))
    handlers.register(desk, *wanted("b"))
    before = mongo_db["events"].find_one()
    stored = desk.events.book("event-1")
    assert stored is not None
    work = Work(stored, desk.clock.now())
    work.end(next(iter(stored.entries.values())), State.CANCELLED, "cancelled")
    assert not desk.events.save(work, [], [], datetime.now(UTC) - timedelta(seconds=1))
    assert mongo_db["events"].find_one() == before


def test_a_command_that_is_late_is_not_carried_out(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Its caller was told 503 and has gone."""
    publish(1)
    with use(CallContext(deadline=desk.clock.now())), pytest.raises(Busy):
        handlers.register(desk, *wanted("a"))
    assert registrations(mongo_db) == []
