"""Guichets with their opening plans, as the use cases see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from imigr_guichet.domain.guichet import Guichet
from imigr_kit.commands import Command
from imigr_kit.facts import Fact

Saved = Literal["done", "stale", "repeated", "reused"]


class Plans(Protocol):
    """Guichets with their opening plans."""

    def get(self, guichet_id: str) -> Guichet | None:
        """One guichet; may be two seconds old."""
        ...

    def read(self, guichet_id: str) -> Guichet | None:
        """One guichet as it is stored now."""
        ...

    def all(self, municipality: str | None) -> Sequence[Guichet]:
        """All guichets, or those of one municipality."""
        ...

    def change(self, guichet: Guichet, facts: Sequence[Fact], command: Command, now: datetime) -> Saved:
        """Store a guichet with its facts on exactly the version before, marked for review."""
        ...

    def to_review(self, now: datetime) -> Sequence[Guichet]:
        """Guichets whose plan was changed lately, as stored now; each for a while after its change, since bookings
        by the old plan may still come in."""
        ...
