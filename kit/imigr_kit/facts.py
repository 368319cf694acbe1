"""What domain functions return: facts that happened, in the words of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fact:
    """One thing that happened to one record.

    ``kind`` is ``<entity>.<verb-past>``; ``subject`` the opaque record id; ``sequence`` counts the facts of
    this record from 1 without gaps; ``data`` follows the schema ``contracts/events/<service>/<kind>.v<version>.json``.
    """

    kind: str
    subject: str
    municipality: str
    sequence: int
    data: Mapping[str, Any]
    version: int = 1
