"""How the SMS centre treats its clients; tests make it throttle, stay silent or fail to deliver."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Behaviour:
    """`*_next` count down with each submit_sm; `per_second` 0 means no limit."""

    per_second: int = 0
    throttle_next: int = 0
    fail_next: int = 0
    silent_next: int = 0
    undeliverable: list[str] = field(default_factory=list)
    _recent: deque[float] = field(default_factory=deque)

    def change(self, wanted: Mapping[str, object]) -> None:
        """Raises ValueError for a name or value that does not exist."""
        for name, value in wanted.items():
            counts = name in {"per_second", "throttle_next", "fail_next", "silent_next"}
            if counts and isinstance(value, int):
                setattr(self, name, value)
            elif name == "undeliverable" and isinstance(value, list):
                self.undeliverable = [str(one) for one in value]
            else:
                raise ValueError(f"'{name}' cannot be set to {value!r}")

    def wants(self, what: str) -> bool:
        """Takes one from the count of `throttle`, `fail` or `silent`."""
        name = f"{what}_next"
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def is_throttled(self) -> bool:
        """True when this submit is one too many."""
        if self.wants("throttle"):
            return True
        now = time.monotonic()
        while self._recent and now - self._recent[0] > 1.0:
            self._recent.popleft()
        if self.per_second and len(self._recent) >= self.per_second:
            return True
        self._recent.append(now)
        return False
