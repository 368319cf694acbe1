"""Each event takes effect once and in order: the slip is written in the same transaction as the effect."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from pymongo import InsertOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, WriteError

from imigr_kit.clock import Clock
from imigr_kit.events import CloudEvent
from imigr_kit.gathering import Gathering
from imigr_kit.mongo import Index, in_transaction

COLLECTION = "kit_inbox"
DUPLICATE_KEY = 11000
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


class _Known(Exception):
    """This handler has done it before, or has done a later one of the same aggregate."""


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
        self._gathering = Gathering(db[COLLECTION])

    def once(self, event: CloudEvent, effect: Effect, *, accept_gap: bool = False, has_effect: bool = True) -> Verdict:
        """Run ``effect`` unless this handler has already done so; both are committed together or not at all.

        The effect may run again when the transaction meets a conflict, so it writes with its session only.
        Without an effect (``has_effect`` false) the slip alone is written: one write, no transaction, and together
        with those of other events that come at the same time.
        """

        def work(session: ClientSession) -> Verdict:
            self._slip(event, session, accept_gap)
            effect(event, session)
            return Verdict.HANDLED

        try:
            if has_effect:
                return in_transaction(self._db, work)
            self._slip(event, None, accept_gap)
        except _Known:
            return Verdict.DUPLICATE
        return Verdict.HANDLED

    def _slip(self, event: CloudEvent, session: ClientSession | None, accept_gap: bool) -> None:
        """One conditional write in the plain case. Raises _Known, or GapFound."""
        slips, at = self._db[COLLECTION], self._clock.now()
        try:
            if not self._ordered or event.sequence is None:
                self._write_first({"_id": f"{self._handler}:id:{event.id}", "at": at}, session)
                return
            if event.sequence == 1:
                self._write_first({"_id": f"{self._handler}:{event.subject}", "sequence": 1, "at": at}, session)
                return
            slip_id, change = f"{self._handler}:{event.subject}", {"$set": {"sequence": event.sequence, "at": at}}
            expected = {"_id": slip_id, "sequence": event.sequence - 1}
            if slips.update_one(expected, change, session=session).matched_count:
                return
            row = slips.find_one({"_id": slip_id}, session=session)
            if row is not None and event.sequence <= int(row["sequence"]):
                raise _Known
            if not accept_gap:
                raise GapFound
            older = {"_id": slip_id, "sequence": {"$lt": event.sequence}}
            slips.update_one(older, change, upsert=True, session=session)
        except DuplicateKeyError:
            raise _Known from None

    def _write_first(self, slip: dict[str, Any], session: ClientSession | None) -> None:
        """Raises DuplicateKeyError when it is there."""
        if session is not None:
            self._db[COLLECTION].insert_one(slip, session=session)
            return
        refusal = self._gathering.write(InsertOne(slip))
        if refusal is not None:
            wrong = DuplicateKeyError if refusal["code"] == DUPLICATE_KEY else WriteError
            raise wrong(str(refusal.get("errmsg")), refusal["code"])
