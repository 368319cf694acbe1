"""Events: what everyone may know, their states, and the facts of every change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from imigr_events.domain.texts import Text, wire_time
from imigr_events.errors import NotOpen, WrongState
from imigr_kit.facts import Fact


class EventState(StrEnum):
    """States of an event (VOCABULARY, the part that registrations need)."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Event:
    """One event; ``taken`` counts the places of confirmed registrations, ``version`` its own facts, ``change``
    every write of its document."""

    id: str
    municipality: str
    title: Text
    summary: Text
    place: Text
    address: Text
    location: Mapping[str, float] | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    capacity: int
    languages: tuple[str, ...]
    registration: str
    state: EventState
    version: int
    taken: int = 0
    change: int = 0

    def published(self) -> tuple[Event, list[Fact]]:
        """From draft to public."""
        if self.state is not EventState.DRAFT:
            raise WrongState(params={"state": str(self.state)})
        return self._now(EventState.PUBLISHED, "event.published")

    def cancelled(self) -> tuple[Event, list[Fact]]:
        """It will not take place."""
        if self.state is not EventState.PUBLISHED:
            raise WrongState(params={"state": str(self.state)})
        return self._now(EventState.CANCELLED, "event.cancelled")

    def is_open(self, now: datetime) -> bool:
        """Whether registrations are taken now."""
        return self.state is EventState.PUBLISHED and self.registration == "open" and now < self.starts_at

    def must_be_open(self, now: datetime) -> None:
        """Raises NotOpen unless registrations are taken now."""
        if not self.is_open(now):
            raise NotOpen(params={"state": str(self.state)})

    def public(self) -> dict[str, Any]:
        """What everyone may know, as in the event's contract."""
        return {
            "event_id": self.id,
            "title": dict(self.title),
            "summary": dict(self.summary),
            "place": dict(self.place),
            "address": dict(self.address),
            "location": dict(self.location) if self.location else None,
            "starts_at": wire_time(self.starts_at),
            "ends_at": wire_time(self.ends_at),
            "timezone": self.timezone,
            "capacity": self.capacity,
            "languages": list(self.languages),
            "state": str(self.state),
            "registration": self.registration,
        }

    def _now(self, state: EventState, kind: str) -> tuple[Event, list[Fact]]:
        # A draft is nobody's business: the first fact of an event is its publication, counted from one.
        changed = replace(self, state=state, version=self.version + 1)
        return changed, [Fact(kind, self.id, self.municipality, changed.version - 1, changed.public())]
