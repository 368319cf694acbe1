"""Which pack of a town and language is the present one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from imigr_kit.facts import Fact

_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000000e5")
KEPT = 30
"""So many packs of a town and language are kept, to tell clients that have one of them the difference only."""


@dataclass(frozen=True)
class PackHead:
    """The present pack. ``number`` counts those of a town and language; sizes are in octets."""

    municipality: str
    language: str
    name: str
    number: int
    size: int
    br_size: int
    gz_size: int
    made_at: datetime

    @property
    def key(self) -> str:
        """One head for each town and language."""
        return head_key(self.municipality, self.language)

    def published(self) -> list[Fact]:
        """What followers are told."""
        data = {"language": self.language, "pack": self.name, "number": self.number, "octets": self.br_size}
        subject = str(uuid.uuid5(_NAMESPACE, self.key))
        return [Fact("pack.published", subject, self.municipality, self.number, data)]


def head_key(municipality: str, language: str) -> str:
    """Id of a head."""
    return f"{municipality}:{language}"
