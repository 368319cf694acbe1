"""Events that this process has read before, each at the change it had."""

from __future__ import annotations

from collections import OrderedDict

from imigr_events.domain import Event

MOST = 500


class Known:
    """The last events read. A document whose change counter is the same is the same event, so what is remembered is
    never older than what the database was just asked for."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, Event] = OrderedDict()

    def get(self, event_id: str, change: int) -> Event | None:
        """The event at this change, if it is known."""
        event = self._events.get(event_id)
        return event if event is not None and event.change == change else None

    def keep(self, event: Event) -> Event:
        """Remember it, and forget the one that was remembered first when there are too many."""
        self._events[event.id] = event
        while len(self._events) > MOST:
            self._events.popitem(last=False)
        return event
