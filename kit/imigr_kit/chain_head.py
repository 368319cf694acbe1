"""The head of an append-only chain, kept outside of the database that holds the chain (docs/adr/0031).

Rows that carry the hash of the row before show a changed row and a gap, but not a cut end: what is left is a shorter
chain that holds. So the number and hash of the last row also stand in a file on another volume. It is written after the
row and before anything is answered, so it never runs ahead of the database: rows after the head are the last writes of
a process that died and are taken in; a head without its row is a cut tail, or a backup that was restored.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from imigr_kit.logs import get_logger
from imigr_kit.metrics import CHAIN_BROKEN

log = get_logger(__name__)


@dataclass(frozen=True)
class Head:
    """The last row of a chain: its number from 1, its hash, when it was written (ISO 8601, UTC)."""

    number: int
    hash: str
    at: str


HashOf = Callable[[int], str | None]
"""The hash of a row by its number, as the database has it: of the row itself, or of what the next one says it follows,
since old rows go by their age; None when neither is there."""


class ChainHead:
    """One file; without a path nothing is kept, and a cut tail goes unseen."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> Head | None:
        """What is kept. A write is whole or not there, so a file that cannot be read raises ValueError."""
        if self._path is None or not self._path.exists():
            return None
        return Head(**json.loads(self._path.read_text(encoding="utf-8")))

    def advance(self, number: int, row_hash: str, at: datetime, hash_of: HashOf) -> None:
        """Keep a row as the head, on the disk when this returns, unless a later one is kept already. A head that the
        database no longer has stays as it is, since it is the proof of what is missing. Raises OSError."""
        if self._path is None:
            return
        with _locked(self._path):
            kept = self.read()
            if kept is not None and number <= kept.number:
                return
            if kept is not None and hash_of(kept.number) != kept.hash:
                log.error("chain.head_missing", number=kept.number, file=self._path.name)
                return
            _write(self._path, Head(number, row_hash, at.isoformat()))

    def replace(self, head: Head | None) -> None:
        """Keep this head whatever was kept before: for an operator who has restored a backup."""
        if self._path is None:
            return
        with _locked(self._path):
            if head is None:
                self._path.unlink(missing_ok=True)
            else:
                _write(self._path, head)

    def missing(self, hash_of: HashOf) -> Head | None:
        """The kept head when the database has no such row, or another one under its number."""
        kept = self.read()
        return kept if kept is not None and hash_of(kept.number) != kept.hash else None


def _write(path: Path, head: Head) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(head)))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time, of all processes that share the folder."""
    lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def look_after(take_in: Callable[[], None], broken_at: Callable[[], int | None], chain: str) -> None:
    """What a service does with a chain when it starts: take in what a dead process left, then walk it. A break is told
    in the log and as a metric; the service goes on, since what it writes from now on is still worth having."""
    take_in()
    row = broken_at()
    CHAIN_BROKEN.labels(chain).set(0 if row is None else 1)
    if row is not None:
        log.error("chain.broken", chain=chain, row=row)
