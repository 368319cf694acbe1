"""Messages with their outbox, their state changed by conditional writes only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from imigr_kit.context import CallContext, use
from imigr_kit.facts import Fact
from imigr_kit.ids import new_id
from imigr_kit.outbox import new_document_fields, with_events
from imigr_notifications.domain import UNDER_WAY, WITHDRAWABLE, Message, Priority, State
from imigr_notifications.ports import EVERYWHERE, Towns
from imigr_notifications.storage.documents import Document, message_document, message_of
from imigr_notifications.storage.indexes import CONTENT_SECONDS, MESSAGES, SWEPT_SECONDS

Stamp = Callable[[Iterable[Fact]], list[Document]]
STRANDED = 100
TOLD = ("version", "reason", "attempts", "sent_at", "in_doubt")
"""What changes with a state that is told, beside the state and the ids of the parts."""
EVERY_PRIORITY = {"priority": {"$in": [int(one) for one in Priority]}}
"""Named one by one, so that the index is entered at the due messages of each."""


class MongoMessages:
    """One document per message, its state changed by conditional writes only.

    ``claim_at`` says when a planned message may be taken, and until when a leased or sending one is held;
    ``lease`` names the holder, so that a worker which slept for too long cannot write any more.
    """

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._messages = db[MESSAGES]
        self._lightly = db[MESSAGES].with_options(write_concern=WriteConcern(1))
        self._stamp = stamp

    def plan(self, planned: Sequence[tuple[Message, Sequence[Fact]]], session: ClientSession | None) -> None:
        """Store new messages, in one round trip."""
        rows = [
            message_document(message) | {"claim_at": message.due_at} | new_document_fields(self._stamp(facts))
            for message, facts in planned
        ]
        if rows:
            self._messages.insert_many(rows, session=session)

    def drop(self, message: Message, reason: str, session: ClientSession | None) -> None:
        """Cancel it, unless it is being handed over: then it is marked, and not tried again."""
        withdrawn, facts = message.withdrawn(reason)
        query = {"_id": message.id, "version": message.version}
        open_states = {"state": {"$in": [str(state) for state in WITHDRAWABLE]}}
        if not self._write(withdrawn, query | open_states, facts, session):
            sending = query | {"state": str(State.SENDING)}
            self._messages.update_one(sending, {"$set": {"dropped": reason}}, session=session)

    def lease(
        self, channel: str, now: datetime, until: datetime, most: int = 1, towns: Towns = EVERYWHERE
    ) -> tuple[Sequence[Message], str]:
        """The most urgent, and of these what has been due longest; the index has them in this order, so few keys
        are looked at. Each document is taken by a conditional write, so of two workers that see it one has it."""
        name = new_id()
        due: Document = {"state": str(State.PLANNED), "channel": channel, "claim_at": {"$lte": now}} | _in(towns)
        first = self._messages.find(due | EVERY_PRIORITY, {"_id": 1}).sort([("priority", 1), ("claim_at", 1)])
        order = [row["_id"] for row in first.limit(most)]
        if not order:
            return (), name
        change = {"$set": {"state": str(State.LEASED), "claim_at": until, "lease": name}}
        self._messages.update_many({"_id": {"$in": order}} | due, change)
        rows = {row["_id"]: row for row in self._messages.find({"_id": {"$in": order}, "lease": name})}
        return [message_of(rows[one]) for one in order if one in rows], name

    def hand_over(
        self, lease: str, parts: Mapping[str, int], provider: str, now: datetime, until: datetime, price: int = 0
    ) -> Collection[str]:
        """leased to sending, unless withdrawn meanwhile; one write for all messages of as many parts."""
        allowed: set[str] = set()
        for number in set(parts.values()):
            ids = [one for one, its in parts.items() if its == number]
            query = {"_id": {"$in": ids}, "state": str(State.LEASED), "lease": lease}
            change = {"state": str(State.SENDING), "handed_at": now, "parts": number, "claim_at": until}
            change |= {"provider": provider, "price": price * number}
            if self._messages.update_many(query, {"$set": change}).matched_count == len(ids):
                allowed |= set(ids)
            else:
                handed = {"_id": {"$in": ids}, "state": str(State.SENDING), "lease": lease}
                allowed |= {row["_id"] for row in self._messages.find(handed, {"_id": 1})}
        return allowed

    def settle(self, message: Message, lease: str | None, facts: Sequence[Fact]) -> bool:
        """Store the outcome if nothing else was told about the message meanwhile (and the lease holds)."""
        query: Document = {"_id": message.id, "version": message.version - 1}
        return self._write(message, query | _held_by(lease), facts, None)

    def settle_all(self, settled: Sequence[tuple[Message, Sequence[Fact]]], lease: str) -> Collection[str]:
        """As settle, for several in one round trip; the ids of those whose outcome was stored."""
        if not settled:
            return set()
        writes = []
        for message, facts in settled:
            query = {"_id": message.id, "version": message.version - 1} | _held_by(lease)
            with use(CallContext(correlation_id=message.correlation_id)):
                writes.append(UpdateOne(query, self._told(message, facts)))
        if self._messages.bulk_write(writes, ordered=False).matched_count == len(writes):
            return {message.id for message, _ in settled}
        stored = self._messages.find({"_id": {"$in": [message.id for message, _ in settled]}, "lease": lease})
        versions = {row["_id"]: row["version"] for row in stored}
        return {message.id for message, _ in settled if versions.get(message.id) == message.version}

    def postpone(self, message: Message, lease: str | None, until: datetime) -> bool:
        """Back to planned, not to be taken before ``until``; cancelled instead when it was dropped.

        Without a lease only what its worker has left behind is touched: a lease that ended, or a doubt.
        """
        held = {"_id": message.id, "version": message.version} | _held_by(lease)
        if lease is not None:
            held["state"] = {"$in": [str(State.LEASED), str(State.SENDING)]}
        elif message.state is State.LEASED:
            held |= {"state": str(State.LEASED), "claim_at": {"$lt": until}}
        else:
            held |= {"state": str(State.SENDING), "in_doubt": True}
        kept = message_document(message)
        changed = {name: kept[name] for name in ("attempts", "provider_ids", "in_doubt", "repeated")}
        change = changed | {"state": str(State.PLANNED), "claim_at": until}
        if self._messages.update_one(held | {"dropped": None}, {"$set": change}).modified_count:
            return True
        row = self._messages.find_one(held)
        if row is not None:
            withdrawn, facts = message.withdrawn(row["dropped"])
            self._write(withdrawn, held, facts, None)
        return False

    def again(self, message: Message, until: datetime) -> bool:
        """sent to planned; the next attempt tells a new ``sent``."""
        query = {"_id": message.id, "state": str(State.SENT), "version": message.version}
        change = {"state": str(State.PLANNED), "claim_at": until, "attempts": message.attempts, "provider_ids": []}
        return bool(self._messages.update_one(query, {"$set": change}).modified_count)

    def doubt(self, message: Message, until: datetime) -> bool:
        """Mark a message whose answer was lost; it is looked at again until then. False if it was marked."""
        query = {"_id": message.id, "state": str(State.SENDING), "version": message.version, "in_doubt": False}
        change = {"$set": {"in_doubt": True, "claim_at": until}}
        return bool(self._messages.update_one(query, change).modified_count)

    def stranded(self, now: datetime) -> Sequence[tuple[Message, bool]]:
        """Messages past their lease, and messages in doubt; true when their time is over."""
        leased = {"state": str(State.LEASED), "claim_at": {"$lt": now}}
        sending = {"state": str(State.SENDING), "$or": [{"claim_at": {"$lt": now}}, {"in_doubt": True}]}
        rows = [row for query in (leased, sending) for row in self._messages.find(query).limit(STRANDED)]
        return [(message_of(row), row["claim_at"] < now) for row in rows]

    def empty(self, now: datetime) -> int:
        """Take the content out of messages that have been over for a while; how many had some."""
        over = now - timedelta(seconds=CONTENT_SECONDS)
        query = {
            "expires_at": {"$gte": now - timedelta(seconds=SWEPT_SECONDS), "$lt": over},
            "state": {"$nin": [str(state) for state in UNDER_WAY]},
            "values.texts": {"$ne": {}},
        }
        return self._messages.update_many(query, {"$set": {"values.texts": {}}}).modified_count

    def of_subject(self, subject: str, session: ClientSession | None = None) -> Sequence[Message]:
        """All messages of a subject, by due time."""
        found = self._messages.find({"subject": subject}, session=session).sort([("due_at", 1), ("_id", 1)])
        return [message_of(row) for row in found]

    def of_contact(self, contact_id: str) -> Sequence[Message]:
        """Messages of a contact that are planned or under way."""
        query = {"contact_id": contact_id, "state": {"$in": [str(state) for state in UNDER_WAY]}}
        return [message_of(row) for row in self._messages.find(query)]

    def of_provider_ids(self, provider_ids: Sequence[str]) -> Sequence[Message]:
        """The messages of which a part has one of these ids at its provider."""
        return [message_of(row) for row in self._messages.find({"provider_ids": {"$in": list(provider_ids)}})]

    def arrived(self, message_ids: Sequence[str], now: datetime) -> None:
        """Note that a provider brought them; a figure, so it waits for no disk."""
        if message_ids:
            query = {"_id": {"$in": list(message_ids)}, "state": str(State.SENT), "delivered_at": None}
            self._lightly.update_many(query, {"$set": {"delivered_at": now}})

    def figures(self, municipality: str) -> list[Document]:
        """How many messages of which kind and channel are in which state, and how many of them in doubt."""
        group = {
            "_id": {"kind": "$kind", "channel": "$channel", "state": "$state"},
            "count": {"$sum": 1},
            "ambiguous": {"$sum": {"$cond": [{"$or": ["$in_doubt", "$repeated"]}, 1, 0]}},
        }
        rows = self._messages.aggregate([{"$match": {"municipality": municipality}}, {"$group": group}])
        found = [row["_id"] | {"count": row["count"], "ambiguous": row["ambiguous"]} for row in rows]
        return sorted(found, key=lambda row: (row["kind"], row["channel"], row["state"]))

    def _write(self, message: Message, query: Document, facts: Sequence[Fact], session: ClientSession | None) -> bool:
        """A state that is told: one conditional write with its events."""
        update = self._told(message, facts)
        return bool(self._messages.update_one(query, update, session=session).modified_count)

    def _told(self, message: Message, facts: Sequence[Fact]) -> Document:
        change: Document = {name: getattr(message, name) for name in TOLD}
        change |= {"state": str(message.state), "provider_ids": list(message.provider_ids)}
        return with_events({"$set": change}, self._stamp(facts))


def _held_by(lease: str | None) -> Document:
    return {} if lease is None else {"lease": lease}


def _in(towns: Towns) -> Document:
    wanted: Document = {}
    if towns.only is not None:
        wanted["$in"] = sorted(towns.only)
    if towns.but:
        wanted["$nin"] = sorted(towns.but)
    return {"municipality": wanted} if wanted else {}
