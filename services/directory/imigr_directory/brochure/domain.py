"""Editions of a brochure: numbered one after the other, each with what has changed since the one before."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from imigr_kit.facts import Fact

_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000000e6")
FORMS = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "txt": "text/plain; charset=utf-8"}
KEPT = 5
"""So many editions keep their files; of older ones it is known what they changed."""
MOST_OCTETS = 24 * 1024 * 1024
"""A larger file is a mistake."""


@dataclass(frozen=True)
class Changes:
    """Names of records."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edition:
    """``digests``: name and hash by record. ``files``: id and size by form (pdf, html, txt)."""

    municipality: str
    language: str
    number: int
    issued_on: date
    content_hash: str
    digests: Mapping[str, tuple[str, str]]
    changes: Changes
    pages: int = 0
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """One document for each."""
        return f"{self.municipality}:{self.language}:{self.number}"

    def published(self) -> list[Fact]:
        """What followers are told."""
        data = {
            "language": self.language,
            "number": self.number,
            "pages": self.pages,
            "added": len(self.changes.added),
            "changed": len(self.changes.changed),
            "removed": len(self.changes.removed),
        }
        subject = str(uuid.uuid5(_NAMESPACE, f"{self.municipality}:{self.language}"))
        return [Fact("brochure.published", subject, self.municipality, self.number, data)]


def changes_between(old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]]) -> Changes:
    """What readers of the edition before should know, by name."""
    return Changes(
        added=tuple(sorted(name for one, (name, _) in new.items() if one not in old)),
        changed=tuple(sorted(name for one, (name, mark) in new.items() if one in old and old[one][1] != mark)),
        removed=tuple(sorted(name for one, (name, _) in old.items() if one not in new)),
    )
