"""An appointment: its states, its rules, and the facts each change returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import AppointmentNotChangeable
from imigr_kit.facts import Fact


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
class Appointment:
    """One appointment. ``day`` is the opening day it belongs to; ``busy`` what it occupies, buffers included;
    ``version`` counts its facts; ``seat`` is the place in a group session; ``booked_by`` visitor, staff or partner."""

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
    busy_from: datetime
    busy_until: datetime
    booked_by: str = "public"
    interpreter: bool = False
    expires_at: datetime | None = None
    session_id: str | None = None
    seat: int | None = None

    def book(self, guichet: Guichet) -> tuple[Appointment, list[Fact]]:
        """Confirmed from the start; the first fact of the appointment."""
        booked = replace(self, state=State.CONFIRMED, version=1)
        return booked, [booked._fact("appointment.booked", guichet)]

    def move(self, to: Appointment, guichet: Guichet, *, now: datetime) -> tuple[Appointment, list[Fact]]:
        """The same appointment at the place of ``to``; id, reference and link stay."""
        self._must_be_changeable(now)
        moved = replace(to, state=State.CONFIRMED, version=self.version + 1)
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
