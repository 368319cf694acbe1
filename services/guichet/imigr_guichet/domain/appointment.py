"""An appointment: its rules, and the facts each change returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.states import CHANGEABLE, EXPECTED, OCCUPYING, OPEN, STEPS, State
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import AppointmentNotChangeable, HoldExpired
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Appointment:
    """One appointment. ``day`` is the opening day it belongs to; ``busy`` what it occupies, buffers included;
    ``version`` counts its facts; ``booked_by`` public, staff or partner; ``frees_at`` when the place of a hold (or of
    a cancelled appointment that returns with delay) is free again; ``session_id`` and ``seat`` in a group session;
    ``is_extra``: a deliberate overbooking, which claims no place; ``stranded`` why it cannot take place as planned;
    ``will_come``: the visitor answered so to a reminder of this time, whatever staff still have to decide."""

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
    frees_at: datetime | None = None
    session_id: str | None = None
    seat: int | None = None
    is_extra: bool = False
    stranded: str | None = None
    will_come: bool = False

    @property
    def has_place(self) -> bool:
        """Whether it claims its place: in an occupying state, or cancelled with the place not yet given back."""
        return not self.is_extra and (self.state in OCCUPYING or self.frees_at is not None)

    def hold(self, guichet: Guichet, *, until: datetime) -> tuple[Appointment, list[Fact]]:
        """A place kept for minutes."""
        held = replace(self, state=State.HELD, version=1, frees_at=until)
        return held, [held._fact("appointment.held", guichet)]

    def book(self, guichet: Guichet) -> tuple[Appointment, list[Fact]]:
        """Confirmed from the start, or waiting for staff where the topic says so; holds its place from now on."""
        waits = guichet.topic(self.topic).confirmed_by_staff and self.booked_by == "public"
        booked = replace(
            self, state=State.TO_CONFIRM if waits else State.CONFIRMED, version=self.version + 1, frees_at=None
        )
        return booked, [booked._fact("appointment.booked", guichet)]

    def take_up(
        self, guichet: Guichet, contact_id: str | None, channel: str | None, message_language: str, *, now: datetime
    ) -> tuple[Appointment, list[Fact]]:
        """A hold becomes an appointment; raises HoldExpired at or after its end."""
        if self.state is not State.HELD:
            raise AppointmentNotChangeable(params={"state": str(self.state)})
        if self.frees_at is not None and now >= self.frees_at:
            raise HoldExpired
        filled = replace(self, contact_id=contact_id, channel=channel, message_language=message_language)
        return filled.book(guichet)

    def expire(self, guichet: Guichet) -> tuple[Appointment, list[Fact]]:
        """A hold that nobody took up."""
        expired = replace(self, state=State.EXPIRED, version=self.version + 1, frees_at=None)
        return expired.without_contact(), [expired._fact("appointment.expired", guichet)]

    def move(self, to: Appointment, guichet: Guichet, *, now: datetime) -> tuple[Appointment, list[Fact]]:
        """The same appointment at the place of ``to``; id, reference and link stay."""
        self._must_be_changeable(now)
        moved = replace(to, state=self.state, version=self.version + 1, stranded=None, will_come=False)
        return moved, [moved._fact("appointment.moved", guichet, previous_start=wire_time(self.start))]

    def reassign(self, desk: str, guichet: Guichet) -> tuple[Appointment, list[Fact]]:
        """The same time at another desk, with a mediator who speaks the language as well; at its own desk when it can
        take place as planned after all."""
        reason = "mediator_absent" if desk != self.desk else "as_planned"
        given = replace(self, desk=desk, version=self.version + 1, stranded=None)
        return given, [given._fact("appointment.reassigned", guichet, reason=reason)]

    def strand(self, reason: str, guichet: Guichet) -> tuple[Appointment, list[Fact]]:
        """It cannot take place as planned: it goes on the worklist, and its visitor is asked to move."""
        stranded = replace(self, stranded=reason, version=self.version + 1)
        return stranded, [stranded._fact("appointment.stranded", guichet, reason=reason)]

    def cancel(
        self, guichet: Guichet, *, by: str, now: datetime, reason: str | None = None, returns_at: datetime | None = None
    ) -> tuple[Appointment, list[Fact]]:
        """Frees the place (at ``returns_at`` if that is given); ``by`` is ``visitor`` or ``service``."""
        if self.state is not State.HELD:
            self._must_be_changeable(now)
        state = State.CANCELLED_BY_VISITOR if by == "visitor" else State.CANCELLED_BY_SERVICE
        gone = replace(self, state=state, version=self.version + 1, frees_at=returns_at, stranded=None)
        more = {"cancelled_by": by} | ({"reason": reason} if reason else {})
        return gone.without_contact(), [gone._fact("appointment.cancelled", guichet, **more)]

    def affirm(self, guichet: Guichet, *, now: datetime) -> tuple[Appointment, list[Fact]]:
        """The visitor says that they will come; the state stays. Raises AppointmentNotChangeable when it was said."""
        self._must_be_changeable(now)
        if self.will_come:
            raise AppointmentNotChangeable(params={"state": str(self.state)})
        affirmed = replace(self, will_come=True, version=self.version + 1)
        return affirmed, [affirmed._fact("appointment.affirmed", guichet)]

    def step(self, name: str, guichet: Guichet, *, now: datetime, today: date) -> tuple[Appointment, list[Fact]]:
        """One of STEPS; raises AppointmentNotChangeable when its rule does not allow it."""
        rule = STEPS[name]
        allowed = self.state in rule.sources and (not rule.same_day or self.day in (today, today - timedelta(days=1)))
        if not allowed or (rule.after_start and now < self.start):
            raise AppointmentNotChangeable(params={"state": str(self.state), "step": name})
        stepped = replace(self, state=rule.target, version=self.version + 1)
        after = stepped if stepped.state in EXPECTED else stepped.without_contact()
        return after, [stepped._fact(rule.fact, guichet)]

    def without_contact(self) -> Appointment:
        """With no tie to whoever was to be written to. So is every appointment that is over: its last fact still says
        whom to tell, the record does not."""
        return replace(self, contact_id=None, channel=None)

    @property
    def can_be_stranded(self) -> bool:
        """Before the visit, and not known to be stranded."""
        return self.state in OPEN and self.stranded is None

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
            "demonstration": guichet.demonstration,
            "topic": self.topic,
            "language": self.language,
            "state": str(self.state),
            "contact_id": self.contact_id,
            "channel": self.channel,
            "message_language": self.message_language,
        }
        return Fact(kind, self.id, self.municipality, self.version, data | more)
