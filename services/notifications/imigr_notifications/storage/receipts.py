"""Receipts of providers, with a keyed hash instead of the address."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pymongo.database import Database
from pymongo.errors import BulkWriteError

from imigr_notifications.ports import Receipt
from imigr_notifications.storage.documents import Document
from imigr_notifications.storage.indexes import MESSAGES, RECEIPTS
from imigr_notifications.vault import Vault

DUPLICATE = 11_000
"""The server's code for a key that is there already."""


class MongoReceipts:
    """Receipts by provider id, with the keyed hash of the address instead of the address.

    A receipt belongs to the message that has its id among its parts; only one that settled a doubt without
    that is marked itself, so the usual receipt is one write.
    """

    def __init__(self, db: Database[Document], vault: Vault) -> None:
        self._receipts = db[RECEIPTS]
        self._messages = db[MESSAGES]
        self._vault = vault

    def add_all(self, receipts: Sequence[Receipt], now: datetime) -> Collection[str]:
        """Store them in one round trip; the ids of those that were not known."""
        rows = {receipt.provider_id: self._row(receipt, now) for receipt in reversed(receipts)}
        try:
            self._receipts.insert_many(list(rows.values()), ordered=False)
        except BulkWriteError as error:
            troubles = error.details["writeErrors"]
            if any(one["code"] != DUPLICATE for one in troubles):
                raise
            return set(rows) - {one["op"]["_id"] for one in troubles}
        return set(rows)

    def of_parts(self, provider_ids: Sequence[str]) -> Mapping[str, bool]:
        """Which of these parts have a receipt: delivered, or not."""
        return {row["_id"]: row["delivered"] for row in self._receipts.find({"_id": {"$in": list(provider_ids)}})}

    def unclaimed(self, lookup: str, since: datetime) -> Mapping[str, bool]:
        """Receipts for this address since then that belong to no message, oldest first."""
        query = {"lookup": lookup, "message": None, "at": {"$gte": since}}
        found = {row["_id"]: row["delivered"] for row in self._receipts.find(query).sort("at", 1)}
        owned = {"provider_ids": {"$in": list(found)}}
        taken = {part for row in self._messages.find(owned, {"provider_ids": 1}) for part in row["provider_ids"]}
        return {one: delivered for one, delivered in found.items() if one not in taken}

    def claim(self, provider_ids: Sequence[str], message_id: str) -> None:
        """They settled the doubt about this message."""
        if provider_ids:
            query = {"_id": {"$in": list(provider_ids)}, "message": None}
            self._receipts.update_many(query, {"$set": {"message": message_id}})

    def _row(self, receipt: Receipt, now: datetime) -> Document:
        lookup = None if receipt.address is None else self._vault.lookup(receipt.address)
        return {
            "_id": receipt.provider_id,
            "delivered": receipt.delivered,
            "lookup": lookup,
            "at": now,
            "message": None,
        }
