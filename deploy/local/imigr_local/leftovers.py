"""Processes of an instance that outlived their supervisor, found by the mark they carry."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from imigr_local.places import MARK


def find(folder: Path) -> list[int]:
    """Process ids whose environment names this instance folder, ours excepted."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            marked = mark in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if marked:
            found.append(int(entry.name))
    return found


def end(folder: Path, seconds: float = 20.0) -> int:
    """Asks them to stop, waits, then kills; returns how many there were."""
    first = find(folder)
    _signal(first, signal.SIGCONT)
    _signal(first, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while find(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    _signal(find(folder), signal.SIGKILL)
    return len(first)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue
