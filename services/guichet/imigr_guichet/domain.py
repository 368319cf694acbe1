"""Guichets and appointments: values, rules and the state machine; every change returns its facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zlib import crc32

from imigr_guichet.errors import AppointmentNotChangeable, LanguageNotOffered, TopicNotOffered
from imigr_kit.facts import Fact

Text = Mapping[str, str]
"""A text in several languages, by BCP 47 tag."""


class State(StrEnum):
    """States of an appointment (VOCABULARY); those in OCCUPYING hold a place."""

    HELD = "held"
    TO_CONFIRM = "to_confirm"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_SERVICE = "in_service"
    DONE = "done"
    EXPIRED = "expired"
    CANCELLED_BY_VISITOR = "cancelled_by_visitor"
    CANCELLED_BY_SERVICE = "cancelled_by_service"
    MOVED = "moved"
    NO_SHOW = "no_show"
    LEFT_BEFORE_SERVICE = "left_before_service"


OCCUPYING = (State.HELD, State.TO_CONFIRM, State.CONFIRMED, State.ARRIVED, State.IN_SERVICE, State.DONE)
CHANGEABLE = (State.TO_CONFIRM, State.CONFIRMED)


@dataclass(frozen=True)
class Topic:
    """A reason to come, with the minutes it takes."""

    code: str
    name: Text
    minutes: int


@dataclass(frozen=True)
class Span:
    """Opening hours of one day in wall-clock time; ``end`` at or before ``start`` lies on the next day, so
    ``00:00`` as end means midnight at the end of the day."""

    start: time
    end: time


@dataclass(frozen=True)
class OpeningRule:
    """A recurrence (RFC 5545 RRULE without COUNT and UNTIL) with its hours and the dates it is valid for."""

    rrule: str
    spans: tuple[Span, ...]
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True)
class DayException:
    """One date with other hours than the rules say; no spans means closed."""

    date: date
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Desk:
    """One place of work, with what its mediator speaks and treats; no name of a person."""

    code: str
    languages: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Guichet:
    """A service point with its opening plan."""

    id: str
    municipality: str
    name: Text
    address: Text
    location: Mapping[str, float] | None
    timezone: str
    accessibility: tuple[str, ...]
    topics: tuple[Topic, ...]
    desks: tuple[Desk, ...]
    rules: tuple[OpeningRule, ...]
    exceptions: tuple[DayException, ...]
    step_minutes: int
    notice_minutes: int
    horizon_days: int
    state: str
    version: int

    @property
    def languages(self) -> tuple[str, ...]:
        """All languages spoken at any desk, in alphabetical order."""
        return tuple(sorted({language for desk in self.desks for language in desk.languages}))

    def topic(self, code: str) -> Topic:
        """The topic of that code; raises TopicNotOffered."""
        for topic in self.topics:
            if topic.code == code:
                return topic
        raise TopicNotOffered(params={"topic": code})

    def desks_for(self, topic: str, language: str | None, spread: str = "") -> tuple[Desk, ...]:
        """Desks that can serve, those with the rarest other languages last, so that these stay free. Among equals
        the order follows from ``spread`` (any text), so that the work is shared and rushes do not meet at one desk.

        Raises LanguageNotOffered when no desk for the topic speaks the language.
        """
        able = [d for d in self.desks if topic in d.topics and (language is None or language in d.languages)]
        if not able and language is not None:
            raise LanguageNotOffered(params={"language": language})
        speakers = {one: sum(one in d.languages for d in self.desks) for one in self.languages}

        def rarity(desk: Desk) -> tuple[float, int, str]:
            others = [one for one in desk.languages if one != language]
            return (sum(1 / speakers[one] for one in others), crc32(f"{spread}{desk.code}".encode()), desk.code)

        return tuple(sorted(able, key=rarity))


@dataclass(frozen=True)
class Appointment:
    """One appointment; ``day`` is the opening day whose document holds it, ``version`` counts its facts."""

    id: str
    municipality: str
    guichet_id: str
    desk: str
    day: date
    start: datetime
    end: datetime
    topic: str
    language: str
    state: State
    contact_id: str | None
    channel: str | None
    message_language: str
    version: int

    def book(self, guichet: Guichet) -> tuple[Appointment, list[Fact]]:
        """Confirmed from the start; the first fact of the appointment."""
        booked = replace(self, state=State.CONFIRMED, version=1)
        return booked, [booked._fact("appointment.booked", guichet)]

    def move(self, to: Appointment, guichet: Guichet, *, now: datetime) -> tuple[Appointment, list[Fact]]:
        """The same appointment at the place of ``to``; id, reference and link stay."""
        self._must_be_changeable(now)
        moved = replace(
            self, desk=to.desk, day=to.day, start=to.start, end=to.end, state=State.CONFIRMED, version=self.version + 1
        )
        return moved, [moved._fact("appointment.moved", guichet, previous_start=wire_time(self.start))]

    def cancel(self, guichet: Guichet, *, by: str, now: datetime) -> tuple[Appointment, list[Fact]]:
        """Frees the place; ``by`` is ``visitor`` or ``service``."""
        self._must_be_changeable(now)
        state = State.CANCELLED_BY_VISITOR if by == "visitor" else State.CANCELLED_BY_SERVICE
        cancelled = replace(self, state=state, version=self.version + 1)
        return cancelled, [cancelled._fact("appointment.cancelled", guichet, cancelled_by=by)]

    def _must_be_changeable(self, now: datetime) -> None:
        if self.state not in CHANGEABLE or now >= self.start:
            raise AppointmentNotChangeable(params={"state": str(self.state)})

    def _fact(self, kind: str, guichet: Guichet, **more: Any) -> Fact:
        data = {
            "appointment_id": self.id,
            "guichet_id": self.guichet_id,
            "guichet_name": dict(guichet.name),
            "address": dict(guichet.address),
            "start": wire_time(self.start),
            "end": wire_time(self.end),
            "timezone": guichet.timezone,
            "topic": self.topic,
            "language": self.language,
            "state": str(self.state),
            "contact_id": self.contact_id,
            "channel": self.channel,
            "message_language": self.message_language,
        }
        return Fact(kind, self.id, self.municipality, self.version, data | more)


def opened(guichet: Guichet, *, first: bool) -> Fact:
    """The fact that a guichet opened, or that its public data changed."""
    data = {
        "guichet_id": guichet.id,
        "name": dict(guichet.name),
        "address": dict(guichet.address),
        "location": dict(guichet.location) if guichet.location else None,
        "timezone": guichet.timezone,
        "accessibility": list(guichet.accessibility),
        "languages": list(guichet.languages),
        "topics": [topic.code for topic in guichet.topics],
        "state": guichet.state,
    }
    kind = "guichet.opened" if first else "guichet.changed"
    return Fact(kind, guichet.id, guichet.municipality, guichet.version, data)


def overlaps(start: datetime, end: datetime, taken: Sequence[tuple[datetime, datetime]]) -> bool:
    """Half-open intervals: one that ends at ten and one that starts at ten do not overlap."""
    return any(start < other_end and other_start < end for other_start, other_end in taken)


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
