"""What readers see besides services: another view of the snapshot, which follows every change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from imigr_directory.domain import Record, with_descendants
from imigr_directory.domain.content import heading
from imigr_directory.domain.places import Term

KINDS: Final = ("organization", "location", "article", "alert")


class Source(Protocol):
    """The snapshot: published records by kind and id, and the themes."""

    records: dict[str, dict[str, Record]]
    terms: Mapping[str, Term]


class Shelf:
    """Published records by kind and id."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def get(self, kind: str, record_id: str) -> Record | None:
        """One record that readers see."""
        return self._of(kind).get(record_id)

    def find(self, kind: str, municipality: str | None, taxonomy: str | None, now: datetime) -> list[Record]:
        """What readers of a town see (with what is common to all), under a theme or below; articles in their order,
        others by name. Alerts outside of their time are left out."""
        wanted = None if taxonomy is None else with_descendants(taxonomy, self._source.terms)
        found = [
            record
            for record in self._of(kind).values()
            if municipality is None or record.municipality in (None, municipality)
            if wanted is None or wanted & set((record.content or {}).get("taxonomy", ()))
            if kind != "alert" or is_current(record, now)
        ]
        return sorted(found, key=_order)

    def _of(self, kind: str) -> Mapping[str, Record]:
        return self._source.records[kind] if kind in KINDS else {}


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
