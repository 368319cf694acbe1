"""What the press reads of the directory: each town with its public records, and those common to all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imigr_directory.domain import Record
from imigr_directory.domain.translations import DRAFT, IN_REVIEW
from imigr_directory.editions.entries import Published, Theme, Town
from imigr_directory.storage import MongoDirectory

KINDS = ("service", "article", "alert")


def towns(directory: MongoDirectory) -> list[Town]:
    """All towns, and the version of the directory before any of it was read."""
    as_of = directory.version()
    terms = tuple(Theme(one.code, one.parent, one.name, one.words) for one in directory.terms().values())
    records: dict[str | None, list[Published]] = {}
    for kind in KINDS:
        for record in directory.records.published(kind):
            records.setdefault(record.municipality, []).append(published(record))
    common = records.get(None, [])
    return [
        Town(one.slug, one.name, one.timezone, one.languages, (*records.get(one.slug, ()), *common), terms, as_of)
        for one in directory.municipalities()
    ]


def published(record: Record) -> Published:
    """A record as readers see it: without translations that nobody has released."""
    waiting = {
        (path, language)
        for path, states in record.translations.items()
        for language, state in states.items()
        if state in (DRAFT, IN_REVIEW)
    }
    content = dict(record.content or {})
    if waiting:
        content = _without(content, waiting, "")
    # Not the version but the revision: it also moves when a translation is released.
    return Published(record.id, record.kind, content, record.revision, record.verified_on)


def _without(value: Any, waiting: set[tuple[str, str]], path: str) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _without(inner, waiting, f"{path}.{name}".lstrip("."))
            for name, inner in value.items()
            if (path, name) not in waiting
        }
    if isinstance(value, list):
        return [_without(one, waiting, f"{path}.{one['id']}" if _has_id(one) else path) for one in value]
    return value


def _has_id(value: Any) -> bool:
    return isinstance(value, Mapping) and "id" in value
