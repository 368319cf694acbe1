"""Events of a partner's calendar: what is offered, what is refused, what becomes of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imigr_events.domain.event import Event

_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000001c5")


@dataclass(frozen=True)
class Incoming:
    """One event as the calendar says it. ``values`` are those of a new event on the wire."""

    uid: str
    sequence: int
    is_cancelled: bool
    values: Mapping[str, Any]


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


@dataclass(frozen=True)
class Known:
    """One that came in before, at this SEQUENCE."""

    event_id: str
    uid: str
    municipality: str
    sequence: int


def event_id(municipality: str, uid: str) -> str:
    """The id of the event that a UID stands for in a town: the same at every import."""
    return str(uuid.uuid5(_NAMESPACE, f"{municipality}\x00{uid}"))
