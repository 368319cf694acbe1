"""Events of a partner's calendar: what is offered, what is refused, what becomes of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from imigr_events.domain.event import Event

_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000001c5")


@dataclass(frozen=True)
class OtherDate:
    """One date of a series that differs from its rule (RFC 5545 3.8.4.4, 3.8.5.1): ``replaces`` is the start that the
    rule gave it, ``values`` what is another about it. ``sequence`` is its own."""

    replaces: datetime
    sequence: int
    is_cancelled: bool
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Incoming:
    """One event as the calendar says it. ``values`` are those of a new event on the wire; ``others`` the dates of a
    series that differ."""

    uid: str
    sequence: int
    is_cancelled: bool
    values: Mapping[str, Any]
    others: tuple[OtherDate, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """One that does not come in, and why: a code, and fields where there are some."""

    uid: str
    reason: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """A calendar as read. ``dropped`` counts what could tell of a person and was left out, by property."""

    incoming: tuple[Incoming, ...]
    refused: tuple[Refusal, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Offered:
    """One that could come in: the event it would be, at this SEQUENCE (RFC 5545 3.8.7.4)."""

    uid: str
    sequence: int
    is_cancelled: bool
    draft: Event
    others: tuple[OtherDate, ...] = ()


@dataclass(frozen=True)
class Known:
    """One that came in before, at this SEQUENCE; ``dates`` are the SEQUENCEs of its dates that differ, by the start
    that the rule gave them."""

    event_id: str
    uid: str
    municipality: str
    sequence: int
    dates: Mapping[str, int] = field(default_factory=dict)


def event_id(municipality: str, uid: str) -> str:
    """The id of the event that a UID stands for in a town: the same at every import."""
    return str(uuid.uuid5(_NAMESPACE, f"{municipality}\x00{uid}"))
