"""Slips of answers by SMS, and the questions they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_kit.facts import Fact
from imigr_kit.outbox import with_events
from imigr_notifications.domain import Message, State
from imigr_notifications.storage.documents import message_of
from imigr_notifications.storage.indexes import HELPED, MESSAGES, REPLIES

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]


class MongoReplies:
    """One small document per SMS that came in, gone after 30 days; no text, and the person as a keyed hash."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._replies = db[REPLIES]
        self._helped = db[HELPED]
        self._messages = db[MESSAGES]
        self._stamp = stamp

    def note(self, slips: Sequence[str], answer: str, now: datetime, session: ClientSession | None) -> bool:
        """Keep the first of the slips; false when one of them is there."""
        if self._replies.find_one({"_id": {"$in": list(slips)}}, {"_id": 1}, session=session) is not None:
            return False
        self._replies.insert_one({"_id": slips[0], "answer": answer, "at": now}, session=session)
        return True

    def open_question(self, contacts: Sequence[str], now: datetime, session: ClientSession | None) -> Message | None:
        """The last message to these contacts that asked something, was not answered, and still matters."""
        query = {
            "contact_id": {"$in": list(contacts)},
            "asks": True,
            "answer": None,
            "state": {"$in": [str(State.SENT), str(State.SENDING), str(State.AMBIGUOUS)]},
            "values.start": {"$gt": now},
        }
        row = self._messages.find_one(query, sort=[("handed_at", -1)], session=session)
        return None if row is None else message_of(row)

    def answered(self, message: Message, answer: str, facts: Sequence[Fact], session: ClientSession | None) -> None:
        """Store the answer with its events; the state of the delivery is left alone."""
        change = {"$set": {"answer": answer, "version": message.version}}
        query = {"_id": message.id, "answer": None}
        self._messages.update_one(query, with_events(change, self._stamp(facts)), session=session)

    def may_help(self, person: str, since: datetime, now: datetime, session: ClientSession | None) -> bool:
        """True, and noted, when nobody explained to this person since then how to answer."""
        row = self._helped.find_one({"_id": person}, session=session)
        if row is not None and row["at"] > since:
            return False
        self._helped.replace_one({"_id": person}, {"at": now}, upsert=True, session=session)
        return True
