"""Walk-in tickets of the day: the state machine, whose turn it is, and how long the wait may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.errors import CallAgainFirst, TicketNotChangeable
from imigr_kit.facts import Fact

PRIORITY_MINUTES = 45
"""The priority rule: a ticket with priority stands as if it had been taken 45 minutes earlier. So it goes first
before all who came a little earlier, and nobody who has waited 45 minutes is overtaken. Who has priority is the closed
list of docs/guichet-queue.md, read at the door; the reason is never stored."""
CALLS_BEFORE_MISSED = 3
KEEPS_TURN_MINUTES = 10
"""Who was missed and comes back within ten minutes keeps the turn, once; later, a recall is to the end of the line."""
ROUND_MINUTES = 5


class TicketState(StrEnum):
    """States of a ticket (VOCABULARY); ``transferred`` waits for one named desk."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    FINISHED = "finished"
    MISSED = "missed"
    LEFT = "left"
    TRANSFERRED = "transferred"
    PARKED = "parked"


QUEUED = (TicketState.WAITING, TicketState.TRANSFERRED)
AT_DESK = (TicketState.CALLED, TicketState.SERVING)
OPEN = (*QUEUED, *AT_DESK, TicketState.PARKED)


@dataclass(frozen=True)
class Ticket:
    """One ticket; ``turn_at`` is its place in the line, ``desk`` where it is or is bound to. Nothing says who."""

    id: str
    municipality: str
    guichet_id: str
    day: date
    number: int
    topic: str
    language: str
    interpreter: bool
    priority: bool
    state: TicketState
    desk: str | None
    calls: int
    recalled: bool
    taken_at: datetime
    turn_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    appointment_id: str | None
    version: int

    def take(self) -> tuple[Ticket, list[Fact]]:
        """The first fact; the place in the line follows from the priority rule."""
        earlier = timedelta(minutes=PRIORITY_MINUTES if self.priority else 0)
        taken = replace(self, turn_at=self.taken_at - earlier, version=1)
        return taken, [taken._fact("ticket.taken")]

    def call(self, desk: str, at: datetime) -> tuple[Ticket, list[Fact]]:
        """Called to a desk; a transferred one only by the desk it was sent to."""
        self._must_be(*QUEUED)
        if self.state == TicketState.TRANSFERRED and self.desk != desk:
            raise TicketNotChangeable(params={"state": str(self.state)})
        called = self._next(state=TicketState.CALLED, desk=desk, calls=1, called_at=at)
        return called, [called._fact("ticket.called")]

    def call_again(self, at: datetime) -> tuple[Ticket, list[Fact]]:
        """Once more on the screen."""
        self._must_be(TicketState.CALLED)
        again = self._next(calls=self.calls + 1, called_at=at)
        return again, [again._fact("ticket.called_again")]

    def put_back(self) -> tuple[Ticket, list[Fact]]:
        """A call by mistake: back to the same place in the line."""
        self._must_be(TicketState.CALLED)
        back = self._next(state=TicketState.WAITING, desk=None, calls=0)
        return back, [back._fact("ticket.put_back")]

    def start(self, at: datetime) -> tuple[Ticket, list[Fact]]:
        """The person sits at the desk."""
        self._must_be(TicketState.CALLED)
        started = self._next(state=TicketState.SERVING, started_at=self.started_at or at)
        more = {"waited_minutes": started.waited_minutes, "first": self.started_at is None}
        return started, [started._fact("ticket.started", **more)]

    def finish(self, at: datetime) -> tuple[Ticket, list[Fact]]:
        """The visit is over."""
        self._must_be(TicketState.SERVING)
        finished = self._next(state=TicketState.FINISHED, ended_at=at)
        return finished, [finished._fact("ticket.finished")]

    def miss(self, at: datetime) -> tuple[Ticket, list[Fact]]:
        """Nobody came, after three calls. Raises CallAgainFirst before that."""
        self._must_be(TicketState.CALLED)
        if self.calls < CALLS_BEFORE_MISSED:
            raise CallAgainFirst(params={"calls": self.calls, "needed": CALLS_BEFORE_MISSED})
        missed = self._next(state=TicketState.MISSED, ended_at=at)
        return missed, [missed._fact("ticket.missed")]

    def recall(self, at: datetime) -> tuple[Ticket, list[Fact]]:
        """Who was missed came back: once; with the old turn within ten minutes, else at the end of the line."""
        self._must_be(TicketState.MISSED)
        if self.recalled or self.ended_at is None:
            raise TicketNotChangeable(params={"state": str(self.state)})
        kept = at - self.ended_at <= timedelta(minutes=KEEPS_TURN_MINUTES)
        back = self._next(
            state=TicketState.WAITING,
            desk=None,
            calls=0,
            recalled=True,
            ended_at=None,
            turn_at=self.turn_at if kept else at,
        )
        return back, [back._fact("ticket.recalled", kept_turn=kept)]

    def transfer(self, desk: str) -> tuple[Ticket, list[Fact]]:
        """To another mediator: waits with its old turn for that desk alone."""
        self._must_be(*QUEUED, *AT_DESK)
        if desk == self.desk:
            raise TicketNotChangeable(params={"state": str(self.state)})
        sent = self._next(state=TicketState.TRANSFERRED, desk=desk, calls=0)
        return sent, [sent._fact("ticket.transferred")]

    def park(self) -> tuple[Ticket, list[Fact]]:
        """Gone to fetch a paper; not called meanwhile."""
        self._must_be(*QUEUED, *AT_DESK)
        parked = self._next(state=TicketState.PARKED, desk=None, calls=0)
        return parked, [parked._fact("ticket.parked")]

    def resume(self) -> tuple[Ticket, list[Fact]]:
        """Back with the paper, at the old place in the line."""
        self._must_be(TicketState.PARKED)
        back = self._next(state=TicketState.WAITING)
        return back, [back._fact("ticket.resumed")]

    def leave(self, at: datetime) -> tuple[Ticket, list[Fact]]:
        """The person does not wait any longer."""
        self._must_be(*QUEUED, TicketState.CALLED, TicketState.PARKED)
        left = self._next(state=TicketState.LEFT, desk=None, ended_at=at)
        return left, [left._fact("ticket.left")]

    @property
    def waited_minutes(self) -> int:
        """From taking the ticket to sitting down, whole minutes; 0 before that."""
        return int((self.started_at - self.taken_at).total_seconds() // 60) if self.started_at else 0

    def _must_be(self, *states: TicketState) -> None:
        if self.state not in states:
            raise TicketNotChangeable(params={"state": str(self.state)})

    def _next(self, **changes: Any) -> Ticket:
        return replace(self, version=self.version + 1, **changes)

    def _fact(self, kind: str, **more: Any) -> Fact:
        data = {
            "ticket_id": self.id,
            "guichet_id": self.guichet_id,
            "day": self.day.isoformat(),
            "number": self.number,
            "topic": self.topic,
            "language": self.language,
            "priority": self.priority,
            "state": str(self.state),
            "desk": self.desk,
        }
        return Fact(kind, self.id, self.municipality, self.version, data | more)


def in_turn(tickets: Iterable[Ticket]) -> list[Ticket]:
    """Those that wait, in the order of their turn."""
    return sorted((one for one in tickets if one.state in QUEUED), key=lambda one: (one.turn_at, one.number))


def can_call(guichet: Guichet, desk: str, ticket: Ticket) -> bool:
    """Whether the desk treats the ticket's topic in its language (or with an interpreter)."""
    if ticket.state == TicketState.TRANSFERRED:
        return ticket.desk == desk
    return any(
        one.desk == desk and ticket.topic in one.topics and (ticket.interpreter or ticket.language in one.languages)
        for one in guichet.places(ticket.day)
    )


def ahead_of(ticket: Ticket, tickets: Iterable[Ticket]) -> int:
    """How many wait with an earlier turn."""
    return sum(1 for one in in_turn(tickets) if (one.turn_at, one.number) < (ticket.turn_at, ticket.number))


def estimated_wait(guichet: Guichet, ticket: Ticket, tickets: Sequence[Ticket], now: datetime) -> int | None:
    """Minutes until the ticket may be called, rounded up to five; None when no desk can take it.

    The line is played through: each waiting ticket goes to the able desk that is free first, for the minutes of its
    topic; a desk at work is free when its topic's minutes are over.
    """
    minutes = {topic.code: topic.minutes for topic in guichet.topics}
    free = _free_in(guichet, tickets, minutes, now)
    for one in in_turn([*(other for other in tickets if other.id != ticket.id), ticket]):
        able = [desk for desk in free if can_call(guichet, desk, one)]
        if one.id == ticket.id:
            return _rounded(min(free[desk] for desk in able)) if able else None
        if able:
            first = min(able, key=lambda desk: (free[desk], desk))
            free[first] += minutes.get(one.topic, guichet.step_minutes)
    return 0


def _free_in(
    guichet: Guichet, tickets: Iterable[Ticket], minutes: Mapping[str, int], now: datetime
) -> dict[str, float]:
    free = {desk.code: 0.0 for desk in guichet.desks}
    for one in tickets:
        if one.state in AT_DESK and one.desk in free:
            begun = one.started_at if one.state == TicketState.SERVING and one.started_at else now
            spent = (now - begun).total_seconds() / 60
            free[one.desk] = max(0.0, minutes.get(one.topic, guichet.step_minutes) - spent)
    return free


def _rounded(minutes: float) -> int:
    return int(-(-minutes // ROUND_MINUTES) * ROUND_MINUTES)
