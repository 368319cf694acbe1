"""Each event takes effect once and in order: the slip is written in the same transaction as the effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError, WriteConcernError, WriteError

from imigr_kit.clock import Clock
from imigr_kit.errors import Unavailable
from imigr_kit.events import CloudEvent
from imigr_kit.logs import get_logger
from imigr_kit.mongo import DATABASE_ERRORS, Index, in_transaction
from imigr_kit.senders import Refused

log = get_logger(__name__)

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


Outcome = Verdict | Exception


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

    def once(self, event: CloudEvent, effect: Effect, *, accept_gap: bool = False, has_effect: bool = True) -> Verdict:
        """Run ``effect`` unless this handler has already done so; both are committed together or not at all.

        The effect may run again when the transaction meets a conflict, so it writes with its session only.
        Without an effect (``has_effect`` false) the slip alone is written: one write, no transaction.
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
            if self._ordered:
                _check_town(event, self._db[COLLECTION].find_one({"_id": f"{self._handler}:{event.subject}"}))
            return Verdict.DUPLICATE
        return Verdict.HANDLED

    def note(self, events: Sequence[CloudEvent]) -> list[Outcome]:
        """Events from which nothing follows: their slips alone, in one command; what became of each, in order."""
        outcomes: list[Outcome] = [Verdict.HANDLED] * len(events)
        firsts = [number for number, event in enumerate(events) if self._is_first(event)]
        refused = self._insert([self._first_slip(events[number]) for number in firsts])
        for place, code in refused.items():
            if code != DUPLICATE_KEY:
                outcomes[firsts[place]] = WriteError("slip refused", code)
        known = {firsts[place] for place, code in refused.items() if code == DUPLICATE_KEY}
        for number in sorted({*range(len(events))} - {*firsts} | known):
            outcomes[number] = outcome_of(partial(self.once, events[number], _nothing, has_effect=False))
        return outcomes

    def together(self, events: Sequence[CloudEvent], effect: Effect) -> list[Outcome]:
        """As ``once`` for each of these events of different aggregates, in one transaction; when anything is the
        matter with one of them, in one each. Raises what an outage raises."""
        if len(events) > 1:
            try:
                in_transaction(self._db, lambda session: self._all(events, effect, session))
                return [Verdict.HANDLED] * len(events)
            except Exception as error:
                if isinstance(error, (Unavailable, *DATABASE_ERRORS)):
                    raise
                log.debug("inbox.one_by_one", handler=self._handler, events=len(events))
        return [outcome_of(partial(self.once, event, effect)) for event in events]

    def _all(self, events: Sequence[CloudEvent], effect: Effect, session: ClientSession) -> None:
        firsts = [self._first_slip(event) for event in events if self._is_first(event)]
        if firsts:
            self._db[COLLECTION].insert_many(firsts, session=session)
        for event in events:
            if not self._is_first(event):
                self._slip(event, session, False)
        for event in events:
            effect(event, session)

    def _insert(self, slips: Sequence[dict[str, Any]]) -> dict[int, int]:
        """Each by itself; codes of those that were refused, by their place."""
        try:
            if slips:
                self._db[COLLECTION].insert_many(slips, ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            for one in details.get("writeConcernErrors", ()):
                raise WriteConcernError(str(one.get("errmsg")), one.get("code")) from error
            return {row["index"]: row["code"] for row in details.get("writeErrors", ())}
        return {}

    def _is_first(self, event: CloudEvent) -> bool:
        return not self._ordered or event.sequence in (None, 1)

    def _first_slip(self, event: CloudEvent) -> dict[str, Any]:
        if not self._ordered or event.sequence is None:
            return {"_id": f"{self._handler}:id:{event.id}", "at": self._clock.now()}
        named = {"_id": f"{self._handler}:{event.subject}", "municipality": event.municipality}
        return named | {"sequence": 1, "at": self._clock.now()}

    def _slip(self, event: CloudEvent, session: ClientSession | None, accept_gap: bool) -> None:
        """One conditional write in the plain case. Raises _Known, GapFound, or Refused for another town's record: none
        ever moves, so a town's own service cannot speak of what another's has told before."""
        slips = self._db[COLLECTION]
        try:
            if self._is_first(event):
                slips.insert_one(self._first_slip(event), session=session)
                return
            sequence = event.sequence or 1
            slip_id = f"{self._handler}:{event.subject}"
            change = {"$set": {"sequence": sequence, "at": self._clock.now()}}
            of_town = {"_id": slip_id, "municipality": {"$in": [event.municipality, None]}}
            if slips.update_one(of_town | {"sequence": sequence - 1}, change, session=session).matched_count:
                return
            row = slips.find_one({"_id": slip_id}, session=session)
            _check_town(event, row)
            if row is not None and sequence <= int(row["sequence"]):
                raise _Known
            if not accept_gap:
                raise GapFound
            change["$setOnInsert"] = {"municipality": event.municipality}
            older = {"_id": slip_id, "sequence": {"$lt": sequence}}
            slips.update_one(older, change, upsert=True, session=session)
        except DuplicateKeyError:
            raise _Known from None


def _check_town(event: CloudEvent, slip: Mapping[str, Any] | None) -> None:
    if slip is not None and slip.get("municipality") not in (None, event.municipality):
        raise Refused("municipality")


def outcome_of(attempt: Callable[[], Verdict]) -> Outcome:
    """What it returns, or what it raises."""
    try:
        return attempt()
    except Exception as error:
        return error


def _nothing(_event: CloudEvent, _session: ClientSession) -> None:
    return
