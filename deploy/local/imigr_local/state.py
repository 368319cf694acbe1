"""What an instance tells about itself in its state.json, and the lock that says it runs."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from imigr_local.places import Instance


@dataclass
class ProcessState:
    """One line of `status`."""

    state: str
    pid: int | None = None
    restarts: int = 0
    last_exit: int | None = None
    log: str = ""


@dataclass
class State:
    """Written by the supervisor, read by everyone else; holds no password."""

    instance: str
    status: str = "starting"
    pid: int | None = None
    problem: str = ""
    progress: list[str] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, ProcessState] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Replaces the file in one step, so that a reader never sees half of it."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        os.replace(fresh, path)


def read_state(instance: Instance) -> State | None:
    """The last state written, or None when the instance never ran."""
    try:
        raw = json.loads(instance.state_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    raw["processes"] = {name: ProcessState(**one) for name, one in raw["processes"].items()}
    return State(**raw)


def take_lock(path: Path, seconds: float = 0.0) -> IO[str] | None:
    """Holds the lock as long as the returned file is open; None when somebody else keeps it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + seconds
    lock = path.open("a")
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() >= deadline:
                lock.close()
                return None
            time.sleep(0.02)


def is_running(instance: Instance) -> bool:
    """True when a supervisor holds the instance's lock."""
    if not instance.lock_file.exists():
        return False
    lock = take_lock(instance.lock_file)
    if lock is None:
        return True
    lock.close()
    return False
