"""Receipts of providers, with a keyed hash instead of the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_notifications.ports import Receipt
from imigr_notifications.storage.documents import Document
from imigr_notifications.storage.indexes import RECEIPTS
from imigr_notifications.vault import Vault


class MongoReceipts:
    """Receipts by provider id, with the keyed hash of the address instead of the address."""

    def __init__(self, db: Database[Document], vault: Vault) -> None:
        self._receipts = db[RECEIPTS]
        self._vault = vault

    def add(self, receipt: Receipt, now: datetime) -> bool:
        """False when it was known already."""
        row = {
            "delivered": receipt.delivered,
            "lookup": None if receipt.address is None else self._vault.lookup(receipt.address),
            "at": now,
        }
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
