"""Deliveries that are handled together: what has come when a worker begins is one command, or one transaction."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from imigr_kit.context import CallContext, use
from imigr_kit.events import CloudEvent
from imigr_kit.inbox import Effect, Inbox, Outcome, Verdict, outcome_of

MOST_EFFECTS = 32
"""Events in one transaction, which should take a fraction of a second."""
MOST = 128
"""Deliveries that one worker takes along."""
GAP_TRIES = 5
"""How often a message waits for an earlier event of its aggregate before it goes on without it."""


@dataclass(frozen=True, eq=False)
class Delivery:
    """One message on its way to a handler method."""

    event: CloudEvent
    message: Any
    attempt: int
    gaps: int
    has_effect: bool = True

    @property
    def is_fresh(self) -> bool:
        """Whether it comes for the first time; what has failed before is handled alone."""
        return self.attempt == 0 and self.gaps == 0


class Batch:
    """What one worker handles. It takes the deliveries only when it begins, so those that were read meanwhile come
    along."""

    def __init__(self, waiting: deque[Delivery], inbox: Inbox, begun: Callable[[], None] = lambda: None) -> None:
        self._waiting = waiting
        self._inbox = inbox
        self._begun: Callable[[], None] | None = begun
        self.deliveries: list[Delivery] = []

    def take(self) -> list[Delivery]:
        """In order of arrival, of different aggregates each; the same ones when asked again."""
        if self._begun is None:
            return self.deliveries
        begun, self._begun = self._begun, None
        begun()
        effects = 0
        while self._waiting and len(self.deliveries) < MOST and effects < MOST_EFFECTS:
            one = self._waiting.popleft()
            self.deliveries.append(one)
            effects += one.has_effect
        return self.deliveries

    def apply(self, effect: Effect) -> list[Outcome]:
        """Run the handler through the inbox, each event in the context it came with; what became of each, in order.

        Called by the wrapper that on_event puts around the method. Raises what an outage raises.
        """
        found: dict[Delivery, Outcome] = {}
        fresh = [one for one in self.take() if one.is_fresh]
        in_context = _in_context(effect)
        for some, handle in (
            ([one for one in fresh if not one.has_effect], self._inbox.note),
            ([one for one in fresh if one.has_effect], lambda events: self._inbox.together(events, in_context)),
        ):
            found.update(self._handled(some, handle))
        for one in self.deliveries:
            if not one.is_fresh:
                found[one] = outcome_of(partial(self._once, one, in_context))
        return [found[one] for one in self.deliveries]

    def _handled(
        self, some: Sequence[Delivery], handle: Callable[[Sequence[CloudEvent]], list[Outcome]]
    ) -> dict[Delivery, Outcome]:
        if not some:
            return {}
        try:
            return dict(zip(some, handle([one.event for one in some]), strict=True))
        except Exception as error:  # each of them goes its way for this reason
            return dict.fromkeys(some, error)

    def _once(self, one: Delivery, effect: Effect) -> Verdict:
        return self._inbox.once(one.event, effect, accept_gap=one.gaps >= GAP_TRIES, has_effect=one.has_effect)


def _in_context(effect: Effect) -> Effect:
    def run(event: CloudEvent, session: Any) -> None:
        context = CallContext(event.correlationid or "", causation_id=event.id, traceparent=event.traceparent)
        with use(context):
            effect(event, session)

    return run
