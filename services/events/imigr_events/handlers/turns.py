"""Commands on one event take turns: those that come together are stored together, in one conditional write."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from imigr_events.domain import Book, Work
from imigr_events.errors import Busy, UnknownEvent
from imigr_events.ports import Envelope, Events, Step, Taken
from imigr_kit.clock import Clock
from imigr_kit.context import CallContext, current, use
from imigr_kit.errors import ImigrError

T = TypeVar("T")
TRIES = 20
BATCH = 100
"""Commands in one write."""
TURN_SECONDS = 3.0
"""How long a command waits for its turn at most; callers give up sooner."""
BOOKS = 100
"""Events whose last book a process remembers."""
Task = Callable[["Turn"], T]


@dataclass
class Turn:
    """What a command may do while it is its turn: change ``work``, and store a step of staff."""

    work: Work
    steps: list[Step] = field(default_factory=list)


@dataclass
class _Ticket:
    task: Task[Any]
    context: CallContext
    is_done: bool = False
    result: Any = None
    error: BaseException | None = None

    def end(self, result: Any = None, error: BaseException | None = None) -> None:
        self.result, self.error, self.is_done = result, error, True


@dataclass
class _Lane:
    turn: threading.Lock = field(default_factory=threading.Lock)
    queue: deque[_Ticket] = field(default_factory=deque)
    book: Book | None = None


class Turns:
    """Whoever has the turn on an event carries out all commands that wait for it, on the book as this process knows
    it, and stores them in one write that is refused if the document has changed meanwhile: then the book is read
    again. So a rush on one event costs a fraction of a write for each, and no seat is given twice whatever a
    process believed. A process that dies in its turn has stored all of the commands or none."""

    def __init__(self, events: Events, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self._guard = threading.Lock()

    def run(self, event_id: str, task: Task[T]) -> T:
        """The result of ``task``, stored. Raises what it raises, UnknownEvent, Busy, Taken."""
        ticket = _Ticket(task, current())
        lane = self._lane(event_id)
        lane.queue.append(ticket)
        if not lane.turn.acquire(timeout=TURN_SECONDS):
            ticket.end(error=Busy(retry_after=1))
        else:
            try:
                while not ticket.is_done:
                    waiting = [lane.queue.popleft() for _ in range(min(BATCH, len(lane.queue)))]
                    self._carry_out(lane, event_id, [one for one in waiting if not one.is_done])
            finally:
                lane.turn.release()
        if ticket.error is not None:
            raise ticket.error
        result: T = ticket.result
        return result

    def _lane(self, event_id: str) -> _Lane:
        with self._guard:
            lane = self._lanes.setdefault(event_id, _Lane())
            self._lanes.move_to_end(event_id)
            for name in list(self._lanes)[: max(0, len(self._lanes) - BOOKS)]:
                if not self._lanes[name].turn.locked() and not self._lanes[name].queue:
                    del self._lanes[name]
            return lane

    def _carry_out(self, lane: _Lane, event_id: str, tickets: list[_Ticket]) -> None:
        try:
            for _ in range(TRIES):
                tickets = [one for one in tickets if not one.is_done and not self._is_late(one)]
                if not tickets or self._try(lane, event_id, tickets):
                    return
                lane.book = None
        except BaseException as error:
            lane.book = None
            for one in tickets:
                one.end(error=error)
            if not isinstance(error, Exception):
                raise
        for one in tickets:
            if not one.is_done:
                one.end(error=Busy(retry_after=1))

    def _is_late(self, ticket: _Ticket) -> bool:
        """The database's clock decides in the write; this one only sorts out who need not be asked about."""
        deadline = ticket.context.deadline
        is_late = deadline is not None and self._clock.now() >= deadline
        if is_late:
            ticket.end(error=Busy(retry_after=1))
        return is_late

    def _try(self, lane: _Lane, event_id: str, tickets: list[_Ticket]) -> bool:
        """True when the tickets are done; false when the book was not the last one."""
        is_fresh = lane.book is None
        book = lane.book or self._events.book(event_id)
        if book is None:
            raise UnknownEvent(params={"event_id": event_id})
        turn = Turn(Work(book, self._clock.now()))
        turn.work.advance()
        envelopes = list(self._events.stamp(turn.work.facts))
        outcomes = [self._outcome(one, turn, envelopes) for one in tickets]
        if turn.work.has_changed or turn.steps:
            deadlines = [one.context.deadline for one in tickets if one.context.deadline is not None]
            try:
                stored = self._events.save(turn.work, envelopes, turn.steps, min(deadlines, default=None))
            except Taken as taken:
                self._one_by_one(lane, event_id, tickets, taken)
                return True
            if not stored:
                return False
            book.absorb(turn.work)
        elif not is_fresh and self._events.change_of(event_id) != book.event.change:
            return False
        lane.book = book
        for one, (result, error) in zip(tickets, outcomes, strict=True):
            one.end(result, error)
        return True

    def _outcome(self, ticket: _Ticket, turn: Turn, envelopes: list[Envelope]) -> tuple[Any, ImigrError | None]:
        before = len(turn.work.facts)
        try:
            result, error = ticket.task(turn), None
        except ImigrError as refusal:
            result, error = None, refusal
        with use(ticket.context):
            envelopes += self._events.stamp(turn.work.facts[before:])
        return result, error

    def _one_by_one(self, lane: _Lane, event_id: str, tickets: list[_Ticket], taken: Taken) -> None:
        """Somebody's key or link exists already; alone, each finds out whether it was its own."""
        lane.book = None
        if len(tickets) == 1:
            tickets[0].end(error=taken)
            return
        for one in tickets:
            self._carry_out(lane, event_id, [one])
