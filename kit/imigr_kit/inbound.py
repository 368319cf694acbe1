"""The connection over which a service hears: its RPC queue and the queues of its event handlers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
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


class Receipts:
    """Acknowledges the deliveries of one subscription, those that lie together by one frame.

    A tag is acknowledged once: the broker closes a channel on which one is acknowledged again. What was delivered by
    a lost channel is delivered again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channel: Any = None
        self._open: dict[int, bool] = {}

    def took(self, message: Any) -> None:
        """It was delivered; tags grow."""
        if message.channel is not self._channel:
            self._channel, self._open = message.channel, {}
        self._open[message.delivery_tag] = False

    def acknowledge(self, messages: Sequence[Any]) -> None:
        """All of them are done with."""
        with self._lock:
            tags = [one.delivery_tag for one in messages if one.channel is self._channel]
            tags = [one for one in tags if one in self._open]
            self._open.update(dict.fromkeys(tags, True))
            done = list(takewhile(self._open.__getitem__, self._open))
            single = [one for one in tags if one not in done]
            for tag in (*done, *single):
                del self._open[tag]
            try:
                if done:
                    self._channel.basic_ack(done[-1], multiple=True)
                for tag in single:
                    self._channel.basic_ack(tag)
            except ANSWER_ERRORS:
                return

    def give_back(self, message: Any) -> None:
        """Return it to its queue at once (it counts as a delivery)."""
        with self._lock:
            if message.channel is self._channel and self._open.pop(message.delivery_tag, None) is not None:
                give_back(message)


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
