"""Registrations: places for one to four, in one state at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from imigr_events.domain.event import Event
from imigr_events.domain.parts import Notice
from imigr_events.domain.texts import wire_time
from imigr_events.errors import RegistrationNotChangeable
from imigr_kit.facts import Fact


class State(StrEnum):
    """States of a registration (VOCABULARY); those in OCCUPYING hold places."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    ATTENDED = "attended"
    CERTIFIED = "certified"
    WAITING = "waiting"
    OFFERED = "offered"
    EXPIRED = "expired"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    NO_SHOW = "no_show"


OCCUPYING = frozenset(
    {State.PENDING, State.CONFIRMED, State.CHECKED_IN, State.ATTENDED, State.CERTIFIED, State.OFFERED, State.NO_SHOW}
)
LIVING = frozenset({State.PENDING, State.CONFIRMED, State.OFFERED, State.WAITING})
"""Those that can still be changed, and are told of changes."""

OVER = frozenset({State.EXPIRED, State.DECLINED, State.CANCELLED, State.REJECTED, State.NO_SHOW})
"""Those whose contact is of no use any more."""


@dataclass(frozen=True)
class Seats:
    """What is asked for together and never split: places, of which ``kinds`` are of a reserved kind, in the chosen
    sessions (none: all)."""

    places: int
    kinds: Mapping[str, int] = field(default_factory=dict)
    sessions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """What a command was answered, kept small: the rest of the answer follows from the registration."""

    key: str
    body_hash: str
    state: State
    version: int
    position: int | None = None


@dataclass(frozen=True)
class Registration:
    """One registration. ``links`` are keyed hashes of its manage links; ``told`` is the last change of the event
    that it knows; ``until`` ends an offer; ``contact_keys`` find a second one of the same contact."""

    id: str
    seats: Seats
    state: State
    contact_id: str | None
    channel: str | None
    message_language: str
    version: int
    until: datetime | None = None
    contact_keys: tuple[str, ...] = ()
    told: int = 0
    links: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()

    @property
    def places(self) -> int:
        """How many."""
        return self.seats.places

    def must_be(self, *states: State) -> None:
        """Raises RegistrationNotChangeable unless it is in one of the states."""
        if self.state not in states:
            raise RegistrationNotChangeable(params={"state": str(self.state)})

    def now(self, state: State, kind: str, event: Event, **more: Any) -> tuple[Registration, list[Fact]]:
        """In another state, with the fact that tells it."""
        until = more.pop("until", None)
        changed = replace(self, state=state, version=self.version + 1, until=until)
        data = changed.data(event) | more
        if state in OVER:
            changed = changed.without_contact()
        return changed, [Fact(kind, self.id, event.municipality, changed.version, data)]

    @property
    def is_tied(self) -> bool:
        """Whether anything leads from here to whoever was to be written to."""
        return bool(self.contact_id or self.contact_keys)

    def without_contact(self) -> Registration:
        """With no tie to a contact. So is every registration that is over: its last fact still says whom to tell, the
        record does not."""
        return replace(self, contact_id=None, channel=None, contact_keys=())

    def moved(self, event: Event, notice: Notice) -> tuple[Registration, list[Fact]]:
        """Told that its event or session has another time or place; its state is the same."""
        before = {"previous_starts_at": _wire(notice.previous_starts_at), "session_id": notice.session_id}
        return self.now(self.state, f"registration.{notice.kind}", event, until=self.until, **before)

    def data(self, event: Event) -> dict[str, Any]:
        """What its facts say: what a message needs, and nothing about a person."""
        chosen = event.attended(self.seats.sessions) if self.seats.sessions else []
        return {
            "registration_id": self.id,
            "event_id": event.id,
            "title": dict(event.title),
            "place": dict(event.place),
            "starts_at": wire_time(min((one.starts_at for one in chosen), default=event.starts_at)),
            "ends_at": wire_time(max((one.ends_at for one in chosen), default=event.ends_at)),
            "timezone": event.timezone,
            "demonstration": event.demonstration,
            "places": self.places,
            "state": str(self.state),
            "contact_id": self.contact_id,
            "channel": self.channel,
            "message_language": self.message_language,
            "offer_until": _wire(self.until),
        }


@dataclass(frozen=True)
class Hold:
    """Places kept while a form is filled; it ends by itself."""

    id: str
    seats: Seats
    until: datetime
    key: str
    body_hash: str


def _wire(moment: datetime | None) -> str | None:
    return None if moment is None else wire_time(moment)
