"""MongoDB: files that come in parts and are read by one command soon after; what nobody reads is gone after a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from bson import Binary
from pymongo.database import Database

from imigr_directory.errors import ImportOutOfOrder
from imigr_kit.mongo import Index

UPLOADS: Final = "uploads"
MOST_PART: Final = 512 * 1024
MOST_PARTS: Final = 40
INDEXES: Final = (
    Index(UPLOADS, [("created", 1)], expire_after=24 * 3600, name="kept"),
    Index(UPLOADS, [("upload", 1), ("number", 1)], name="upload"),
)


class MongoUploads:
    """Parts by the id of their upload, which follows from who sends it and under which key."""

    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._rows = db[UPLOADS]

    def add(self, upload: str, number: int, data: bytes, now: datetime) -> None:
        """A part (from 0); again is harmless."""
        part = {"upload": upload, "number": number, "data": Binary(data), "created": now}
        self._rows.replace_one({"_id": f"{upload}:{number}"}, part, upsert=True)

    def file(self, upload: str, parts: int) -> bytes:
        """All parts. Raises ImportOutOfOrder when one is missing."""
        rows = list(self._rows.find({"upload": upload, "number": {"$lt": parts}}).sort("number", 1))
        if len(rows) != parts:
            raise ImportOutOfOrder(params={"state": "receiving", "parts": len(rows)})
        return b"".join(bytes(row["data"]) for row in rows)

    def forget(self, upload: str) -> None:
        """It has been read."""
        self._rows.delete_many({"upload": upload})
