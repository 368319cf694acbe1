"""Guichets with their opening plans, as the use cases see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from imigr_guichet.domain.guichet import Guichet


class Plans(Protocol):
    """Guichets with their opening plans."""

    def get(self, guichet_id: str) -> Guichet | None:
        """One guichet; may be two seconds old."""
        ...

    def all(self, municipality: str | None) -> Sequence[Guichet]:
        """All guichets, or those of one municipality."""
        ...
