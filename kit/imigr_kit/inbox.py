"""Each event takes effect once and in order: the slip is written in the same transaction as the effect."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_kit.clock import Clock
from imigr_kit.events import CloudEvent
from imigr_kit.mongo import Index, in_transaction

COLLECTION = "kit_inbox"
KEEP_SECONDS = 60 * 24 * 3600
"""How long a slip is kept after its last event; a duplicate that comes later is not recognised."""

INDEXES = (Index(COLLECTION, [("at", 1)], expire_after=KEEP_SECONDS, name="expiry"),)

Effect = Callable[[CloudEvent, ClientSession], None]


class Verdict(StrEnum):
    """What became of an event: handled now, or recognised as handled before (or overtaken)."""

    HANDLED = "handled"
    DUPLICATE = "duplicate"


class GapFound(Exception):
    """An earlier event of the same aggregate has not been seen yet; the message waits in retry."""


class Inbox:
    """The slips of one handler.

    Ordered: one slip per aggregate keeps the highest sequence handled; an older or equal one is a
    duplicate, a jump raises GapFound unless the caller accepts it. Unordered, or an event without a
    sequence: one slip per event id.
    """

    def __init__(self, db: Database[dict[str, Any]], handler: str, clock: Clock, *, ordered: bool) -> None:
        self._db = db
        self._handler = handler
        self._clock = clock
        self._ordered = ordered

    def once(self, event: CloudEvent, effect: Effect, *, accept_gap: bool = False) -> Verdict:
        """Run ``effect`` unless this handler has already done so; both are committed together or not at all.

        The effect may run again when the transaction meets a conflict, so it writes with its session only.
        """

        def work(session: ClientSession) -> Verdict:
            if not self._slip(event, session, accept_gap):
                return Verdict.DUPLICATE
            effect(event, session)
            return Verdict.HANDLED

        return in_transaction(self._db, work)

    def _slip(self, event: CloudEvent, session: ClientSession, accept_gap: bool) -> bool:
        slips = self._db[COLLECTION]
        if not self._ordered or event.sequence is None:
            slip_id = f"{self._handler}:id:{event.id}"
            if slips.find_one({"_id": slip_id}, session=session) is not None:
                return False
            slips.insert_one({"_id": slip_id, "at": self._clock.now()}, session=session)
            return True
        slip_id = f"{self._handler}:{event.subject}"
        row = slips.find_one({"_id": slip_id}, session=session)
        last = 0 if row is None else int(row["sequence"])
        if event.sequence <= last:
            return False
        if event.sequence > last + 1 and not accept_gap:
            raise GapFound
        change = {"$set": {"sequence": event.sequence, "at": self._clock.now()}}
        slips.update_one({"_id": slip_id}, change, upsert=True, session=session)
        return True
