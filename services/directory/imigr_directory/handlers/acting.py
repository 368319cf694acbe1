"""Who does something, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imigr_directory.domain import Act
from imigr_directory.handlers.ports import Desk


def act_of(desk: Desk, actor: Mapping[str, Any]) -> Act:
    """This actor, now."""
    now = desk.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Act(str(actor.get("id", "")), now)
