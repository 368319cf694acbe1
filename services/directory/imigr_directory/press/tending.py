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
BROCHURE_QUIET_SECONDS = 60.0
"""Longer for brochures: each edition has a number, and somebody prints it."""
PATIENCE_SECONDS = 30.0
"""Packs wait no longer than this for the end of a row."""
REST_SECONDS = 60.0
"""After a press that failed."""
MOST_SECONDS = 900.0
BUSY = 3


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
        self._last_change = self._last_made = self._now()
        self._not_before = self._now()
        self._running: subprocess.Popen[bytes] | None = None
        self._deadline = 0.0

    @property
    def is_working(self) -> bool:
        """Whether a press of ours is running."""
        return self._running is not None

    def tend(self, version: int) -> None:
        """Look after it once."""
        now = self._now()
        if version != self._seen:
            self._seen, self._last_change = version, now
        if self._running is not None:
            self._look_after(self._running, now)
        elif now >= self._not_before:
            wanted = self._wanted(version, now)
            if wanted is not None:
                command = [*self._command, "--owner", self._owner, *wanted]
                self._running = subprocess.Popen(command, stdin=subprocess.DEVNULL)
                self._deadline = now + MOST_SECONDS

    def _wanted(self, version: int, now: float) -> list[str] | None:
        """Arguments of the press that is needed now; None when there is nothing to make, or not yet."""
        state, quiet = self._press.state(), now - self._last_change
        is_asked = state.met < state.wishes
        if is_asked or (state.brochures_as_of < version and quiet >= BROCHURE_QUIET_SECONDS):
            return ["--brochures"]
        if state.packs_as_of >= version:
            self._last_made = now
            return None
        return [] if quiet >= QUIET_SECONDS or now - self._last_made >= PATIENCE_SECONDS else None

    def _look_after(self, running: subprocess.Popen[bytes], now: float) -> None:
        code = running.poll()
        if code is None and now < self._deadline:
            return
        if code is None:
            log.error("press.timed_out", seconds=MOST_SECONDS)
            running.kill()
            code = running.wait(5)
        self._running, self._last_made = None, now
        # One that was killed could not make room itself.
        self._press.leave(self._owner)
        if code == BUSY:
            self._not_before = now + QUIET_SECONDS
        elif code != 0:
            self._not_before = now + REST_SECONDS
            log.error("press.failed", exit_code=code)
