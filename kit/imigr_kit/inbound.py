"""The connection over which a service hears: its RPC queue and the queues of its event handlers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from imigr_kit.broker import ANSWER_ERRORS, BROKER_ERRORS, Link
from imigr_kit.secret import Secret


@dataclass(frozen=True)
class Subscription:
    """What is consumed on one channel. ``declare`` runs on every fresh connection before consuming."""

    queue: str
    prefetch: int
    declare: Callable[[Any], None]
    on_message: Callable[[Any], None]
    lost: Callable[[], None] = field(default=lambda: None)


class Inbound:
    """One connection with a channel per subscription; re-made after every loss."""

    def __init__(self, amqp_uri: Secret[str], name: str) -> None:
        self._subscriptions: list[Subscription] = []
        self._consuming: list[tuple[Any, str]] = []
        self.link = Link(amqp_uri, f"{name}-inbound", setup=self._setup, lost=self._lost)

    def register(self, subscription: Subscription) -> None:
        """Add a subscription; only before start()."""
        self._subscriptions.append(subscription)

    def start(self) -> None:
        """Connect and consume in the background."""
        self.link.start()

    def cease(self) -> None:
        """Take no further messages; those under way can still be answered and acknowledged."""
        consuming, self._consuming = self._consuming, []
        for channel, tag in consuming:
            try:
                channel.basic_cancel(tag, nowait=True)
            except BROKER_ERRORS:
                return

    def stop(self) -> None:
        """Drop the connection; unacknowledged messages go back to their queues."""
        self.link.stop()

    def _setup(self, connection: Any) -> None:
        self._consuming = []
        for subscription in self._subscriptions:
            channel = connection.channel()
            channel.auto_decode = False
            subscription.declare(channel)
            channel.basic_qos(0, subscription.prefetch, False)
            tag = channel.basic_consume(subscription.queue, callback=subscription.on_message)
            self._consuming.append((channel, str(tag)))

    def _lost(self) -> None:
        self._consuming = []
        for subscription in self._subscriptions:
            subscription.lost()


def acknowledge(message: Any) -> None:
    """Acknowledge on the channel that delivered; on a lost connection the broker delivers again."""
    try:
        message.channel.basic_ack(message.delivery_tag)
    except ANSWER_ERRORS:
        return


def give_back(message: Any) -> None:
    """Return a message to its queue at once (it counts as a delivery)."""
    try:
        message.channel.basic_reject(message.delivery_tag, requeue=True)
    except ANSWER_ERRORS:
        return


def body_bytes(message: Any) -> bytes:
    """The raw body, whatever py-amqp made of it."""
    body = message.body
    return body.encode() if isinstance(body, str) else bytes(body)
