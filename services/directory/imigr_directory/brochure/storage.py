"""MongoDB: editions with their event, their files in GridFS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from gridfs import GridFSBucket, NoFile
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_directory.brochure.domain import KEPT, MOST_OCTETS, Changes, Edition
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index
from imigr_kit.outbox import new_document_fields

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

BROCHURES, FILES = "brochures", "brochure_files"
INDEXES = (Index(BROCHURES, [("municipality", 1), ("language", 1), ("number", -1)], name="edition"),)
ORPHANED = timedelta(hours=1)
_LIGHT = {"digests": 0, "outbox": 0, "unsent": 0}


class MongoBrochures:
    """Files are stored before the edition that names them: an edition that is there has all its files. The edition's id
    holds its number, so of two presses one publishes it."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._rows = db[BROCHURES]
        self._files = GridFSBucket(db, FILES)
        self._stamp = stamp

    def current(self, municipality: str, language: str) -> Edition | None:
        """The latest, with its digests."""
        query = {"municipality": municipality, "language": language}
        row = self._rows.find_one(query, {"outbox": 0, "unsent": 0}, sort=[("number", -1)])
        return None if row is None else _edition(row)

    def edition(self, municipality: str, language: str, number: int | None) -> Edition | None:
        """One edition, or the latest, without its digests."""
        query: Document = {"municipality": municipality, "language": language}
        if number is not None:
            query["number"] = number
        row = self._rows.find_one(query, _LIGHT, sort=[("number", -1)])
        return None if row is None else _edition(row)

    def editions(self, municipality: str | None, language: str | None, most: int) -> Sequence[Edition]:
        """The latest ones, newest first, without their digests."""
        given = {"municipality": municipality, "language": language}
        query = {name: value for name, value in given.items() if value is not None}
        rows = self._rows.find(query, _LIGHT).sort([("issued_on", -1), ("_id", -1)]).limit(most)
        return [_edition(row) for row in rows]

    def publish(self, edition: Edition, files: Mapping[str, bytes]) -> Edition | None:
        """Store it; None when somebody else was faster. Raises ValueError for a file that is too large."""
        if any(len(content) > MOST_OCTETS for content in files.values()):
            raise ValueError("a file of a brochure is too large")
        stored = {
            form: (str(self._files.upload_from_stream(f"{edition.id}.{form}", content)), len(content))
            for form, content in files.items()
        }
        row = asdict(edition) | {"files": stored, "issued_on": edition.issued_on.isoformat()}
        try:
            self._rows.insert_one({"_id": edition.id, **row} | new_document_fields(self._stamp(edition.published())))
        except DuplicateKeyError:
            self._delete(stored)
            return None
        self._forget_old(edition)
        return _edition(row)

    def read(self, file_id: str, offset: int, octets: int) -> bytes:
        """A part of a file; empty when there is no such file."""
        try:
            stream = self._files.open_download_stream(ObjectId(file_id))
        except NoFile:
            return b""
        stream.seek(offset)
        return bytes(stream.read(octets))

    def sweep(self, now: datetime) -> int:
        """Delete files of editions that were never published, because a press was killed; how many."""
        old = [one._id for one in self._files.find({"uploadDate": {"$lt": now - ORPHANED}})]
        named = {str(one[0]) for row in self._rows.find({}, {"files": 1}) for one in row["files"].values()}
        orphans = [one for one in old if str(one) not in named]
        for one in orphans:
            self._files.delete(one)
        return len(orphans)

    def _forget_old(self, edition: Edition) -> None:
        query = {
            "municipality": edition.municipality,
            "language": edition.language,
            "number": {"$lte": edition.number - KEPT},
            "files.pdf": {"$exists": True},
        }
        for row in self._rows.find(query, {"files": 1}):
            self._rows.update_one({"_id": row["_id"]}, {"$set": {"files": {}, "digests": {}}})
            self._delete(row["files"])

    def _delete(self, files: Mapping[str, Any]) -> None:
        for file_id, _ in files.values():
            try:
                self._files.delete(ObjectId(file_id))
            except NoFile:
                continue


def _edition(row: Document) -> Edition:
    values = {name: row[name] for name in Edition.__dataclass_fields__ if name in row}
    made = {
        "issued_on": date.fromisoformat(row["issued_on"]),
        "changes": Changes(**{name: tuple(names) for name, names in row["changes"].items()}),
        "digests": {one: (name, mark) for one, (name, mark) in row.get("digests", {}).items()},
        "files": {form: (file_id, size) for form, (file_id, size) in row["files"].items()},
    }
    return Edition(**(values | made))
