"""Many at once: places given back while a crowd registers, and events called off under it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from imigr_events import handlers
from imigr_events.domain import Event
from imigr_events.errors import NotOpen
from imigr_events.handlers import Desk, Turns
from imigr_events.ports import Command

from .conftest import MANAGER, manage_hash, wanted

Publish = Callable[..., Event]


@contextmanager
def crowd(desk: Desk, size: int = 8, rounds: int = 40) -> Iterator[None]:
    """People who keep registering beside the block."""
    stop = threading.Event()

    def arrive(lane: int) -> None:
        for number in range(rounds):
            if stop.is_set():
                return
            try:
                handlers.register(desk, *wanted(f"crowd-{lane}-{number}", 1 + number % 3))
            except NotOpen:
                return

    with ThreadPoolExecutor(size) as pool:
        arrivals = [pool.submit(arrive, lane) for lane in range(size)]
        yield
        stop.set()
        for arrival in arrivals:
            arrival.result()


def assert_sound(event: dict[str, Any]) -> None:
    """The capacity holds, nobody who fits waits, and each registration's events count without gaps."""
    rows = event["registrations"]
    held = sum(one["places"] for one in rows if one["state"] == "confirmed")
    assert held == event["taken"] <= event["capacity"]
    assert all(one["places"] > event["capacity"] - held for one in rows if one["state"] == "waiting")
    sequences: dict[str, list[int]] = {}
    for one in event["outbox"]:
        sequences.setdefault(one["subject"], []).append(one["sequence"])
    assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())
    assert {one["id"]: one["version"] for one in rows} == {
        subject: found[-1] for subject, found in sequences.items() if subject != event["_id"]
    }


def test_three_hundred_people_for_fifty_places(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Case 31: groups of one to four; the places are given out to the last one that somebody who waits could use,
    and the list keeps the order of arrival."""
    publish(50)
    sizes: list[int] = []
    while sum(sizes) < 300:
        sizes.append(random.Random(len(sizes)).randint(1, 4))
    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(lambda n: handlers.register(desk, *wanted(f"g{n}", sizes[n])), range(len(sizes))))
    event = mongo_db["events"].find_one()
    assert_sound(event)
    assert event["taken"] == 50
    waiting = [one["id"] for one in event["registrations"] if one["state"] == "waiting"]
    position = {one["id"]: one["waiting_position"] for one in said}
    assert [position[one] for one in waiting] == list(range(1, len(waiting) + 1))


@pytest.mark.parametrize("capacity", [20, 10_000], ids=["full", "not full"])
def test_a_place_can_be_given_back_while_a_crowd_registers(
    desk: Desk, publish: Publish, mongo_db: Any, capacity: int
) -> None:
    """Nobody is told to come back later, and the freed places go on in order."""
    publish(capacity)
    for number in range(20):
        handlers.register(desk, *wanted(f"p{number}"))

    def give_back(number: int) -> str:
        command = Command(f"back-{number}", "x")
        return str(handlers.cancel_registration(desk, "la-marsa", manage_hash(f"p{number}"), command)["state"])

    with crowd(desk), ThreadPoolExecutor(4) as pool:
        assert set(pool.map(give_back, range(20))) == {"cancelled"}
    assert_sound(mongo_db["events"].find_one())


def test_an_event_can_be_called_off_while_a_crowd_registers(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Whoever got in is told, whoever comes later is refused."""
    publish(20)
    for number in range(30):
        handlers.register(desk, *wanted(f"p{number}"))
    with crowd(desk):
        handlers.cancel_event(desk, MANAGER, "event-1", 2, Command("off", "x"))
    event = mongo_db["events"].find_one()
    assert {one["state"] for one in event["registrations"]} == {"cancelled"}
    assert_sound(event)


def test_two_processes_give_no_place_twice(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Each has a book of its own that is often out of date; registering, giving back and moving go on beside."""
    publish(20)
    other = replace(desk, turns=Turns(desk.events, desk.clock))

    def live(number: int) -> None:
        here, there = (desk, other) if number % 2 else (other, desk)
        handlers.register(here, *wanted(f"p{number}", 1 + number % 3))
        if number % 3 == 0:
            handlers.cancel_registration(there, "la-marsa", manage_hash(f"p{number}"), Command(f"back-{number}", "x"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(60)))
    event = mongo_db["events"].find_one()
    assert_sound(event)
    assert len(event["registrations"]) == 60


def test_a_process_that_was_away_answers_from_what_is_stored(desk: Desk, publish: Publish) -> None:
    """Its book is old; neither a refusal nor a repeated answer comes from it."""
    publish(1)
    other = replace(desk, turns=Turns(desk.events, desk.clock))
    handlers.register(desk, *wanted("a"))
    said = handlers.register(other, *wanted("b"))
    assert handlers.register(desk, *wanted("b")) == said
    handlers.cancel_registration(other, "la-marsa", manage_hash("a"), Command("c", "x"))
    assert handlers.register(desk, *wanted("c"))["waiting_position"] == 1
