"""Campaigns with their outbox, whom they reach, and their messages in bulk; each way by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_kit.facts import Fact
from imigr_kit.outbox import with_events
from imigr_notifications.domain import State
from imigr_notifications.domain.campaigns import Campaign, CampaignState, Words
from imigr_notifications.domain.subscriptions import Subscription, SubscriptionState
from imigr_notifications.errors import KeyReused, VersionConflict
from imigr_notifications.ports_campaigns import Command
from imigr_notifications.storage.indexes import CAMPAIGNS, MESSAGES, SUBSCRIPTIONS
from imigr_notifications.storage.subscriptions import subscription_of

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]
MOST = 200


class MongoCampaigns:
    """One document per campaign; the last commands are kept with it, so a repeated one changes nothing."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._campaigns = db[CAMPAIGNS]
        self._subscriptions = db[SUBSCRIPTIONS]
        self._messages = db[MESSAGES]
        self._stamp = stamp

    def add(self, campaign: Campaign, command: Command) -> Campaign:
        """Store a draft; what the command made before, if it is repeated."""
        row = _document(campaign) | {
            "_id": campaign.id,
            "key": command.key,
            "commands": [_line(command)],
            "outbox": [],
        }
        try:
            self._campaigns.insert_one(row)
        except DuplicateKeyError:
            known = self._campaigns.find_one({"key": command.key}) or {}
            if not known:
                raise KeyReused from None
            command.must_be(known["commands"][0]["body"])
            return _of(known)
        return campaign

    def get(self, campaign_id: str) -> Campaign | None:
        """One of them."""
        row = self._campaigns.find_one({"_id": campaign_id})
        return None if row is None else _of(row)

    def all_of(self, municipality: str) -> Sequence[Campaign]:
        """Those of a municipality, newest first."""
        return [_of(row) for row in self._campaigns.find({"municipality": municipality}).sort("_id", -1).limit(MOST)]

    def repeated(self, campaign_id: str, command: Command) -> bool:
        """True when this command was run on it; raises KeyReused for another body."""
        row = self._campaigns.find_one({"_id": campaign_id, "commands.key": command.key}, {"commands.$": 1})
        if row is not None:
            command.must_be(row["commands"][0]["body"])
        return row is not None

    def change(
        self,
        old: Campaign,
        new: Campaign,
        facts: Sequence[Fact],
        command: Command | None,
        session: ClientSession | None,
    ) -> None:
        """One conditional write on the version; raises VersionConflict."""
        update: Document = {"$set": _document(new)}
        if command is not None:
            update["$push"] = {"commands": {"$each": [_line(command)], "$slice": -50}}
        query = {"_id": old.id, "version": old.version}
        if not self._campaigns.update_one(
            query, with_events(update, self._stamp(facts)), session=session
        ).matched_count:
            raise VersionConflict

    def advance(self, campaign: Campaign, session: ClientSession | None) -> bool:
        """Keep cursor, next moment and count of a running one; false when it runs no more."""
        query = {"_id": campaign.id, "version": campaign.version, "state": str(CampaignState.RUNNING)}
        change = {name: _document(campaign)[name] for name in ("cursor", "next_at", "planned")}
        return bool(self._campaigns.update_one(query, {"$set": change}, session=session).matched_count)

    def open_ones(self) -> Sequence[Campaign]:
        """Scheduled and running ones."""
        wanted = [str(CampaignState.SCHEDULED), str(CampaignState.RUNNING)]
        return [_of(row) for row in self._campaigns.find({"state": {"$in": wanted}}).limit(MOST)]

    def audience(self, campaign: Campaign, now: datetime, most: int) -> Sequence[Subscription]:
        """Active subscriptions it reaches, after its cursor, in their order."""
        query = _reached(campaign, now) | {"_id": {"$gt": campaign.cursor}}
        return [subscription_of(row) for row in self._subscriptions.find(query).sort("_id", 1).limit(most)]

    def counts(self, campaign: Campaign, now: datetime) -> Mapping[tuple[str, str], int]:
        """How many contacts it would reach, by channel and language."""
        group = {"_id": {"channel": "$channel", "language": "$language"}, "count": {"$sum": 1}}
        rows = self._subscriptions.aggregate([{"$match": _reached(campaign, now)}, {"$group": group}])
        return {(row["_id"]["channel"], row["_id"]["language"]): row["count"] for row in rows}

    def known(self, ids: Sequence[str], session: ClientSession | None) -> set[str]:
        """Those message ids that exist."""
        return {row["_id"] for row in self._messages.find({"_id": {"$in": list(ids)}}, {"_id": 1}, session=session)}

    def hold(self, campaign_id: str, session: ClientSession | None) -> None:
        """Keep planned messages back."""
        query = {"subject": campaign_id, "state": str(State.PLANNED)}
        self._messages.update_many(query, {"$set": {"state": str(State.HELD)}}, session=session)

    def release(self, campaign_id: str, session: ClientSession | None) -> None:
        """Plan again what was kept back."""
        query = {"subject": campaign_id, "state": str(State.HELD)}
        self._messages.update_many(query, {"$set": {"state": str(State.PLANNED)}}, session=session)

    def withdraw(self, campaign_id: str, session: ClientSession | None) -> None:
        """Cancel what has not left."""
        waiting = [str(State.PLANNED), str(State.HELD), str(State.LEASED)]
        change = {"$set": {"state": str(State.CANCELLED), "reason": "campaign_cancelled"}, "$inc": {"version": 1}}
        self._messages.update_many({"subject": campaign_id, "state": {"$in": waiting}}, change, session=session)

    def progress(self, campaign_id: str) -> Sequence[Document]:
        """Its messages by channel and state: count, parts, price, seconds from due to sent."""
        seconds = {"$divide": [{"$subtract": ["$sent_at", "$due_at"]}, 1000]}
        group = {
            "_id": {"channel": "$channel", "state": "$state", "reason": "$reason"},
            "count": {"$sum": 1},
            "parts": {"$sum": "$parts"},
            "price": {"$sum": "$price"},
            "seconds": {"$avg": seconds},
        }
        rows = self._messages.aggregate([{"$match": {"subject": campaign_id}}, {"$group": group}])
        return [row.pop("_id") | row for row in rows]


def _reached(campaign: Campaign, now: datetime) -> Document:
    query: Document = {
        "municipality": campaign.municipality,
        "topic": campaign.topic,
        "state": str(SubscriptionState.ACTIVE),
        "until": {"$gt": now},
    }
    if campaign.languages:
        query["language"] = {"$in": list(campaign.languages)}
    if campaign.themes:
        query["$or"] = [{"themes": []}, {"themes": {"$in": list(campaign.themes)}}]
    return query


def _line(command: Command) -> Document:
    return {"key": command.key, "body": command.body_hash}


def _document(campaign: Campaign) -> Document:
    row = asdict(campaign) | {"state": str(campaign.state)}
    row |= {"themes": list(campaign.themes), "languages": list(campaign.languages)}
    del row["id"]
    return row


def _of(row: Document) -> Campaign:
    values = {name: row[name] for name in Campaign.__dataclass_fields__ if name in row}
    own = {
        "id": row["_id"],
        "themes": tuple(row["themes"]),
        "languages": tuple(row["languages"]),
        "texts": {language: Words(**words) for language, words in row["texts"].items()},
        "state": CampaignState(row["state"]),
        "starts_at": _utc(row["starts_at"]),
        "next_at": _utc(row["next_at"]),
    }
    return Campaign(**(values | own))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
