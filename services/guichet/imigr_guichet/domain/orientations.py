"""The outcome of a visit in closed codes: needs, services the person was oriented to, and a date to follow up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from imigr_guichet.domain.needs import RESERVED, themes
from imigr_guichet.errors import OrientationNotChangeable
from imigr_kit.facts import Fact


class FollowUp(StrEnum):
    """What the follow-up found; closed codes."""

    REACHED_SERVICE = "reached_service"
    STILL_WAITING = "still_waiting"
    REFUSED_THERE = "refused_there"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True)
class Orientation:
    """One outcome. No text, and nothing about who; the link to the visit is cut after 30 days, and is never made
    when a need is reserved."""

    id: str
    municipality: str
    guichet_id: str
    day: date
    needs: tuple[str, ...]
    services: tuple[str, ...]
    language: str
    follow_up_on: date | None
    follow_up: FollowUp | None
    appointment_id: str | None
    ticket_id: str | None
    recorded_at: datetime
    version: int

    def record(self) -> tuple[Orientation, list[Fact]]:
        """The first fact. With a reserved need the visit is not named."""
        recorded = replace(self, version=1)
        if RESERVED in self.needs:
            recorded = replace(recorded, appointment_id=None, ticket_id=None)
        return recorded, [recorded._fact("orientation.recorded")]

    def close_follow_up(self, found: FollowUp) -> tuple[Orientation, list[Fact]]:
        """What became of it; once."""
        if self.follow_up is not None:
            raise OrientationNotChangeable
        closed = replace(self, follow_up=found, version=self.version + 1)
        return closed, [closed._fact("orientation.followed_up")]

    def _fact(self, kind: str) -> Fact:
        data = {
            "orientation_id": self.id,
            "guichet_id": self.guichet_id,
            "day": self.day.isoformat(),
            "themes": list(themes(self.needs)),
            "services": len(self.services),
            "language": self.language,
            "follow_up": str(self.follow_up) if self.follow_up else None,
        }
        return Fact(kind, self.id, self.municipality, self.version, data)
