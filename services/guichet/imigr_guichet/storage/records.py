"""MongoDB: records that change by repeatable commands; state, answers, claims and events in one document."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_guichet.handlers.records import Kept, Versioned
from imigr_guichet.ports.appointments import Command
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import new_document_fields, with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]
E = TypeVar("E", bound=Versioned)


def record_indexes(collection: str) -> tuple[Index, ...]:
    """Claims are unique over a collection; a document goes when its ``expire_at`` has passed."""
    return (
        Index(collection, [("claims", 1)], unique=True, name="claims"),
        Index(collection, [("expire_at", 1)], expire_after=0, name="expiry"),
    )


class MongoRecords(Generic[E]):
    """Records of one class in one collection; see handlers.records.Records for the promises.

    ``claims`` follow from the record's state and may exist once in the collection (a desk serves one ticket at a
    time); ``life`` says when the record goes.
    """

    def __init__(
        self,
        db: Database[Document],
        collection: str,
        stamp: Stamp,
        kind: type[E],
        *,
        life: Callable[[E], datetime],
        claims: Callable[[E], Iterable[str]] = lambda _: (),
    ) -> None:
        self.rows = db[collection]
        self._stamp = stamp
        self._kind = kind
        self._life = life
        self._claims = claims

    def insert(
        self, entity: E, facts: Sequence[Fact], command: Command, said: Document, links: Iterable[str] = ()
    ) -> bool:
        """One insert; see Records."""
        row = self._body(entity, tuple(links), [command.key])
        row |= {"_id": entity.id, "answers": [_answer(command, said)], **new_document_fields(self._stamp(facts))}
        try:
            self.rows.insert_one(row)
        except DuplicateKeyError:
            return False
        return True

    def replace(
        self,
        kept: Kept[E],
        new: E,
        facts: Sequence[Fact],
        command: Command,
        said: Document,
        links: Iterable[str] | None = None,
    ) -> bool:
        """One conditional update; see Records."""
        body = self._body(new, kept.links if links is None else tuple(links), [*kept.answers, command.key])
        change = with_events({"$set": body, "$push": {"answers": _answer(command, said)}}, self._stamp(facts))
        query = {"_id": new.id, "version": kept.entity.version}
        try:
            return bool(self.rows.update_one(not_after(query, current().deadline), change).modified_count)
        except DuplicateKeyError:
            return False

    def get(self, record_id: str) -> Kept[E] | None:
        """By id."""
        return self.one({"_id": record_id})

    def find(self, claim: str) -> Kept[E] | None:
        """By claim."""
        return self.one({"claims": claim})

    def one(self, query: Document) -> Kept[E] | None:
        """The first that matches."""
        row = self.rows.find_one(query, {"outbox": 0})
        return None if row is None else self.kept(row)

    def several(self, query: Document, sort: Sequence[tuple[str, int]], limit: int = 0) -> list[Kept[E]]:
        """All that match, in order."""
        return [self.kept(row) for row in self.rows.find(query, {"outbox": 0}).sort(list(sort)).limit(limit)]

    def kept(self, row: Document) -> Kept[E]:
        """A document as a record."""
        answers = {one["key"]: (one["body_hash"], one["said"]) for one in row["answers"]}
        return Kept(entity_of(self._kind, row), answers, tuple(row["links"]))

    def _body(self, entity: E, links: tuple[str, ...], keys: Iterable[str]) -> Document:
        derived = [*(f"link:{one}" for one in links), *self._claims(entity)]
        # An array without members would count as a missing value and collide under the unique index.
        claims = [f"id:{entity.id}", *(f"key:{key}" for key in keys), *derived]
        return document_of(entity) | {"links": list(links), "claims": claims, "expire_at": self._life(entity)}


def document_of(entity: Any) -> Document:
    """A frozen dataclass as BSON can hold it: dates as ISO text, tuples as lists, ``id`` left to ``_id``."""
    return {one.name: _plain(getattr(entity, one.name)) for one in fields(entity) if one.name != "id"}


def entity_of(kind: type[E], row: Document) -> E:
    """The dataclass in a document, by its type hints."""
    hints = get_type_hints(kind)
    values = {name: _typed(hint, row["_id"] if name == "id" else row.get(name)) for name, hint in hints.items()}
    return kind(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def _typed(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        inner = [one for one in get_args(hint) if one is not type(None)]
        return None if value is None else _typed(inner[0], value)
    if get_origin(hint) is tuple:
        return tuple(_typed(get_args(hint)[0], one) for one in value or ())
    if hint is datetime:
        return value.astimezone(UTC)
    if hint is date:
        return date.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value


def _answer(command: Command, said: Document) -> Document:
    return {"key": command.key, "body_hash": command.body_hash, "said": said}
