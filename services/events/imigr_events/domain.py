"""Events and registrations: capacity, waiting list in order, and the facts of every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from imigr_events.errors import NotOpen, RegistrationNotChangeable, WrongState
from imigr_kit.facts import Fact

Text = Mapping[str, str]
"""A text in several languages, by BCP 47 tag."""


class EventState(StrEnum):
    """States of an event (VOCABULARY, the part that registrations need)."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class State(StrEnum):
    """States of a registration; confirmed ones hold places."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
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


@dataclass(frozen=True)
class Registration:
    """One registration for one to four places, which are never split."""

    id: str
    places: int
    state: State
    contact_id: str | None
    channel: str | None
    message_language: str
    version: int

    def confirmed(self, event: Event) -> tuple[Registration, list[Fact]]:
        """Its places are given."""
        return self._now(State.CONFIRMED, "registration.confirmed", event)

    def waitlisted(self, event: Event) -> tuple[Registration, list[Fact]]:
        """It waits, in order of arrival."""
        return self._now(State.WAITING, "registration.waitlisted", event)

    def cancelled(self, event: Event, now: datetime) -> tuple[Registration, list[Fact]]:
        """Given up by the person, while the event is to come."""
        if self.state is State.CANCELLED or event.state is not EventState.PUBLISHED or now >= event.starts_at:
            raise RegistrationNotChangeable(params={"state": str(self.state)})
        return self._now(State.CANCELLED, "registration.cancelled", event)

    def called_off(self, event: Event) -> tuple[Registration, list[Fact]]:
        """It ends with its event, so that messages planned for it are withdrawn and the person is told."""
        return self._now(State.CANCELLED, "registration.cancelled", event)

    def _now(self, state: State, kind: str, event: Event) -> tuple[Registration, list[Fact]]:
        changed = replace(self, state=state, version=self.version + 1)
        data = {
            "registration_id": self.id,
            "event_id": event.id,
            "title": dict(event.title),
            "place": dict(event.place),
            "starts_at": wire_time(event.starts_at),
            "ends_at": wire_time(event.ends_at),
            "timezone": event.timezone,
            "places": self.places,
            "state": str(state),
            "contact_id": self.contact_id,
            "channel": self.channel,
            "message_language": self.message_language,
        }
        return changed, [Fact(kind, self.id, event.municipality, changed.version, data)]


def next_in_line(waiting: Sequence[Registration], free: int) -> list[Registration]:
    """Who gets freed places: in order of arrival, first come first served. A group is never split; a place it
    cannot use is not kept empty while somebody behind it fits."""
    served: list[Registration] = []
    for registration in waiting:
        if registration.places <= free:
            served.append(registration)
            free -= registration.places
    return served


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
