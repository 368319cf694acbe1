"""A group session: one topic for several visitors at once, with a capacity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.text import wire_time
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Session:
    """``capacity`` seats, numbered from 0; ``state`` is planned or cancelled."""

    id: str
    municipality: str
    guichet_id: str
    desk: str
    day: date
    start: datetime
    end: datetime
    busy_from: datetime
    busy_until: datetime
    topic: str
    language: str
    capacity: int
    state: str
    version: int

    def plan(self, guichet: Guichet) -> tuple[Session, list[Fact]]:
        """The first fact of the session."""
        return self, [self._fact("session.planned", guichet)]

    def resize(self, capacity: int, guichet: Guichet) -> tuple[Session, list[Fact]]:
        """Another capacity; who sits beyond it keeps the seat until staff decide."""
        resized = replace(self, capacity=capacity, version=self.version + 1)
        return resized, [resized._fact("session.changed", guichet)]

    def cancel(self, guichet: Guichet) -> tuple[Session, list[Fact]]:
        """Called off; its seats are cancelled one by one afterwards."""
        gone = replace(self, capacity=0, state="cancelled", version=self.version + 1)
        return gone, [gone._fact("session.cancelled", guichet)]

    def _fact(self, kind: str, guichet: Guichet) -> Fact:
        data = {
            "session_id": self.id,
            "guichet_id": self.guichet_id,
            "start": wire_time(self.start),
            "end": wire_time(self.end),
            "timezone": guichet.timezone,
            "demonstration": guichet.demonstration,
            "topic": self.topic,
            "language": self.language,
            "capacity": self.capacity,
            "state": self.state,
        }
        return Fact(kind, self.id, self.municipality, self.version, data)
