"""What was asked for and could not be given: a language that nobody at the guichet speaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Demand:
    """One person asked in vain; nothing says who."""

    id: str
    municipality: str
    guichet_id: str
    day: date
    topic: str
    language: str
    noted_at: datetime
    version: int

    def note(self) -> tuple[Demand, list[Fact]]:
        """The only fact there is."""
        noted = replace(self, version=1)
        data = {
            "demand_id": self.id,
            "guichet_id": self.guichet_id,
            "day": self.day.isoformat(),
            "topic": self.topic,
            "language": self.language,
        }
        return noted, [Fact("demand.unserved", self.id, self.municipality, 1, data)]
