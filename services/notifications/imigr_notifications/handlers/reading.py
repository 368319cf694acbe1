"""What may be looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imigr_kit.access import require
from imigr_notifications.domain import Message
from imigr_notifications.handlers.desk import Desk

MOST_FOUND = 200


def list_messages(desk: Desk, subject: str) -> Sequence[Message]:
    """What is planned and was sent for a subject."""
    return desk.messages.of_subject(subject)


def search_messages(desk: Desk, actor: Mapping[str, Any], municipality: str, reference: str) -> Sequence[Message]:
    """For staff: the messages of an appointment, a registration or a campaign by its id, or one by its own; those of
    other municipalities are left out."""
    require(actor, ("manager", "mediator"), municipality)
    subject = reference.partition(":")[0]
    found = [one for one in desk.messages.of_subject(subject) if one.municipality == municipality]
    return [one for one in found if reference in {subject, one.id}][:MOST_FOUND]


def may_see_figures(actor: Mapping[str, Any], municipality: str) -> None:
    """Managers see how many messages went where."""
    require(actor, ("manager",), municipality)
