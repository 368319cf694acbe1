"""Counting places, and who gets those that become free."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imigr_events.domain.event import Event
from imigr_events.domain.parts import SessionState
from imigr_events.domain.registration import Registration, Seats

SHORTEST_OFFER = timedelta(minutes=30)
"""Closer to the end of registration than this nobody could be asked any more."""


@dataclass
class Tally:
    """Places that are held: in all, by kind, by session."""

    total: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Tally:
        """One of its own."""
        return Tally(self.total, dict(self.kinds), dict(self.sessions))

    def add(self, seats: Seats, sign: int = 1) -> None:
        """Count seats in, or out with a sign of -1."""
        self.total += sign * seats.places
        for code, number in seats.kinds.items():
            self.kinds[code] = self.kinds.get(code, 0) + sign * number
        for one in seats.sessions:
            self.sessions[one] = self.sessions.get(one, 0) + sign * seats.places

    def claimed(self, event: Event, now: datetime, kinds: dict[str, int] | None = None) -> int:
        """Places that are held or kept: a kept place that its own kind has taken counts once."""
        held = self.kinds if kinds is None else kinds
        kept = sum(max(0, one.kept(event.capacity, now) - held.get(one.code, 0)) for one in event.groups)
        return self.total + kept

    def fits(self, event: Event, seats: Seats, now: datetime) -> bool:
        """Whether all of these seats are free together: in the event, in their groups, in their sessions."""
        kinds = {code: self.kinds.get(code, 0) + number for code, number in seats.kinds.items()}
        if self.claimed(event, now, self.kinds | kinds) + seats.places > event.capacity:
            return False
        limits = {one.code: one.most for one in event.groups if one.most is not None}
        if any(code in limits and number > limits[code] for code, number in kinds.items()):
            return False
        return all(self._fits_session(event, one, seats.places) for one in self._sessions(event, seats))

    def _sessions(self, event: Event, seats: Seats) -> Iterable[str]:
        return seats.sessions or ([one.id for one in event.attended(())] if not event.choose_sessions else ())

    def _fits_session(self, event: Event, session_id: str, places: int) -> bool:
        session = event.session(session_id)
        if session.state is SessionState.CANCELLED or session.capacity is None:
            return session.state is SessionState.PLANNED
        held = self.sessions.get(session_id, 0) if event.choose_sessions else self.total
        return held + places <= session.capacity


def free_for_all(event: Event, now: datetime) -> int:
    """Places that anybody may still take, by the counts of the event's last write."""
    tally = Tally(event.taken, dict(event.kinds_taken), dict(event.session_taken))
    return max(0, event.capacity - tally.claimed(event, now))


def free_by_kind(event: Event, now: datetime) -> dict[str, int]:
    """Places that each kind may still take: those kept for it and those for all."""
    free = free_for_all(event, now)
    found: dict[str, int] = {}
    for one in event.groups:
        used = event.kinds_taken.get(one.code, 0)
        left = free + max(0, one.kept(event.capacity, now) - used)
        found[one.code] = left if one.most is None else max(0, min(left, one.most - used))
    return found


def next_in_line(waiting: Sequence[Registration], tally: Tally, event: Event, now: datetime) -> list[Registration]:
    """Who gets places: in order of arrival, first come first served. A group is never split; a place it cannot use
    is not kept empty while somebody behind it fits. ``tally`` counts those who are served."""
    served: list[Registration] = []
    for registration in waiting:
        if tally.total >= event.capacity:
            break
        if tally.fits(event, registration.seats, now):
            tally.add(registration.seats)
            served.append(registration)
    return served


def offer_ends(event: Event, now: datetime, chosen: tuple[str, ...]) -> datetime | None:
    """When an offer made now runs out: after the event's hours, sooner when registration ends soon (a third of the
    time that is left, so that the next one can be asked too). None when there is no time to ask anybody."""
    left = event.closing(chosen) - now
    if event.offer_hours is None or left < SHORTEST_OFFER:
        return None
    return now + min(timedelta(hours=event.offer_hours), max(left / 3, SHORTEST_OFFER))
