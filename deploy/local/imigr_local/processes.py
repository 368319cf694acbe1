"""One child process: how it is started, watched, frozen and stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imigr_local.readiness import Check

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class ProcessSpec:
    """A process that stays; `check` says when it is ready, `prepare` runs before every start."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    check: Check
    ready_seconds: float = 60.0
    stop_seconds: float = 15.0
    prepare: Callable[[], None] | None = None


@dataclass(frozen=True)
class TaskSpec:
    """A command that must end with success before the next stage starts."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    seconds: float = 60.0


Step = ProcessSpec | TaskSpec


def _die_with_parent() -> None:
    """Runs in the child: asks Linux for SIGTERM when the supervisor dies without a word (prctl(2))."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def spawn(spec: ProcessSpec | TaskSpec) -> subprocess.Popen[bytes]:
    """Starts it in a session of its own, writing to its log."""
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    with spec.log.open("ab") as log:
        return subprocess.Popen(
            spec.argv,
            env=dict(spec.env),
            cwd=spec.cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  the supervisor has one thread
        )


def signal_group(pid: int, number: signal.Signals) -> None:
    """Sends the signal to the process and to all it started; silent when it is gone."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


@dataclass
class Managed:
    """A process under supervision, with what happened to it."""

    spec: ProcessSpec
    popen: subprocess.Popen[bytes] | None = None
    wanted: bool = True
    ready: bool = False
    restarts: int = 0
    last_exit: int | None = None
    started: float = 0.0
    retry_at: float = 0.0
    _delays: list[float] = field(default_factory=list)

    @property
    def pid(self) -> int | None:
        return self.popen.pid if self.popen else None

    def start(self) -> None:
        """Starts it; `ready` turns true later, through `look`."""
        if self.spec.prepare:
            self.spec.prepare()
        self.popen, self.ready, self.started = spawn(self.spec), False, time.monotonic()

    def has_died(self) -> bool:
        """True once after it ended by itself; what is left of its group is killed."""
        if self.popen is None or self.popen.poll() is None:
            return False
        signal_group(self.popen.pid, signal.SIGKILL)
        self.last_exit, self.popen, self.ready = self.popen.returncode, None, False
        return True

    def plan_restart(self, now: float) -> float:
        """Says after how many seconds it may start again: longer when it keeps dying."""
        quick = now - self.started < 20.0
        delay = min(10.0, (self._delays[-1] * 2 if self._delays else 0.5)) if quick else 0.5
        self._delays = [delay]
        self.retry_at = now + delay
        return delay

    def ask_to_stop(self) -> None:
        """A frozen process is woken too, or it could never obey."""
        if self.popen:
            signal_group(self.popen.pid, signal.SIGCONT)
            try:
                os.kill(self.popen.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass

    def reap(self, seconds: float) -> bool:
        """Waits for the end, then kills; True when it ended by itself."""
        if self.popen is None:
            return True
        try:
            self.popen.wait(timeout=max(seconds, 0.01))
            polite = True
        except subprocess.TimeoutExpired:
            polite = False
        signal_group(self.popen.pid, signal.SIGKILL)
        self.last_exit, self.popen, self.ready = self.popen.wait(), None, False
        return polite
