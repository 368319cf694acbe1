"""Many small writes at once as one: what comes while a write is under way goes together in the next."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from imigr_kit.context import current
from imigr_kit.errors import Unavailable

MOST = 64
"""Writes in one command; more wait for the next."""
WAIT_SECONDS = 6.0
"""How long a write without a deadline of its own waits for its result."""


Operation = UpdateOne | InsertOne[dict[str, Any]]


class TooLate(Unavailable):
    """The write was not made before its caller gave up."""

    code = "kit.deadline_passed"


@dataclass
class _Write:
    operation: Operation
    turn: threading.Event = field(default_factory=threading.Event)
    is_written: bool = False
    error: dict[str, Any] | None = None
    outage: BaseException | None = None


class Gathering:
    """Writes of independent documents, each with its own outcome, in one command when several come at once.

    A single write goes at once. While it is under way others gather, and one of them takes all along: so a rush
    costs one round trip and one journal flush for many, and a quiet hour waits for nobody.
    """

    def __init__(self, rows: Collection[dict[str, Any]]) -> None:
        self._rows = rows
        self._lock = threading.Lock()
        self._waiting: list[_Write] = []
        self._is_busy = False

    def write(self, operation: Operation) -> dict[str, Any] | None:
        """Write it; None, or the error of this one operation as the server tells it (``code``, ``keyValue``).

        Raises what the driver raises in an outage, and TooLate when the caller's deadline passes first; the
        operation must then be one that does nothing after that deadline.
        """
        mine = _Write(operation)
        with self._lock:
            self._waiting.append(mine)
            is_first = not self._is_busy
            self._is_busy = True
        if not is_first and not mine.turn.wait(_patience()):
            self._withdraw(mine)
        if not mine.is_written and mine.outage is None:
            self._lead()
        if mine.outage is not None:
            raise mine.outage
        return mine.error

    def _lead(self) -> None:
        with self._lock:
            together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            _write_together(self._rows, together)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_busy = following is not None
            for one in together:
                one.turn.set()
            if following is not None:
                following.turn.set()

    def _withdraw(self, mine: _Write) -> None:
        with self._lock:
            if mine in self._waiting and not mine.turn.is_set():
                self._waiting.remove(mine)
                raise TooLate(retry_after=1)
        if not mine.turn.is_set():
            raise TooLate(retry_after=1)


def _write_together(rows: Collection[dict[str, Any]], together: list[_Write]) -> None:
    try:
        rows.bulk_write([one.operation for one in together], ordered=False)
    except BulkWriteError as error:
        details = error.details or {}
        for row in details.get("writeErrors", ()):
            together[row["index"]].error = row
        if details.get("writeConcernErrors"):
            _fail(together, error)
    except BaseException as error:  # told to every waiting caller, each of which raises it
        _fail(together, error)
    for one in together:
        one.is_written = one.outage is None


def _fail(together: list[_Write], error: BaseException) -> None:
    for one in together:
        one.outage = error


def _patience() -> float:
    deadline = current().deadline
    if deadline is None:
        return WAIT_SECONDS
    return max(0.0, (deadline - datetime.now(UTC)).total_seconds())
