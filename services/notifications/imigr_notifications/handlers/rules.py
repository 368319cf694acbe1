"""Rules of a municipality, as its managers read and settle them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imigr_kit.access import require
from imigr_kit.commands import Command
from imigr_notifications.ports_planning import RuleBook

STAFF = ("manager", "mediator")


def get_rules(book: RuleBook, actor: Mapping[str, Any], municipality: str) -> tuple[dict[str, Any], int]:
    """What the town settled itself, and its version."""
    require(actor, STAFF, municipality)
    return book.settled(municipality)


def set_rules(
    book: RuleBook,
    actor: Mapping[str, Any],
    municipality: str,
    own: Mapping[str, Any],
    version: int,
    command: Command,
) -> int:
    """Settle them on the version that was read; the new version. Raises VersionConflict or KeyReused."""
    require(actor, ("manager",), municipality)
    return book.settle(municipality, own, version, command)
