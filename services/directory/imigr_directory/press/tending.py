"""Starts the press when there is something to make, and ends it when it takes too long."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from imigr_directory.press.state import MongoPress
from imigr_kit.logs import get_logger

log = get_logger(__name__)

QUIET_SECONDS = 2.0
"""Changes come in rows: an import, an editor who goes through a list. The press waits for the end of the row."""
PATIENCE_SECONDS = 30.0
"""But no longer than this."""
MOST_SECONDS = 600.0


class Tender:
    """Called again and again with the version of the directory; never waits."""

    def __init__(
        self,
        press: MongoPress,
        *,
        command: Sequence[str] = (sys.executable, "-m", "imigr_directory.press"),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._press = press
        self._command = command
        self._now = monotonic
        self._owner = f"service:{os.getpid()}:{time.time_ns()}"
        self._seen: int | None = None
        self._first_change = self._last_change = self._now()
        self._running: subprocess.Popen[bytes] | None = None
        self._deadline = 0.0

    def tend(self, version: int) -> None:
        """Look after it once."""
        now = self._now()
        if version != self._seen:
            self._seen, self._last_change = version, now
        if self._running is not None:
            self._look_after(now)
            return
        state = self._press.state()
        if state.packs_as_of >= version and state.met >= state.wishes:
            self._first_change = now
            return
        is_quiet = now - self._last_change >= QUIET_SECONDS
        if is_quiet or state.met < state.wishes or now - self._first_change >= PATIENCE_SECONDS:
            self._deadline = now + MOST_SECONDS
            self._running = subprocess.Popen([*self._command, "--owner", self._owner], stdin=subprocess.DEVNULL)

    def _look_after(self, now: float) -> None:
        assert self._running is not None  # noqa: S101  # for the type checker
        code = self._running.poll()
        if code is None and now < self._deadline:
            return
        if code is None:
            log.error("press.timed_out", seconds=MOST_SECONDS)
            self._running.kill()
            code = self._running.wait(5)
        self._running = None
        self._first_change = now
        # One that was killed could not make room itself.
        self._press.leave(self._owner)
        if code not in (0, 3):
            log.error("press.failed", exit_code=code)
