"""What may be looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imigr_kit.access import require
from imigr_notifications.domain import Message
from imigr_notifications.handlers.desk import Desk


def list_messages(desk: Desk, subject: str) -> Sequence[Message]:
    """What is planned and was sent for a subject."""
    return desk.messages.of_subject(subject)


def may_see_figures(actor: Mapping[str, Any], municipality: str) -> None:
    """Managers see how many messages went where."""
    require(actor, ("manager",), municipality)
