"""Registrations: places for one to four, in one state at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from imigr_events.domain.event import Event, EventState
from imigr_events.domain.texts import wire_time
from imigr_events.errors import RegistrationNotChangeable
from imigr_kit.facts import Fact


class State(StrEnum):
    """States of a registration; confirmed ones hold places."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    CANCELLED = "cancelled"


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
