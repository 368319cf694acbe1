"""Secret files: written once, readable by their owner only."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replaces the file in one step; nobody else can read it at any moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
    os.replace(fresh, path)


def ensure(path: Path, make: Callable[[], bytes], mode: int = 0o600) -> bytes:
    """The content of the file, made on the first call."""
    if not path.exists():
        write_private(path, make(), mode)
    return path.read_bytes()
