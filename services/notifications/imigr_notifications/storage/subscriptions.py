"""Subscriptions, found by manage link, by contact, and for a campaign's audience."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_notifications.domain.consent import Consent
from imigr_notifications.domain.subscriptions import LASTS, Subscription, SubscriptionState
from imigr_notifications.storage.indexes import CONTACTS, PURPOSES, SUBSCRIPTIONS

Document = dict[str, Any]


class MongoSubscriptions:
    """One document per subscription; state and the purpose that keeps its contact change together."""

    def __init__(self, db: Database[Document]) -> None:
        self._subscriptions = db[SUBSCRIPTIONS]
        self._purposes = db[PURPOSES]
        self._contacts = db[CONTACTS]

    def add(self, subscription: Subscription, manage: str, key: str, body: str, session: ClientSession | None) -> None:
        """Store a new one; ``manage`` is the hash of its link."""
        row = asdict(subscription) | {"state": str(subscription.state), "themes": list(subscription.themes)}
        row |= {"_id": row.pop("id"), "manage": manage, "key": key, "body": body}
        self._subscriptions.insert_one(row, session=session)
        self._keep(subscription.id, subscription.contact_id, subscription.until, session)

    def by_key(self, key: str) -> tuple[Subscription, str] | None:
        """What a command made, and the hash of its body."""
        row = self._subscriptions.find_one({"key": key})
        return None if row is None else (subscription_of(row), row["body"])

    def by_manage(self, manage: str) -> Subscription | None:
        """The one behind a link."""
        row = self._subscriptions.find_one({"manage": manage})
        return None if row is None else subscription_of(row)

    def confirm(self, subscription_id: str, now: datetime, session: ClientSession | None) -> bool:
        """From pending to active; false when it was not pending, or its time to confirm is over."""
        query = {"_id": subscription_id, "state": str(SubscriptionState.PENDING), "until": {"$gt": now}}
        change = {"$set": {"state": str(SubscriptionState.ACTIVE), "until": now + LASTS, "confirmed_at": now}}
        row = self._subscriptions.find_one_and_update(query, change, session=session)
        if row is None:
            return False
        self._keep(subscription_id, row["contact_id"], now + LASTS, session)
        allowed = {"$addToSet": {"consents": str(Consent.CAMPAIGNS)}}
        self._contacts.update_one({"_id": row["contact_id"]}, allowed, session=session)
        return True

    def end(self, subscription_id: str, now: datetime, session: ClientSession | None) -> bool:
        """It is over, and keeps its contact no longer; false when it was over."""
        query = {"_id": subscription_id, "state": {"$ne": str(SubscriptionState.ENDED)}}
        change = {"$set": {"state": str(SubscriptionState.ENDED), "until": now}}
        row = self._subscriptions.find_one_and_update(query, change, session=session)
        if row is None:
            return False
        self._keep(subscription_id, row["contact_id"], now, session)
        return True

    def end_all(self, contacts: Sequence[str], now: datetime, session: ClientSession | None) -> int:
        """End those of these contacts; how many."""
        query = {"contact_id": {"$in": list(contacts)}, "state": {"$ne": str(SubscriptionState.ENDED)}}
        rows = list(self._subscriptions.find(query, {"_id": 1}, session=session))
        return sum(self.end(row["_id"], now, session) for row in rows)

    def _keep(self, subscription_id: str, contact_id: str, until: datetime, session: ClientSession | None) -> None:
        purpose = {"contact_id": contact_id, "until": until}
        row_id = f"{contact_id}:{subscription_id}"
        self._purposes.update_one({"_id": row_id}, {"$set": purpose}, upsert=True, session=session)


def subscription_of(row: Document) -> Subscription:
    """The subscription in a document."""
    values = {name: row[name] for name in Subscription.__dataclass_fields__ if name in row}
    own = {
        "id": row["_id"],
        "themes": tuple(row["themes"]),
        "state": SubscriptionState(row["state"]),
        "until": row["until"].astimezone(UTC),
    }
    return Subscription(**(values | own))
