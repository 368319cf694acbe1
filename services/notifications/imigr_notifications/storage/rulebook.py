"""What each municipality has settled about its messages, over the built-in rules."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_kit.commands import Command
from imigr_notifications.domain import Rules
from imigr_notifications.errors import VersionConflict
from imigr_notifications.rules import read, written
from imigr_notifications.storage.indexes import RULES

Document = dict[str, Any]
KEPT_SECONDS = 5.0
"""How old rules may be in a process that did not change them itself."""


class MongoRules:
    """One document per municipality that settled something; its version counts the changes."""

    def __init__(self, db: Database[Document]) -> None:
        self._rules = db[RULES]
        self._kept: dict[str, tuple[float, Rules]] = {}

    def rules(self, municipality: str) -> Rules:
        """The rules that hold now (at most some seconds old)."""
        kept = self._kept.get(municipality)
        if kept is None or kept[0] < time.monotonic():
            row = self._rules.find_one({"_id": municipality}) or {}
            rules = read(written(municipality, row.get("own")), row.get("version", 0), row.get("told", ()))
            kept = (time.monotonic() + KEPT_SECONDS, rules)
            self._kept[municipality] = kept
        return kept[1]

    def settled(self, municipality: str) -> tuple[Document, int]:
        """What the town settled itself, in written form, and its version (0: nothing)."""
        row = self._rules.find_one({"_id": municipality})
        return ({}, 0) if row is None else (row["own"], row["version"])

    def settle(self, municipality: str, own: Mapping[str, Any], version: int, command: Command) -> int:
        """One conditional write. The last commands are kept with it, so a repeated one changes nothing."""
        row = self._rules.find_one({"_id": municipality, "commands.key": command.key}, {"commands.$": 1})
        if row is not None:
            known: Document = row["commands"][0]
            command.must_be(known["body"])
            return int(known["version"])
        line = {"key": command.key, "body": command.body_hash, "version": version + 1}
        change = {
            "$set": {"own": dict(own), "version": version + 1},
            "$push": {"commands": {"$each": [line], "$slice": -20}},
        }
        try:
            found = self._rules.update_one({"_id": municipality, "version": version}, change, upsert=version == 0)
        except DuplicateKeyError:
            raise VersionConflict from None
        if not found.matched_count and found.upserted_id is None:
            raise VersionConflict
        self._kept.pop(municipality, None)
        return version + 1

    def follow(self, municipality: str, told: Sequence[Mapping[str, str]], session: ClientSession | None) -> None:
        """Take the months of Ramadan that the directory's calendar tells; planned reminders are brought under them as
        under every change. The same months again change nothing."""
        row = self._rules.find_one({"_id": municipality}, {"told": 1}, session=session) or {}
        if row.get("told", []) == list(told):
            return
        change = {"$set": {"told": list(told)}, "$inc": {"version": 1}, "$setOnInsert": {"own": {}}}
        self._rules.update_one({"_id": municipality}, change, upsert=True, session=session)
        self._kept.pop(municipality, None)

    def unapplied(self) -> Sequence[tuple[str, int]]:
        """Municipalities, with their version, whose planned reminders follow older rules; few documents in all."""
        rows = self._rules.find({"$expr": {"$ne": ["$version", "$applied"]}}, {"version": 1})
        return [(row["_id"], row["version"]) for row in rows]

    def applied(self, municipality: str, version: int) -> None:
        """All planned reminders follow this version."""
        self._rules.update_one({"_id": municipality, "version": version}, {"$set": {"applied": version}})
