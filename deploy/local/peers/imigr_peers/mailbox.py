"""What was received, newest first, in memory and line by line in a journal file."""

from __future__ import annotations

import json
import os
import unicodedata
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT = 2_000


@dataclass(frozen=True)
class Received:
    """One message as a person would read it: parts joined, text decoded."""

    id: str
    channel: str
    sender: str
    to: str
    subject: str
    text: str
    direction: str
    parts: int
    encoding: str
    received_at: str


def direction(text: str) -> str:
    """`rtl` when the first letter with a direction is written right to left (Unicode Annex 9, rule P2)."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


class Mailbox:
    """Keeps the newest messages; the journal keeps all of them."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._messages: deque[Received] = deque(maxlen=KEPT)
        if journal.exists():
            for line in journal.read_text(encoding="utf-8").splitlines():
                self._messages.appendleft(Received(**json.loads(line)))

    def add(self, message: Received) -> None:
        """Shows it at once, and after a restart again."""
        self._messages.appendleft(message)
        handle = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(message), ensure_ascii=False) + "\n")

    def find(self, *, to: str | None = None, channel: str | None = None) -> Iterable[Received]:
        """Newest first."""
        return [
            one
            for one in self._messages
            if (to is None or one.to == to) and (channel is None or one.channel == channel)
        ]

    def clear(self) -> None:
        self._messages.clear()
        self._journal.unlink(missing_ok=True)
