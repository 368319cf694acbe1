"""A copy in memory of what readers see besides services, kept up to date record by record."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from bson import Timestamp

from imigr_directory.domain import Record, with_descendants
from imigr_directory.domain.content import heading
from imigr_directory.domain.places import Term

KINDS: Final = ("organization", "location", "article", "alert")
OVERLAP_SECONDS: Final = 10
"""Writes become visible out of the order of their times within moments; so the last seconds are read again."""


class Source(Protocol):
    """Where records come from."""

    def touched_since(self, kind: str, since: Timestamp | None) -> list[tuple[Record, Timestamp]]:
        """Records whose public side changed at ``since`` or later."""
        ...


class Shelf:
    """Published records by kind and id."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self._seen: dict[str, Timestamp] = {}
        self._terms: dict[str, Term] = {}

    def refresh(self, terms: dict[str, Term]) -> None:
        """Take in what changed since the last time: one query per kind."""
        self._terms = terms
        for kind in KINDS:
            seen = self._seen.get(kind)
            since = None if seen is None else Timestamp(max(0, seen.time - OVERLAP_SECONDS), 0)
            for record, when in self._source.touched_since(kind, since):
                self._put(record)
                self._seen[kind] = when

    def get(self, kind: str, record_id: str) -> Record | None:
        """One record that readers see."""
        return self._records[kind].get(record_id) if kind in self._records else None

    def find(self, kind: str, municipality: str | None, taxonomy: str | None, now: datetime) -> list[Record]:
        """What readers of a town see (with what is common to all), under a theme or below; articles in their order,
        others by name. Alerts outside of their time are left out."""
        wanted = None if taxonomy is None else with_descendants(taxonomy, self._terms)
        found = [
            record
            for record in self._records.get(kind, {}).values()
            if municipality is None or record.municipality in (None, municipality)
            if wanted is None or wanted & set((record.content or {}).get("taxonomy", ()))
            if kind != "alert" or is_current(record, now)
        ]
        return sorted(found, key=_order)

    def _put(self, record: Record) -> None:
        shelf = self._records[record.kind]
        if record.is_public:
            shelf[record.id] = record
        else:
            shelf.pop(record.id, None)


def is_current(record: Record, now: datetime) -> bool:
    """Whether an alert's time has begun and is not over."""
    content = record.content or {}
    begins, ends = content.get("valid_from"), content.get("valid_until")
    return (begins is None or datetime.fromisoformat(begins) <= now) and (
        ends is None or now < datetime.fromisoformat(ends)
    )


def _order(record: Record) -> tuple[int, str, str]:
    content = record.content or {}
    name = heading(record.kind, content)
    return content.get("order", 0), name.get("fr") or next(iter(name.values()), ""), record.id
