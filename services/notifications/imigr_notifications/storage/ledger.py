"""Erasures outside the database: what a restore from an older backup must not bring back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path


class FileLedger:
    """One line per erasure in a file that is not part of the database's backup; on disk before it is answered.

    Lines are short and written in one go, so that processes can share the file. Without a path there is no
    file, and a restore brings back what was erased after the backup.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def add(self, contact_id: str, at: datetime) -> None:
        """Write and flush to the disk. Raises OSError: then nothing was erased, and the caller may try again."""
        if self._path is None:
            return
        line = json.dumps({"contact_id": contact_id, "at": at.isoformat()}) + "\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    @property
    def is_missing(self) -> bool:
        """Whether there should be a file and is none."""
        return self._path is not None and not self._path.exists()

    def begin(self) -> None:
        """An empty file, unless there is one."""
        if self._path is not None:
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))

    def __str__(self) -> str:
        return str(self._path)

    def entries(self) -> Iterator[tuple[str, datetime]]:
        """All erasures, oldest first; a last line that a crash has cut is left out: it was never answered."""
        if self._path is None or not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    row = json.loads(line)
                    yield row["contact_id"], datetime.fromisoformat(row["at"])
