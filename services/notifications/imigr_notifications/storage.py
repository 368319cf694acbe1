"""MongoDB: messages with their outbox, contacts as ciphertext, purposes that keep them, receipts, erasures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_kit.facts import Fact
from imigr_kit.ids import new_id
from imigr_kit.mongo import Index
from imigr_kit.outbox import new_document_fields, with_events
from imigr_notifications.domain import UNDER_WAY, WITHDRAWABLE, Message, State
from imigr_notifications.ports import Readiness, Receipt
from imigr_notifications.vault import Contact, Sealed, Unusable, Vault

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

MESSAGES, CONTACTS, PURPOSES = "messages", "contacts", "purposes"
ERASURES, RECEIPTS = "erasures", "receipts"
FADE = timedelta(hours=24)
"""How long a contact outlives its last purpose (DESIGN section 6)."""
LEDGER_SECONDS = 400 * 24 * 3600
MESSAGE_SECONDS = 30 * 24 * 3600
RECEIPT_SECONDS = 3 * 24 * 3600
STRANDED = 100
TEMPORAL = ("due_at", "expires_at", "sent_at", "handed_at")

INDEXES = (
    Index(MESSAGES, [("state", 1), ("channel", 1), ("claim_at", 1)], name="claim"),
    Index(MESSAGES, [("subject", 1)], name="subject"),
    Index(MESSAGES, [("contact_id", 1)], name="contact"),
    Index(MESSAGES, [("provider_ids", 1)], partial={"provider_ids": {"$gt": ""}}, name="provider_ids"),
    Index(MESSAGES, [("municipality", 1), ("kind", 1), ("state", 1)], name="figures"),
    Index(MESSAGES, [("expires_at", 1)], expire_after=MESSAGE_SECONDS, name="expiry"),
    Index(CONTACTS, [("lookup", 1)], name="lookup"),
    Index(CONTACTS, [("created_at", 1)], name="created"),
    Index(PURPOSES, [("contact_id", 1), ("until", 1)], name="contact"),
    Index(PURPOSES, [("until", 1)], expire_after=7 * 24 * 3600, name="expiry"),
    Index(ERASURES, [("at", 1)], expire_after=LEDGER_SECONDS, name="expiry"),
    Index(RECEIPTS, [("lookup", 1), ("at", 1)], name="lookup"),
    Index(RECEIPTS, [("at", 1)], expire_after=RECEIPT_SECONDS, name="expiry"),
)


class MongoMessages:
    """One document per message, its state changed by conditional writes only.

    ``claim_at`` says when a planned message may be taken, and until when a leased or sending one is held;
    ``lease`` names the holder, so that a worker which slept for too long cannot write any more.
    """

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._messages = db[MESSAGES]
        self._stamp = stamp

    def plan(self, message: Message, facts: Sequence[Fact], session: ClientSession | None) -> None:
        """Store a new message."""
        row = message_document(message) | {"claim_at": message.due_at} | new_document_fields(self._stamp(facts))
        self._messages.insert_one(row, session=session)

    def drop(self, message: Message, reason: str, session: ClientSession | None) -> None:
        """Cancel it, unless it is being handed over: then it is marked, and not tried again."""
        withdrawn, facts = message.withdrawn(reason)
        query = {"_id": message.id, "version": message.version}
        open_states = {"state": {"$in": [str(state) for state in WITHDRAWABLE]}}
        if not self._write(withdrawn, query | open_states, facts, session):
            sending = query | {"state": str(State.SENDING)}
            self._messages.update_one(sending, {"$set": {"dropped": reason}}, session=session)

    def lease(self, channel: str, now: datetime, until: datetime) -> tuple[Message, str] | None:
        """The message that has been due longest, found by the index on state, channel and time."""
        name = new_id()
        row = self._messages.find_one_and_update(
            {"state": str(State.PLANNED), "channel": channel, "claim_at": {"$lte": now}},
            {"$set": {"state": str(State.LEASED), "claim_at": until, "lease": name}},
            sort=[("claim_at", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return None if row is None else (message_of(row), name)

    def hand_over(self, message: Message, lease: str, parts: int, now: datetime, until: datetime) -> bool:
        """leased to sending, unless withdrawn meanwhile."""
        query = {"_id": message.id, "state": str(State.LEASED), "lease": lease}
        change = {"state": str(State.SENDING), "handed_at": now, "parts": parts, "claim_at": until}
        return bool(self._messages.update_one(query, {"$set": change}).modified_count)

    def settle(self, message: Message, lease: str | None, facts: Sequence[Fact]) -> bool:
        """Store the outcome if nothing else was told about the message meanwhile (and the lease holds)."""
        query: Document = {"_id": message.id, "version": message.version - 1}
        return self._write(message, query | _held_by(lease), facts, None)

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

    def of_subject(self, subject: str, session: ClientSession | None = None) -> Sequence[Message]:
        """All messages of a subject, by due time."""
        found = self._messages.find({"subject": subject}, session=session).sort([("due_at", 1), ("_id", 1)])
        return [message_of(row) for row in found]

    def of_contact(self, contact_id: str) -> Sequence[Message]:
        """Messages of a contact that are planned or under way."""
        query = {"contact_id": contact_id, "state": {"$in": [str(state) for state in UNDER_WAY]}}
        return [message_of(row) for row in self._messages.find(query)]

    def of_provider_id(self, provider_id: str) -> Message | None:
        """The message of which a part has this id at its provider."""
        row = self._messages.find_one({"provider_ids": provider_id})
        return None if row is None else message_of(row)

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
        names = ("version", "reason", "attempts", "sent_at", "in_doubt")
        kept = message_document(message)
        change = {name: kept[name] for name in names} | {
            "state": str(message.state),
            "provider_ids": kept["provider_ids"],
        }
        update = with_events({"$set": change}, self._stamp(facts))
        return bool(self._messages.update_one(query, update, session=session).modified_count)


def _held_by(lease: str | None) -> Document:
    return {} if lease is None else {"lease": lease}


class MongoReceipts:
    """Receipts by provider id, with the keyed hash of the address instead of the address."""

    def __init__(self, db: Database[Document], vault: Vault) -> None:
        self._receipts = db[RECEIPTS]
        self._vault = vault

    def add(self, receipt: Receipt, now: datetime) -> bool:
        """False when it was known already."""
        row = {"delivered": receipt.delivered, "lookup": self._vault.lookup(receipt.address), "at": now}
        try:
            self._receipts.insert_one({"_id": receipt.provider_id, "message": None} | row)
        except DuplicateKeyError:
            return False
        return True

    def of_parts(self, provider_ids: Sequence[str]) -> Mapping[str, bool]:
        """Which of these parts have a receipt: delivered, or not."""
        return {row["_id"]: row["delivered"] for row in self._receipts.find({"_id": {"$in": list(provider_ids)}})}

    def unclaimed(self, lookup: str, since: datetime) -> Mapping[str, bool]:
        """Receipts for this address since then that no message has claimed, oldest first."""
        query = {"lookup": lookup, "message": None, "at": {"$gte": since}}
        return {row["_id"]: row["delivered"] for row in self._receipts.find(query).sort("at", 1)}

    def claim(self, provider_ids: Sequence[str], message_id: str) -> None:
        """They belong to this message."""
        if provider_ids:
            query = {"_id": {"$in": list(provider_ids)}, "message": None}
            self._receipts.update_many(query, {"$set": {"message": message_id}})


class MongoContacts:
    """Contacts as ciphertext. A contact may be read while a purpose is less than a day past, or while it is
    less than a day old; this is checked on every read, the sweep only makes room."""

    def __init__(self, db: Database[Document], vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def store(self, contact_id: str, contact: Contact | Unusable, now: datetime, session: ClientSession) -> bool:
        """Keep a contact, unless it was erased before it arrived; of an unusable one only the reason."""
        if self._is_erased(contact_id, session):
            return False
        row: Document = {"channel": contact.channel, "created_at": now}
        if isinstance(contact, Unusable):
            row |= {"unusable": contact.reason}
        else:
            row |= {"language": contact.language} | asdict(self._vault.seal(contact_id, contact))
        self._db[CONTACTS].update_one({"_id": contact_id}, {"$setOnInsert": row}, upsert=True, session=session)
        return True

    def readiness(self, contact_id: str, now: datetime) -> Readiness:
        """Whether it is here, still to come, unusable, or gone (erased or expired)."""
        row = self._db[CONTACTS].find_one({"_id": contact_id}, {"created_at": 1, "unusable": 1})
        if row is None:
            return Readiness.GONE if self._is_erased(contact_id, None) else Readiness.NOT_YET
        if not self._is_live(contact_id, row["created_at"], now):
            return Readiness.GONE
        return Readiness.UNUSABLE if "unusable" in row else Readiness.READY

    def reach(self, contact_id: str, now: datetime) -> Contact | None:
        """Decrypt it for sending; None when it may not be read any more."""
        row = self._db[CONTACTS].find_one({"_id": contact_id})
        if row is None or "unusable" in row or not self._is_live(contact_id, row["created_at"], now):
            return None
        return self._vault.open(contact_id, sealed_of(row), row["channel"], row["language"])

    def lookup(self, contact_id: str) -> str | None:
        """The keyed hash of its address."""
        row = self._db[CONTACTS].find_one({"_id": contact_id}, {"lookup": 1})
        return None if row is None else row.get("lookup")

    def keep_until(self, contact_id: str, subject: str, until: datetime, session: ClientSession | None) -> bool:
        """The contact has a purpose until then; false, and nothing noted, when it was erased."""
        if self._is_erased(contact_id, session):
            return False
        purpose = {"contact_id": contact_id, "until": until}
        self._db[PURPOSES].update_one(
            {"_id": f"{contact_id}:{subject}"}, {"$set": purpose}, upsert=True, session=session
        )
        return True

    def forget(self, contact_id: str, now: datetime) -> bool:
        """The ledger first, so that a contact still on its way is refused; then key and data together."""
        self._db[ERASURES].update_one({"_id": contact_id}, {"$setOnInsert": {"at": now}}, upsert=True)
        existed = self._db[CONTACTS].delete_one({"_id": contact_id}).deleted_count
        self._db[PURPOSES].delete_many({"contact_id": contact_id})
        return bool(existed)

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
        for row in self._db[CONTACTS].find({"key_id": {"$exists": True, "$ne": self._vault.current_key}}):
            sealed = self._vault.rewrapped(row["_id"], sealed_of(row))
            self._db[CONTACTS].update_one({"_id": row["_id"], "key_id": row["key_id"]}, {"$set": asdict(sealed)})
            changed += 1
        return changed

    def _is_erased(self, contact_id: str, session: ClientSession | None) -> bool:
        return self._db[ERASURES].find_one({"_id": contact_id}, {"_id": 1}, session=session) is not None

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
    row["provider_ids"] = list(message.provider_ids)
    del row["id"]
    return row


def message_of(row: Document) -> Message:
    """The message in a document."""
    values = {name: row[name] for name in Message.__dataclass_fields__ if name in row}
    values["values"] = row["values"] | {"start": row["values"]["start"].astimezone(UTC)}
    moments = {name: _utc(row.get(name)) for name in TEMPORAL}
    own = {"id": row["_id"], "state": State(row["state"]), "provider_ids": tuple(row["provider_ids"])}
    return Message(**(values | moments | own))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
