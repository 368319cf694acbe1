"""What an event is made of: groups of places, sessions, the rule of a series, the organiser's questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from imigr_events.domain.texts import Text, wire_time
from imigr_events.errors import WrongState

CATEGORIES = ("women", "wheelchair", "youth", "mediators", "residents")
"""Closed kinds of places. A kind belongs to a seat that somebody chose, never to somebody (adr: place kinds)."""


class Mode(StrEnum):
    """Who may register."""

    OPEN = "open"
    APPROVAL = "approval"
    CODE = "code"
    NONE = "none"


@dataclass(frozen=True)
class Group:
    """Places kept for a kind of seat: ``places`` of them or ``share`` percent of the capacity. From
    ``released_at`` on, what is left of them is open to all. ``most`` is a limit of the room itself."""

    code: str
    places: int | None = None
    share: int | None = None
    released_at: datetime | None = None
    most: int | None = None

    def kept(self, capacity: int, now: datetime) -> int:
        """How many places are kept at that moment; a share is rounded up, as a promise of "at least"."""
        if self.released_at is not None and now >= self.released_at:
            return 0
        return self.places if self.places is not None else -(-capacity * (self.share or 0) // 100)


class SessionState(StrEnum):
    """A session is planned until it is cancelled; running and finished follow from the time."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Session:
    """One part of a programme, or one date of a series. ``recurrence_id`` is the start that the rule of the series
    gave it (RFC 5545 3.8.4.4); ``functions`` are the functions of those who speak, never names; ``sequence``
    counts its facts."""

    id: str
    title: Text
    starts_at: datetime
    ends_at: datetime
    room: Text
    functions: tuple[Text, ...] = ()
    capacity: int | None = None
    state: SessionState = SessionState.PLANNED
    recurrence_id: datetime | None = None
    sequence: int = 0

    def changed(self, **values: Any) -> Session:
        """With other data. Raises WrongState when it was cancelled."""
        if self.state is SessionState.CANCELLED:
            raise WrongState(params={"state": str(self.state)})
        return replace(self, **values)

    def cancelled(self) -> Session:
        """It will not take place. Raises WrongState when it was cancelled before."""
        return self.changed(state=SessionState.CANCELLED)

    def public(self) -> dict[str, Any]:
        """What everyone may know."""
        return {
            "session_id": self.id,
            "title": dict(self.title),
            "starts_at": wire_time(self.starts_at),
            "ends_at": wire_time(self.ends_at),
            "room": dict(self.room),
            "functions": [dict(one) for one in self.functions],
            "capacity": self.capacity,
            "state": str(self.state),
            "recurrence_id": wire_time(self.recurrence_id) if self.recurrence_id else None,
        }


@dataclass(frozen=True)
class Recurrence:
    """The rule of a series (RFC 5545 3.3.10), in the event's own time zone; each date is a session."""

    rrule: str
    minutes: int


@dataclass(frozen=True)
class Question:
    """A question of the organiser with closed answers: ``options`` by code."""

    code: str
    text: Text
    options: Mapping[str, Text]
    required: bool = False
    several: bool = False


@dataclass(frozen=True)
class Code:
    """An invitation code, known by its keyed hash, and how many places may still be taken with it."""

    hash: str
    places: int


@dataclass(frozen=True)
class Notice:
    """A change that registrants must be told of once. ``kind``: ``moved``, ``postponed`` or ``cancelled``;
    ``session_id`` when it concerns one session only; the previous times are those they knew."""

    number: int
    kind: str
    session_id: str | None = None
    previous_starts_at: datetime | None = None
    previous_ends_at: datetime | None = None
