"""What people are checked in to: each session of a programme, or the event as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from imigr_events.domain.event import Event
from imigr_events.domain.parts import SessionState
from imigr_events.domain.registration import Registration, State
from imigr_events.domain.texts import Text

WHOLE = "main"
"""Id of the only sitting of an event without a programme."""
EARLY, LATE = timedelta(hours=6), timedelta(hours=6)
"""How long before its start and after its end people may be checked in; generous, since clocks of phones differ."""

ENTERING = frozenset({State.CONFIRMED, State.CHECKED_IN, State.ATTENDED, State.CERTIFIED, State.NO_SHOW})
"""A no-show who comes after all is let in."""


@dataclass(frozen=True)
class Sitting:
    """One sitting; ``title`` is empty when it is the event itself."""

    id: str
    title: Text
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool = False

    def takes_people_at(self, moment: datetime) -> bool:
        """Whether a check-in at that time can be true."""
        return self.starts_at - EARLY <= moment <= self.ends_at + LATE


def sittings(event: Event) -> tuple[Sitting, ...]:
    """In order of time; called-off ones are among them."""
    if not event.sessions:
        return (Sitting(WHOLE, {}, event.starts_at, event.ends_at),)
    return tuple(
        Sitting(one.id, one.title, one.starts_at, one.ends_at, one.state is SessionState.CANCELLED)
        for one in event.sessions
    )


def has_places(registration: Registration) -> bool:
    """Whether its holder may come in."""
    return registration.state in ENTERING


def may_enter(registration: Registration, sitting_id: str) -> bool:
    """Whether the registration is for this sitting: for all of them unless some were chosen."""
    return not registration.seats.sessions or sitting_id in registration.seats.sessions
