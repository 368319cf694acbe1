"""MongoDB: messages with their outbox, contacts as ciphertext, purposes that keep them, the erasure ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_kit.facts import Fact
from imigr_kit.mongo import Index
from imigr_kit.outbox import new_document_fields, with_events
from imigr_notifications.domain import WITHDRAWABLE, Message, State
from imigr_notifications.ports import Readiness
from imigr_notifications.vault import Contact, Sealed, Vault

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

MESSAGES, CONTACTS, PURPOSES, ERASURES = "messages", "contacts", "purposes", "erasures"
FADE = timedelta(hours=24)
"""How long a contact outlives its last purpose (DESIGN section 6)."""
LEDGER_SECONDS = 400 * 24 * 3600
MESSAGE_SECONDS = 30 * 24 * 3600

INDEXES = (
    Index(MESSAGES, [("state", 1), ("due_at", 1)], name="due"),
    Index(MESSAGES, [("subject", 1)], name="subject"),
    Index(MESSAGES, [("contact_id", 1)], name="contact"),
    Index(MESSAGES, [("municipality", 1), ("kind", 1), ("state", 1)], name="figures"),
    Index(MESSAGES, [("expires_at", 1)], expire_after=MESSAGE_SECONDS, name="expiry"),
    Index(CONTACTS, [("lookup", 1)], name="lookup"),
    Index(CONTACTS, [("created_at", 1)], name="created"),
    Index(PURPOSES, [("contact_id", 1), ("until", 1)], name="contact"),
    Index(PURPOSES, [("until", 1)], expire_after=7 * 24 * 3600, name="expiry"),
    Index(ERASURES, [("at", 1)], expire_after=LEDGER_SECONDS, name="expiry"),
)


class MongoMessages:
    """One document per message, its state changed by conditional writes only."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._messages = db[MESSAGES]
        self._stamp = stamp

    def plan(self, message: Message, facts: Sequence[Fact], session: ClientSession | None) -> None:
        """Store a message unless one of that id exists."""
        if self._messages.find_one({"_id": message.id}, {"_id": 1}, session=session) is None:
            row = message_document(message) | new_document_fields(self._stamp(facts))
            self._messages.insert_one(row, session=session)

    def withdraw(self, subject: str, kinds: Sequence[str], reason: str, session: ClientSession | None) -> None:
        """Cancel messages of the subject that have not been handed over."""
        states = [str(state) for state in WITHDRAWABLE]
        query = {"subject": subject, "kind": {"$in": list(kinds)}, "state": {"$in": states}}
        for row in list(self._messages.find(query, session=session)):
            withdrawn, facts = message_of(row).withdrawn(reason)
            self._write(withdrawn, {"_id": row["_id"], "state": {"$in": states}}, facts, session)

    def lease(self, now: datetime, until: datetime) -> Message | None:
        """The message that has been due longest, by the index on state and due time."""
        row = self._messages.find_one_and_update(
            {"state": State.PLANNED, "due_at": {"$lte": now}},
            {"$set": {"state": str(State.LEASED), "leased_until": until}},
            sort=[("due_at", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return None if row is None else message_of(row)

    def hand_over(self, message: Message) -> bool:
        """leased to sending, unless withdrawn meanwhile."""
        query = {"_id": message.id, "state": str(State.LEASED), "version": message.version}
        return bool(self._messages.update_one(query, {"$set": {"state": str(State.SENDING)}}).modified_count)

    def settle(self, message: Message, expected: Sequence[State], facts: Sequence[Fact]) -> bool:
        """Store the outcome if the message is still in one of the expected states."""
        query = {
            "_id": message.id,
            "state": {"$in": [str(state) for state in expected]},
            "version": message.version - 1,
        }
        return self._write(message, query, facts, None)

    def postpone(self, message: Message, due_at: datetime, attempts: int) -> None:
        """Back to planned, unless withdrawn meanwhile."""
        query = {"_id": message.id, "state": {"$in": [str(State.LEASED), str(State.SENDING)]}}
        change = {"state": str(State.PLANNED), "due_at": due_at, "attempts": attempts}
        self._messages.update_one(query, {"$set": change})

    def stranded(self, now: datetime) -> Sequence[Message]:
        """Messages whose worker died: leased or sending, past their lease."""
        query = {"state": {"$in": [str(State.LEASED), str(State.SENDING)]}, "leased_until": {"$lt": now}}
        return [message_of(row) for row in self._messages.find(query).limit(100)]

    def of_subject(self, subject: str) -> Sequence[Message]:
        """All messages of a subject, by due time."""
        return [message_of(row) for row in self._messages.find({"subject": subject}).sort("due_at", 1)]

    def figures(self, municipality: str) -> list[Document]:
        """How many messages of which kind and channel are in which state."""
        group = {"_id": {"kind": "$kind", "channel": "$channel", "state": "$state"}, "count": {"$sum": 1}}
        rows = self._messages.aggregate([{"$match": {"municipality": municipality}}, {"$group": group}])
        found = [row["_id"] | {"count": row["count"]} for row in rows]
        return sorted(found, key=lambda row: (row["kind"], row["channel"], row["state"]))

    def _write(self, message: Message, query: Document, facts: Sequence[Fact], session: ClientSession | None) -> bool:
        change = {"state": str(message.state), "version": message.version, "settled_at": datetime.now(UTC)}
        update = with_events({"$set": change}, self._stamp(facts))
        return bool(self._messages.update_one(query, update, session=session).modified_count)


class MongoContacts:
    """Contacts as ciphertext. A contact may be read while a purpose is less than a day past, or while it is
    less than a day old; this is checked on every read, the sweep only makes room."""

    def __init__(self, db: Database[Document], vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def store(self, contact_id: str, contact: Contact, now: datetime, session: ClientSession) -> bool:
        """Keep a contact, unless it was erased before it arrived."""
        if self._db[ERASURES].find_one({"_id": contact_id}, session=session) is not None:
            return False
        sealed = self._vault.seal(contact_id, contact)
        row = {"channel": contact.channel, "language": contact.language, "created_at": now} | asdict(sealed)
        self._db[CONTACTS].update_one({"_id": contact_id}, {"$setOnInsert": row}, upsert=True, session=session)
        return True

    def readiness(self, contact_id: str, now: datetime) -> Readiness:
        """Whether it is here, still to come, or gone (erased or expired)."""
        row = self._db[CONTACTS].find_one({"_id": contact_id}, {"created_at": 1})
        if row is not None:
            return Readiness.READY if self._is_live(contact_id, row["created_at"], now) else Readiness.GONE
        erased = self._db[ERASURES].find_one({"_id": contact_id}, {"_id": 1})
        return Readiness.NOT_YET if erased is None else Readiness.GONE

    def reach(self, contact_id: str, now: datetime) -> Contact | None:
        """Decrypt it for sending; None when it may not be read any more."""
        row = self._db[CONTACTS].find_one({"_id": contact_id})
        if row is None or not self._is_live(contact_id, row["created_at"], now):
            return None
        return self._vault.open(contact_id, sealed_of(row), row["channel"], row["language"])

    def keep_until(self, contact_id: str, subject: str, until: datetime, session: ClientSession | None) -> None:
        """The contact has a purpose until then."""
        purpose = {"contact_id": contact_id, "until": until}
        self._db[PURPOSES].update_one(
            {"_id": f"{contact_id}:{subject}"}, {"$set": purpose}, upsert=True, session=session
        )

    def forget(self, contact_id: str, now: datetime) -> bool:
        """The ledger first, so that a contact still on its way is refused; then key and data together."""
        self._db[ERASURES].update_one({"_id": contact_id}, {"$setOnInsert": {"at": now}}, upsert=True)
        self._db[PURPOSES].delete_many({"contact_id": contact_id})
        return bool(self._db[CONTACTS].delete_one({"_id": contact_id}).deleted_count)

    def sweep(self, now: datetime) -> int:
        """Delete what may not be read any more; how many."""
        gone = 0
        for row in self._db[CONTACTS].find({"created_at": {"$lt": now - FADE}}, {"created_at": 1}):
            if not self._is_live(row["_id"], row["created_at"], now):
                gone += self._db[CONTACTS].delete_one({"_id": row["_id"]}).deleted_count
        return gone

    def rewrap(self) -> int:
        """Bring every contact under the current master key; how many changed."""
        changed = 0
        for row in self._db[CONTACTS].find({"key_id": {"$ne": self._vault.current_key}}):
            sealed = self._vault.rewrapped(row["_id"], sealed_of(row))
            self._db[CONTACTS].update_one({"_id": row["_id"], "key_id": row["key_id"]}, {"$set": asdict(sealed)})
            changed += 1
        return changed

    def _is_live(self, contact_id: str, created_at: datetime, now: datetime) -> bool:
        if created_at + FADE > now:
            return True
        query = {"contact_id": contact_id, "until": {"$gt": now - FADE}}
        return self._db[PURPOSES].find_one(query, {"_id": 1}) is not None


def sealed_of(row: Document) -> Sealed:
    """The ciphertext in a contact's document."""
    return Sealed(bytes(row["wrapped_key"]), row["key_id"], bytes(row["box"]), row["lookup"])


def message_document(message: Message) -> Document:
    """A message as kept; no address and no text in it."""
    row = asdict(message) | {"_id": message.id, "state": str(message.state)}
    del row["id"]
    return row


def message_of(row: Document) -> Message:
    """The message in a document."""
    names = Message.__dataclass_fields__
    values = {name: row[name] for name in names if name in row}
    values["values"] = row["values"] | {"start": row["values"]["start"].astimezone(UTC)}
    moments = {name: row[name].astimezone(UTC) for name in ("due_at", "expires_at")}
    return Message(**(values | moments | {"id": row["_id"], "state": State(row["state"])}))
