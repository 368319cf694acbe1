"""Texts that municipalities publish over the built-in ones, each with its versions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_kit.commands import Command
from imigr_notifications.errors import VersionConflict
from imigr_notifications.storage.indexes import TEMPLATES
from imigr_notifications.texts import Template, TemplateId, template_of

Document = dict[str, Any]
KEPT_SECONDS = 5.0
"""How old texts may be in a process that did not publish them itself."""
VERSIONS = 50


class MongoTemplates:
    """One document per municipality, subject, kind and channel; each publication is a version that stays."""

    def __init__(self, db: Database[Document]) -> None:
        self._texts = db[TEMPLATES]
        self._kept: dict[str, tuple[float, dict[tuple[str, str, str], Document]]] = {}

    def own(self, municipality: str, which: TemplateId, language: str) -> Template | None:
        """What the town published; None: the built-in text holds."""
        kept = self._kept.get(municipality)
        if kept is None or kept[0] < time.monotonic():
            rows = self._texts.find({"municipality": municipality}, {"source": 1, "kind": 1, "channel": 1, "texts": 1})
            found = {(row["source"], row["kind"], row["channel"]): row["texts"] for row in rows}
            kept = (time.monotonic() + KEPT_SECONDS, found)
            self._kept[municipality] = kept
        row = kept[1].get((which.source, which.kind, which.channel), {}).get(language)
        return None if row is None else template_of(row)

    def published(self, municipality: str) -> list[Document]:
        """All that the town published, with versions."""
        return list(self._texts.find({"municipality": municipality}, {"commands": 0}).sort("_id", 1))

    def publish(
        self, municipality: str, which: TemplateId, texts: Mapping[str, Any], version: int, at: datetime, actor: str,
        command: Command,
    ) -> int:  # fmt: skip
        """One conditional write on the version that was read; the new version. No texts: the built-in ones hold
        again. Raises VersionConflict, KeyReused."""
        name = f"{municipality}/{which.source}/{which.kind}/{which.channel}"
        row = self._texts.find_one({"_id": name, "commands.key": command.key}, {"commands.$": 1})
        if row is not None:
            command.must_be(row["commands"][0]["body"])
            return int(row["commands"][0]["version"])
        entry = {"version": version + 1, "texts": dict(texts), "at": at, "actor": actor}
        line = {"key": command.key, "body": command.body_hash, "version": version + 1}
        where = {"source": which.source, "kind": which.kind, "channel": which.channel, "municipality": municipality}
        change = {
            "$set": {"texts": dict(texts), "version": version + 1} | where,
            "$push": {
                "versions": {"$each": [entry], "$slice": -VERSIONS},
                "commands": {"$each": [line], "$slice": -20},
            },
        }
        try:
            found = self._texts.update_one({"_id": name, "version": version}, change, upsert=version == 0)
        except DuplicateKeyError:
            raise VersionConflict from None
        if not found.matched_count and found.upserted_id is None:
            raise VersionConflict
        self._kept.pop(municipality, None)
        return version + 1
