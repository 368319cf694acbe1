"""MongoDB: older claims of large events, in documents of their own under the same unique index."""

from __future__ import annotations

from typing import Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from imigr_events.storage.rows import Document
from imigr_kit.errors import Unavailable
from imigr_kit.ids import new_id
from imigr_kit.logs import get_logger
from imigr_kit.mongo import in_transaction

log = get_logger(__name__)

OF = "claims_of"
"""The event whose claims a document keeps; it has no other field of an event, so no list finds it."""
KEPT = 300
"""Claims that stay in the document of the event: every write of it computes the index again from them."""
MOVED = 300
"""So many more are let come before they are moved."""
MOST_COUNTED = 10_000
"""Events of which a process remembers how many claims came."""
STAYING = ("event:", "step:")
"""What finds the event itself, or an answer that lies in it."""


class OlderClaims:
    """Moves claims out of the document of an event, in one transaction, so that each exists once at every moment."""

    def __init__(self, events: Collection[Document]) -> None:
        self._events = events
        self._grown: dict[str, int] = {}

    def grew(self, event_id: str, number: int, *, known: int, is_over: bool) -> None:
        """A change with so many new claims was stored; the event had about ``known`` before, wherever they lie. What
        fails here is done with a later change."""
        grown = self._grown.get(event_id, MOVED if known >= KEPT + MOVED else 0) + number
        if len(self._grown) > MOST_COUNTED:
            self._grown.clear()
        self._grown[event_id] = grown if grown < MOVED else 0
        try:
            if is_over:
                self._events.delete_many(_beside(event_id))
            elif grown >= MOVED:
                in_transaction(self._events.database, lambda session: self._move(event_id, session))
        except (PyMongoError, Unavailable) as error:
            log.warning("claims.not_moved", event=event_id, reason=type(error).__name__)

    def _move(self, event_id: str, session: ClientSession) -> None:
        row: dict[str, Any] = self._events.find_one({"_id": event_id}, {"claims": 1}, session=session) or {}
        older = [one for one in row.get("claims", ()) if not one.startswith(STAYING)][:-KEPT]
        if len(older) < MOVED:
            return
        self._events.update_one({"_id": event_id}, {"$pullAll": {"claims": older}}, session=session)
        kept = {"_id": f"claims:{event_id}:{new_id()}", OF: event_id, "claims": older}
        self._events.insert_one(kept, session=session)


def _beside(event_id: str) -> Document:
    """The documents of an event's older claims, by primary key."""
    return {"_id": {"$gte": f"claims:{event_id}:", "$lt": f"claims:{event_id};"}}
