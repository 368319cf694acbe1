"""What messages are about, and how an event of an appointment or a registration is understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

NOTICES = {
    "booked": "confirmation",
    "confirmed": "confirmation",
    "waitlisted": "waiting",
    "joined": "waiting",
    "offered": "offer",
    "moved": "moved",
    "postponed": "postponed",
    "cancelled": "cancelled",
    "stranded": "to_move",
}
"""Which message answers which verb of an appointment, a registration or an entry of the waiting list."""
REMINDED = frozenset({"booked", "confirmed", "moved"})
"""After these it stands, and is reminded of."""
STANDING = frozenset({"confirmed"})
ENDING = frozenset({"cancelled", "cancelled_by_visitor", "cancelled_by_service", "rejected"})
"""States in which it will not take place, and the person is told."""
UNSETTLED = frozenset(["held", "to_confirm", "pending", "waiting", "offered"])
PASSED = frozenset(
    [
        "expired",
        "declined",
        "accepted",
        "left",
        "moved",
        "arrived",
        "in_service",
        "done",
        "no_show",
        "left_before_service",
        "checked_in",
        "attended",
        "certified",
    ]
)
"""States without reminders and without a message of their own: it is over, or the person is there."""


@dataclass(frozen=True)
class Matter:
    """What a message is about: an appointment or a registration, as the last event told it."""

    subject: str
    source: str
    """``appointment``, ``registration`` or ``waiting``."""
    municipality: str
    contact_id: str
    channel: str
    language: str
    start: datetime
    timezone: str
    texts: Mapping[str, Mapping[str, str]]
    """The place by language."""
    by_service: bool = False
    """True when the service, not the person, brought it about."""
    correlation_id: str = ""
    state: str | None = None
    """Its state in the vocabulary of its service; None when the event says none."""
    session: str | None = None
    """The one session that changed, when it is not the whole."""
    previous_start: datetime | None = None
    """When it was to begin before it moved."""
    offer_until: datetime | None = None
    """Until when a place that was offered is kept."""
    demonstration: bool = False
    """Whether the guichet or the event is imagined; its messages say so."""


@dataclass(frozen=True)
class Told:
    """What messages about a matter said last: whether it stands, when and where."""

    sequence: int
    stands: bool
    start: datetime
    place: Mapping[str, str]
    kind: str | None = None
    """The last notice, if there was one."""

    def differs(self, matter: Matter) -> bool:
        """True when start or place changed since."""
        return self.start != matter.start or dict(self.place) != dict(matter.texts.get("place", {}))


@dataclass(frozen=True)
class Meaning:
    """What an event means for messages: ``notice`` to send at once, if any; ``stands`` says whether reminders are
    due, None that nothing changes."""

    notice: str | None
    stands: bool | None


NOTHING = Meaning(None, None)


def meaning(matter: Matter, verb: str, told: Told | None) -> Meaning:
    """A known verb says it, unless the state contradicts; of an unknown verb the state alone does. A kind of
    event that nobody here has heard of can so withdraw a reminder, but never send a message about nothing."""
    state = matter.state
    if verb in {"moved", "postponed"} and state not in ENDING | PASSED:
        return _change(matter, verb, told)
    if verb == "stranded":
        # It stands in its service until the person has chosen another time, but is not to be reminded of.
        return Meaning("to_move", False) if state not in ENDING | PASSED else Meaning(None, False)
    if verb == "reassigned" and state in STANDING and told is not None and told.stands:
        # The same time and place with another colleague; who was asked to move before is confirmed anew below.
        return Meaning("kept", True)
    if verb in NOTICES and _agrees(verb, state):
        stands = verb in REMINDED
        is_again = stands and told is not None and told.stands and not told.differs(matter)
        return NOTHING if is_again else Meaning(NOTICES[verb], stands)
    if state in ENDING:
        return Meaning("cancelled" if told is None or told.kind != "cancelled" else None, False)
    if state in PASSED or state in UNSETTLED:
        return Meaning(None, False)
    if state in STANDING:
        if told is None or not told.stands:
            return Meaning("confirmation", True)
        return Meaning("moved", True) if told.differs(matter) else NOTHING
    return NOTHING


def _change(matter: Matter, verb: str, told: Told | None) -> Meaning:
    """Another time or place. Who waits is told too, but not reminded; a desk that changed is no news, a part of a
    programme that changed is."""
    stands = verb == "moved" and (matter.state is None or matter.state in STANDING)
    if verb == "postponed" or told is None or told.differs(matter):
        return Meaning("changed" if matter.session else NOTICES[verb], stands)
    if told.kind == "postponed":
        return Meaning("moved", stands)
    return Meaning("changed", stands) if matter.source == "registration" else NOTHING


def _agrees(verb: str, state: str | None) -> bool:
    if state is None or verb == "cancelled":
        return True
    return state in STANDING if verb in REMINDED else state in UNSETTLED
