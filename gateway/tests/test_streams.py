"""The stream of a waiting room's board over real HTTP: whole boards, reconnecting, limits."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from imigr_gateway.streams.app import create_app
from imigr_gateway.streams.boards import Board, Boards
from imigr_kit.errors import NotFound, Unavailable
from imigr_kit.testing.processes import free_port
from imigr_kit.testing.waiting import wait_until

PATH = "/streams/guichets/g1/board"


class Room:
    """A board that the test changes, behind a running server."""

    def __init__(self, most: int = 3) -> None:
        self.version = 1
        self.reads = 0
        self.down = False
        self.boards = Boards(self.read, most=most)
        self.port = free_port()
        app = create_app(self.boards, lambda: not self.down)
        config = uvicorn.Config(app, "127.0.0.1", self.port, log_config=None, timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)

    def read(self, guichet_id: str) -> Board:
        """What the guichet would answer."""
        self.reads += 1
        if self.down:
            raise Unavailable
        if guichet_id != "g1":
            raise NotFound(code="guichet.unknown_guichet")
        return {"guichet_id": "g1", "day": "2026-11-26", "version": self.version, "waiting": 0, "called": []}

    def change(self) -> None:
        """A ticket was called, and an event said so."""
        self.version += 1
        self.touch()

    def touch(self) -> None:
        """An event came."""
        loop = self.server.loop  # type: ignore[attr-defined]  # set below, by the thread that runs it
        loop.call_soon_threadsafe(self.boards.touch, "g1")


class Listener:
    """A browser's EventSource, as far as the test needs it."""

    def __init__(self, port: int, seen: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        self.connection.request("GET", PATH, headers={"Last-Event-ID": seen} if seen else {})
        self.answer = self.connection.getresponse()

    def next(self) -> tuple[str, Any]:
        """Id and data of the next event."""
        fields: dict[str, str] = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if not line and "data" in fields:
                return fields["id"], json.loads(fields["data"])
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value

    def leave(self) -> None:
        """Close the page."""
        self.answer.close()
        self.connection.close()


@contextmanager
def running(room: Room) -> Iterator[None]:
    """The server in a thread of its own."""
    import asyncio

    loop = asyncio.new_event_loop()
    room.server.loop = loop  # type: ignore[attr-defined]  # for Room.touch

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(room.server.serve())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_until(lambda: room.server.started, 10, "the server listens")
        yield
    finally:
        room.server.should_exit = True
        thread.join(10)
        loop.close()


@pytest.fixture
def room() -> Iterator[Room]:
    """A room with places for three listeners."""
    made = Room()
    with running(made):
        yield made


def test_a_listener_gets_the_board_at_once_and_at_each_change(room: Room) -> None:
    """Each whole, under an id that grows."""
    listener = Listener(room.port)
    assert listener.answer.getheader("Content-Type", "").startswith("text/event-stream")
    assert listener.next()[0] == "2026-11-26.1"
    room.change()
    told, board = listener.next()
    assert (told, board["version"]) == ("2026-11-26.2", 2)
    listener.leave()


def test_who_comes_back_is_told_what_was_missed_and_nothing_twice(room: Room) -> None:
    """Last-Event-ID: the same board is not told again, a newer one at once."""
    room.version = 4
    behind, current = Listener(room.port, "2026-11-26.2"), Listener(room.port, "2026-11-26.4")
    assert behind.next()[0] == "2026-11-26.4"
    room.change()
    assert current.next()[0] == "2026-11-26.5"
    behind.leave()
    current.leave()


def test_an_event_that_changes_nothing_is_not_told(room: Room) -> None:
    """The board is asked for again, and is the same."""
    listener = Listener(room.port)
    listener.next()
    before = room.reads
    room.touch()
    wait_until(lambda: room.reads > before, 5, "the board is asked for")
    room.change()
    assert listener.next()[0] == "2026-11-26.2"
    listener.leave()


def test_many_changes_are_few_reads(room: Room) -> None:
    """Fifty events in a moment do not make fifty calls; the last board arrives."""
    listener = Listener(room.port)
    listener.next()
    before = room.reads
    for _ in range(50):
        room.change()
    while listener.next()[1]["version"] < 51:
        pass
    assert room.reads - before <= 5
    listener.leave()


def test_an_unknown_room_is_a_problem(room: Room) -> None:
    """404, not an empty stream for ever."""
    connection = http.client.HTTPConnection("127.0.0.1", room.port, timeout=5)
    connection.request("GET", "/streams/guichets/nowhere/board")
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["code"]) == (404, "guichet.unknown_guichet")


def test_one_listener_too_many_is_told_to_come_back(room: Room) -> None:
    """503 with Retry-After; a place is free again when somebody leaves."""
    listeners = [Listener(room.port) for _ in range(3)]
    for one in listeners:
        one.next()
    refused = Listener(room.port)
    assert (refused.answer.status, refused.answer.getheader("Retry-After")) == (503, "5")
    listeners[0].leave()
    room.change()
    wait_until(lambda: room.boards.listeners < 3, 20, "the place is free")
    again = Listener(room.port)
    assert again.answer.status == 200
    for one in (*listeners[1:], again):
        one.leave()


def test_while_the_guichet_is_down_listeners_stay_and_then_hear_more(room: Room) -> None:
    """A new listener is told 503 meanwhile, which the page tries again."""
    listener = Listener(room.port)
    listener.next()
    room.down = True
    room.change()
    assert Listener(room.port).answer.status == 503
    room.down = False
    room.change()
    assert listener.next()[1]["version"] == 3
    listener.leave()


def test_health_says_whether_the_broker_is_there(room: Room) -> None:
    """live always, ready with the broker."""
    status: Callable[[str], int] = lambda path: _get(room.port, path)  # noqa: E731  # two words are enough
    assert (status("/health/live"), status("/health/ready")) == (200, 200)
    room.down = True
    assert (status("/health/live"), status("/health/ready")) == (200, 503)


def _get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    return connection.getresponse().status
