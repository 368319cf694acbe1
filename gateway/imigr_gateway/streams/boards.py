"""The boards of waiting rooms that somebody watches: asked for when an event says so, told to all who listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

from imigr_kit.errors import ImigrError, NotFound
from imigr_kit.logs import get_logger

log = get_logger(__name__)

Board = dict[str, Any]
REPAIR_SECONDS = 15.0
"""Each watched board is asked for again after so long, in case an event was missed while the broker was away."""
PAUSE_SECONDS = 0.2
"""A board is asked for at most so often, however many tickets move."""
READ_SECONDS = 4.0
LAGGING = 8
"""Boards that wait for a slow listener; the oldest is dropped, since each board is whole."""


class TooManyListeners(Exception):
    """There is no room for another listener."""


@dataclass
class _Room:
    board: Board | None = None
    dirty: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: set[asyncio.Queue[Board]] = field(default_factory=set)
    task: asyncio.Task[None] | None = None


class Boards:
    """One task per watched guichet keeps its board; it ends with the last listener. Lives in one event loop."""

    def __init__(self, read: Callable[[str], Board], *, most: int) -> None:
        self._read = read
        self.most = most
        self._rooms: dict[str, _Room] = {}
        self._count = 0

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return self._count

    def touch(self, guichet_id: str | None) -> None:
        """Something happened at the guichet (or, with None, something may have happened anywhere)."""
        for known, room in self._rooms.items():
            if guichet_id in (None, known):
                room.dirty.set()

    async def first(self, guichet_id: str) -> Board:
        """The board as it is now. Raises NotFound or another ImigrError."""
        async with asyncio.timeout(READ_SECONDS):
            return await asyncio.to_thread(self._read, guichet_id)

    async def follow(self, guichet_id: str) -> AsyncGenerator[Board, None]:
        """Every board from now on, each whole; boards may be left out, never the last. Raises TooManyListeners."""
        if self._count >= self.most:
            raise TooManyListeners
        room = self._rooms.setdefault(guichet_id, _Room())
        mine: asyncio.Queue[Board] = asyncio.Queue(LAGGING)
        room.listeners.add(mine)
        self._count += 1
        if room.task is None:
            room.task = asyncio.create_task(self._keep(guichet_id, room))
        try:
            if room.board is not None:
                yield room.board
            while True:
                yield await mine.get()
        finally:
            self._count -= 1
            room.listeners.discard(mine)
            if not room.listeners and self._rooms.get(guichet_id) is room:
                del self._rooms[guichet_id]
                room.task.cancel()

    async def _keep(self, guichet_id: str, room: _Room) -> None:
        while True:
            room.dirty.clear()
            try:
                board = await self.first(guichet_id)
            except (ImigrError, TimeoutError) as error:
                level = log.info if isinstance(error, NotFound) else log.warning
                level("streams.board_unread", guichet=guichet_id, reason=type(error).__name__)
            else:
                if room.board is None or number(board) != number(room.board):
                    room.board = board
                    for queue in room.listeners:
                        _put(queue, board)
            await asyncio.sleep(PAUSE_SECONDS)
            try:
                async with asyncio.timeout(REPAIR_SECONDS):
                    await room.dirty.wait()
            except TimeoutError:
                pass


def number(board: Board) -> str:
    """The id of a board among those of its guichet: the day and the version that grows through it."""
    return f"{board['day']}.{board['version']}"


def _put(queue: asyncio.Queue[Board], board: Board) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(board)
