"""What leaves together over a bind and the answers to it; what a receipt and a validity period say."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imigr_kit.secret import Secret
from imigr_notifications.ports import NotNow, Outcome, Receipt, Refused, Taken, Throttled, Uncertain
from imigr_notifications.senders.smpp_wire import Answer, Brought, Submit

THROTTLED, QUEUE_FULL = 0x58, 0x14
_SLOW_DOWN = frozenset({THROTTLED, QUEUE_FULL})
_NEVER = frozenset({0x01, 0x02, 0x0A, 0x0B, 0x33, 0x34, 0x40, 0x48, 0x49, 0x50, 0x51, 0x61, 0x62, 0xC0})
"""Answers that the same message would get again: bad length, source, destination, kind of number, ..."""
RECEIPT = 0x04
_FINAL = {"DELIVRD": True, "UNDELIV": False, "EXPIRED": False, "DELETED": False, "REJECTD": False}
"""Final states in a receipt (appendix B); others are steps on the way."""


@dataclass(frozen=True)
class Load:
    """A message cut into parts; ``left`` are those that its centre does not have yet."""

    id: str
    parts: int
    left: Sequence[Submit]
    taken: tuple[str, ...]


class Window:
    """What was written together and waits for its answers; ``answers`` has a place for each, empty until its
    answer comes, and for good when the bind is lost first."""

    def __init__(self, size: int) -> None:
        self.answers: list[Answer | None] = [None] * size
        self.done = threading.Event()
        self._missing = size

    def put(self, place: int, answer: Answer) -> None:
        self.answers[place] = answer
        self._missing -= 1
        if not self._missing:
            self.done.set()


def outcome_of(answers: Sequence[Answer | None], taken: Sequence[str]) -> Outcome:
    """Of one message, from the answers to its parts."""
    ids, worst = list(taken), 0
    for answer in answers:
        if answer is None:
            return Uncertain("smpp_no_answer", taken=ids)
        if answer.status == 0 and not worst:
            ids.append(answer.message_id)
        worst = worst or answer.status
    if worst in _SLOW_DOWN:
        return Throttled(f"smpp_{worst:#04x}", taken=ids)
    if worst in _NEVER:
        return Refused(f"smpp_{worst:#04x}", taken=ids)
    return NotNow(f"smpp_{worst:#04x}", taken=ids) if worst else Taken(tuple(ids))


def windows(loads: Sequence[Load], width: int) -> Iterator[Sequence[Load]]:
    """Groups of at most so many parts; a message of more parts goes alone."""
    window: list[Load] = []
    for load in loads:
        if window and sum(len(one.left) for one in [*window, load]) > width:
            yield window
            window = []
        window.append(load)
    if window:
        yield window


def read_receipt(brought: Brought) -> Receipt | None:
    """The receipt in a deliver_sm; None for anything that is no final receipt of a known message id."""
    if not brought.esm_class & RECEIPT:
        return None
    words = brought.octets.decode("latin-1")
    found = re.search(r"\bid:(\S+)", words)
    provider_id = brought.receipted or (found[1] if found else "")
    state = re.search(r"\bstat:(\w+)", words)
    delivered = _FINAL.get(state[1]) if state else None
    if not provider_id or delivered is None:
        return None
    return Receipt(provider_id, Secret(f"+{brought.source.lstrip('+')}"), delivered)


def validity(seconds: int) -> str:
    """SMPP relative time (section 7.1.1.2): after it the centre drops the message instead of bringing it late."""
    days, rest = divmod(max(60, min(seconds, 7 * 24 * 3600)), 24 * 3600)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    return f"0000{days:02d}{hours:02d}{minutes:02d}{left:02d}000R"
