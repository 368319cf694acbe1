"""Brings documents of earlier releases into today's form; does nothing on a database that has it."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from imigr_directory.domain.content import BLANK
from imigr_directory.domain.service import Service
from imigr_directory.storage.records import SERVICES

Document = dict[str, Any]
_FLAT = sorted(frozenset(Service.__dataclass_fields__) & frozenset(BLANK["service"]))


def upgrade(db: Database[Document]) -> int:
    """Services that were kept without an envelope get one; how many. One statement of the server, so that a process
    that dies in it leaves each document in one form or the other, and the next start goes on."""
    blank = {name: {"$literal": value} for name, value in BLANK["service"].items()}
    content = blank | {name: {"$ifNull": [f"${name}", blank[name]]} for name in _FLAT}
    envelope: Document = {
        "kind": "service",
        "owner": None,
        "revision": "$version",
        "content": content,
        "translations": {"$literal": {}},
        "expires_on": None,
        "expired": False,
        "by": "",
        "at": "",
        "touched": "$$CLUSTER_TIME",
    }
    steps: list[Document] = [{"$set": envelope}, {"$unset": _FLAT}]
    return db[SERVICES].update_many({"content": {"$exists": False}, "kind": {"$exists": False}}, steps).modified_count
