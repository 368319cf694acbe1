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


def path_out(message: Message) -> dict[str, Any]:
    """The way of one message, for staff: steps with their moments, the provider, the cost; never its content."""
    steps = [
        {"step": name, "at": wire_time(at)}
        for name, at in (
            ("due", message.due_at),
            ("handed_over", message.handed_at),
            ("sent", message.sent_at),
            ("delivered", message.delivered_at),
        )
        if at is not None
    ]
    own = {
        "steps": steps,
        "subject": message.subject,
        "source": message.source,
        "rule": message.rule,
        "expires_at": wire_time(message.expires_at),
        "attempts": message.attempts,
        "provider": message.provider or None,
        "parts": message.parts,
        "price": message.price,
        "ambiguous": message.in_doubt or message.repeated,
        "answer": message.answer,
    }
    return message_out(message) | own
