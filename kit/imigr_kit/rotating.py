"""Random keys that live for a day or a month in files of their own, and are destroyed when their time is over."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from imigr_kit.clock import Clock
from imigr_kit.logs import get_logger
from imigr_kit.secret import Secret

log = get_logger(__name__)

OCTETS = 32
ENDING = ".key"
EVERY_SECONDS = 30.0


class Period(StrEnum):
    """How long a key is used, in UTC."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True)
class Rotation:
    """One use of keys. ``overlap``: during so many further periods a key still recognises what was made with it,
    then it is destroyed; nothing new is made with it."""

    name: str
    period: Period
    overlap: int = 0

    def label(self, now: datetime, back: int = 0) -> str:
        """The period of ``now``, or one before it, such as ``2026-12-31`` or ``2026-12``; labels sort by time."""
        day = now.astimezone(UTC).date()
        if self.period is Period.DAY:
            return type(day).fromordinal(day.toordinal() - back).isoformat()
        months = day.year * 12 + day.month - 1 - back
        return f"{months // 12:04}-{months % 12 + 1:02}"


class RotatingKeys:
    """Keys in a folder that all processes of a part share: the first to need a key makes it, the others find it.

    A key is random and can be computed from nothing. Once ``destroy_outlived`` has run after its time, what was
    hashed with it belongs to nobody. Safe in threads.
    """

    def __init__(self, folder: Path, clock: Clock, rotations: Sequence[Rotation]) -> None:
        self._folder = folder
        self._clock = clock
        self._rotations = tuple(rotations)
        self._read: dict[str, Secret[bytes]] = {}

    def current(self, rotation: Rotation) -> Secret[bytes]:
        """The key of this period; made if this is its first use anywhere. Raises OSError."""
        name = _name(rotation, rotation.label(self._clock.now()))
        found = self._read.get(name) or self._found(name)
        if found is None:
            self.destroy_outlived()
            _make(self._folder, name)
            found = self._found(name)
        if found is None:
            raise OSError(f"the key {name} cannot be made")
        return found

    def earlier(self, rotation: Rotation) -> list[Secret[bytes]]:
        """Keys of periods before this one that still recognise what was made with them, the latest first."""
        labels = [rotation.label(self._clock.now(), back) for back in range(1, rotation.overlap + 1)]
        names = [_name(rotation, label) for label in labels]
        return [key for name in names if (key := self._read.get(name) or self._found(name)) is not None]

    def destroy_outlived(self) -> list[str]:
        """Overwrite and delete every key whose time is over; their names. What is interrupted is done by the next
        run. Raises OSError."""
        now = self._clock.now()
        oldest = {one.name: one.label(now, one.overlap) for one in self._rotations}
        self._read = {name: key for name, key in self._read.items() if not _is_outlived(name, oldest)}
        there = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        gone = [path for path in there if _is_outlived(path.name, oldest)]
        for path in gone:
            _destroy(path)
        if gone:
            _settle(self._folder)
        return [path.name for path in gone]

    def _found(self, name: str) -> Secret[bytes] | None:
        try:
            content = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        # Another process is destroying it: what is left of it is no key.
        if len(content) != OCTETS or not any(content):
            return None
        key = self._read[name] = Secret(content)
        return key


class Destruction:
    """The job: destroys at start and then every half minute, whether or not anybody asks for anything."""

    def __init__(self, keys: RotatingKeys, seconds: float = EVERY_SECONDS) -> None:
        self._keys = keys
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="destroy-keys", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the run under way."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                for name in self._keys.destroy_outlived():
                    log.info("keys.destroyed", key=name)
            except OSError:
                log.exception("keys.not_destroyed")
            self._stopping.wait(self._seconds)


def _name(rotation: Rotation, label: str) -> str:
    return f"{rotation.name}.{label}{ENDING}"


def _is_outlived(name: str, oldest: dict[str, str]) -> bool:
    """Whether a file belongs to a period before the oldest that counts; half-made ones are named like whole ones."""
    use, _, rest = name.partition(".")
    return use in oldest and rest.partition(".")[0] < oldest[use]


def _make(folder: Path, name: str) -> None:
    """Whole or not at all: written aside, then linked to its name, which only the first can do."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = folder / f"{name}.{secrets.token_hex(8)}"
    _write(aside, secrets.token_bytes(OCTETS), os.O_CREAT | os.O_EXCL)
    try:
        os.link(aside, folder / name)
    except FileExistsError:
        pass
    finally:
        aside.unlink(missing_ok=True)
    _settle(folder)


def _destroy(path: Path) -> None:
    """The octets first, so that a second name of the file or an open one shows nothing. Another process may be
    quicker."""
    try:
        _write(path, bytes(max(path.stat().st_size, OCTETS)), 0)
        path.unlink()
    except FileNotFoundError:
        return


def _write(path: Path, content: bytes, flags: int) -> None:
    handle = os.open(path, os.O_WRONLY | flags, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
