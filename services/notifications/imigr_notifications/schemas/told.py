"""What RPC methods answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from imigr_notifications.domain import Message, State, wire_time


def message_out(message: Message) -> dict[str, Any]:
    """What may be told about a message: neither address nor content. A leased one has not left yet."""
    shown = State.PLANNED if message.state is State.LEASED else message.state
    return {
        "id": message.id,
        "kind": message.kind,
        "channel": message.channel,
        "state": str(shown),
        "due_at": wire_time(message.due_at),
        "sent_at": None if message.sent_at is None else wire_time(message.sent_at),
        "reason": message.reason,
    }


def messages_out(messages: Iterable[Message]) -> dict[str, Any]:
    """A list of messages."""
    return {"items": [message_out(one) for one in messages]}
