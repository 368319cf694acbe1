"""MongoDB: packs by name, and the head of each town and language with its event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_directory.packs.codec import Pack
from imigr_directory.packs.domain import KEPT, PackHead, head_key
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index
from imigr_kit.outbox import new_document_fields, with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

PACKS, PACK_HEADS = "packs", "pack_heads"
INDEXES = (Index(PACKS, [("head", 1), ("number", 1)], name="head"),)
_NO_EVENTS = {"outbox": 0, "unsent": 0}


class MongoPacks:
    """A pack is stored before the head that names it; the head moves by one conditional write with its event."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._packs, self._heads = db[PACKS], db[PACK_HEADS]
        self._stamp = stamp

    def head(self, municipality: str, language: str) -> PackHead | None:
        """The present one."""
        row = self._heads.find_one({"_id": head_key(municipality, language)}, _NO_EVENTS)
        return None if row is None else _head(row)

    def heads(self, municipality: str | None) -> Sequence[PackHead]:
        """All present ones, or a town's."""
        query = {} if municipality is None else {"municipality": municipality}
        return [_head(row) for row in self._heads.find(query, _NO_EVENTS).sort("_id", 1)]

    def pack(self, name: str) -> Pack | None:
        """One that is kept."""
        row = self._packs.find_one({"_id": name})
        return None if row is None else Pack(row["_id"], row["size"], bytes(row["br"]), bytes(row["gz"]))

    def has(self, name: str, municipality: str, language: str) -> bool:
        """Whether it is kept, and is of this town and language."""
        query = {"_id": name, "head": head_key(municipality, language)}
        return self._packs.find_one(query, {"_id": 1}) is not None

    def publish(self, municipality: str, language: str, pack: Pack, now: datetime) -> PackHead | None:
        """Make it the present one; None when it is so already, or when another writer was faster."""
        old = self.head(municipality, language)
        if old is not None and old.name == pack.name:
            return None
        number = 1 if old is None else old.number + 1
        new = PackHead(municipality, language, pack.name, number, pack.size, len(pack.br), len(pack.gz), now)
        kept = {"head": new.key, "number": number, "size": pack.size, "br": pack.br, "gz": pack.gz}
        self._packs.replace_one({"_id": pack.name}, kept, upsert=True)
        if not self._move(old, new):
            return None
        self._packs.delete_many({"head": new.key, "number": {"$lte": number - KEPT}})
        return new

    def _move(self, old: PackHead | None, new: PackHead) -> bool:
        facts = self._stamp(new.published())
        if old is None:
            try:
                self._heads.insert_one({"_id": new.key, **asdict(new)} | new_document_fields(facts))
            except DuplicateKeyError:
                return False
            return True
        update = with_events({"$set": asdict(new)}, facts)
        return bool(self._heads.update_one({"_id": new.key, "number": old.number}, update).modified_count)


def _head(row: Document) -> PackHead:
    return PackHead(**{name: row[name] for name in PackHead.__dataclass_fields__})
