"""Who sent a message, and whether that one may say it (promise 9).

RabbitMQ verifies AMQP's ``user_id`` against the connection that publishes, so it is the one word about the sender that
nobody can forge. Everything else in a message (body, headers, ``CC``, ``BCC``) is what the sender likes to claim.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from imigr_kit.events import CloudEvent
from imigr_kit.secret import Secret
from imigr_kit.topology import RPC_EXCHANGE

ANY = "*"
SENDER = "x-imigr-sender"
EXCHANGE = "x-imigr-exchange"
ROUTING_KEY = "x-imigr-routing-key"
OUR_HEADERS = "x-imigr-"
"""Headers that only the consumer itself writes; of a message from elsewhere they are thrown away."""
LOOK_SECONDS = 5.0
"""How old the table may be: a part that was added is believed so soon without a restart."""


class Refused(Exception):
    """A message is not believed; the text is a stable reason code."""

    @property
    def reason(self) -> str:
        """The code, for headers, logs and metrics."""
        return str(self)


@dataclass(frozen=True)
class Sender:
    """What one broker user may say: events of one service (``*`` any), of some towns (all when empty), calls of some
    methods, and answers of the RPC name that it serves."""

    service: str
    municipalities: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    serves: str = ""

    def may_call(self, method: str) -> bool:
        """Whether it may call the method, of any service."""
        return method in self.calls or ANY in self.calls

    def may_answer(self, rpc_name: str) -> bool:
        """Whether an answer from it is one of the service that was asked."""
        return self.serves in (rpc_name, ANY)


class Senders:
    """The table of users, from the file that provisioning writes; read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._looked_at, self._changed_at = float("-inf"), -1
        self._table: dict[str, Sender] = {}
        self._read()

    def of(self, user: str) -> Sender:
        """What the user may say; raises Refused for one that the table does not know."""
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._read()
        sender = self._table.get(user)
        if sender is None:
            raise Refused("unknown_sender")
        return sender

    def _read(self) -> None:
        """Raises OSError or ValueError at the start only; a file unreadable later leaves the table as it is."""
        with self._lock:
            is_first = self._changed_at < 0
            self._looked_at = time.monotonic()
            try:
                changed_at = self._path.stat().st_mtime_ns
                if changed_at != self._changed_at:
                    self._table = table(self._path.read_text(encoding="utf-8"))
                    self._changed_at = changed_at
            except (OSError, ValueError):
                if is_first:
                    raise


def table(text: str) -> dict[str, Sender]:
    """The users in a JSON text ``{"users": {<user>: {"service", "municipalities", "calls", "serves"}}}``; raises
    ValueError."""
    try:
        return {user: _sender(raw) for user, raw in json.loads(text)["users"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("must name what each user of the broker may say") from error


def _sender(raw: Mapping[str, Any]) -> Sender:
    return Sender(
        service=raw["service"],
        municipalities=frozenset(raw.get("municipalities", ())),
        calls=frozenset(raw.get("calls", ())),
        serves=raw.get("serves", ""),
    )


def user_of(uri: Secret[str]) -> str:
    """The user of a broker address, under whose name it publishes."""
    return unquote(urlsplit(uri.reveal()).username or "guest")


@dataclass(frozen=True)
class Origin:
    """How a message came to the first queue it lay in."""

    user: str
    exchange: str
    routing_key: str

    def headers(self) -> dict[str, str]:
        """What a copy under the consumer's own name says of it."""
        return {SENDER: self.user, EXCHANGE: self.exchange, ROUTING_KEY: self.routing_key}


def origin_of(message: Any, own_user: str, redelivery: str) -> Origin:
    """Where a message comes from. What a copy says of its origin is believed only when the consumer itself has put it
    on its own redelivery exchange, on which nobody else may write. Never raises: what is missing is empty."""
    headers = headers_of(message)
    user = str(message.properties.get("user_id") or "")
    exchange = str(message.delivery_info.get("exchange", ""))
    if exchange == redelivery and user == own_user:
        return Origin(*(str(headers.get(name, "")) for name in (SENDER, EXCHANGE, ROUTING_KEY)))
    return Origin(user, exchange, str(message.delivery_info.get("routing_key", "")))


def is_own_copy(message: Any, own_user: str, redelivery: str) -> bool:
    """Whether the consumer itself has published it again."""
    way = (message.delivery_info.get("exchange"), message.properties.get("user_id"))
    return way == (redelivery, own_user)


def headers_of(message: Any) -> dict[str, Any]:
    """The application headers of a message, a copy."""
    return dict(message.properties.get("application_headers") or {})


def check_event(origin: Origin, message: Any, event: CloudEvent, senders: Senders, patterns: Iterable[str]) -> None:
    """Raise Refused unless the event came as its sender must send it and may be said by that one.

    Its routing key must be the one that its body gives: RabbitMQ's topic rights look at the key only, and a copy by
    ``BCC`` keeps the key of the original and shows nothing of the way it came.
    """
    sender = _sender_of(origin, message, senders)
    if origin.routing_key != event.routing_key or not is_subscribed(tuple(patterns), origin.routing_key):
        raise Refused("routing_key")
    _check_claims(sender, event)


def check_intake(origin: Origin, message: Any, event: CloudEvent, senders: Senders, queue: str) -> None:
    """The same for what is sent to one private queue by its name."""
    sender = _sender_of(origin, message, senders)
    if origin.routing_key != queue:
        raise Refused("routing_key")
    _check_claims(sender, event)


def check_exchange(origin: Origin, expected: str) -> None:
    """Raise Refused when a message came on another way than the one it is expected on."""
    if origin.exchange != expected:
        raise Refused("exchange")


def check_call(message: Any, method: str, rpc_name: str, senders: Senders) -> None:
    """Raise Refused unless the sender of an RPC request may call this method of this service."""
    user, info = str(message.properties.get("user_id") or ""), message.delivery_info
    sender = _sender_of(Origin(user, str(info.get("exchange", "")), ""), message, senders)
    if info.get("exchange") != RPC_EXCHANGE:
        raise Refused("exchange")
    if info.get("routing_key") != f"{rpc_name}.{method}":
        raise Refused("routing_key")
    if not sender.may_call(method):
        raise Refused("method")


def is_answer_of(message: Any, rpc_name: str, senders: Senders) -> bool:
    """Whether a reply was sent by the service that was asked."""
    try:
        return senders.of(str(message.properties.get("user_id") or "")).may_answer(rpc_name)
    except Refused:
        return False


def _sender_of(origin: Origin, message: Any, senders: Senders) -> Sender:
    if not origin.user:
        raise Refused("no_sender")
    if any(name.upper() in {"CC", "BCC"} for name in headers_of(message)):
        raise Refused("copied")
    return senders.of(origin.user)


def _check_claims(sender: Sender, event: CloudEvent) -> None:
    service = event.kind.partition(".")[0]
    if sender.service not in (service, ANY):
        raise Refused("type")
    if event.source.rpartition("/")[2] != service:
        raise Refused("source")
    if sender.municipalities and event.municipality not in sender.municipalities:
        raise Refused("municipality")


@lru_cache(maxsize=4096)
def is_subscribed(patterns: tuple[str, ...], routing_key: str) -> bool:
    """Whether one of the AMQP topic patterns matches the key."""
    return any(_matches(pattern.split("."), routing_key.split(".")) for pattern in patterns)


def _matches(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    first, *rest = pattern
    if first == "#":
        return any(_matches(rest, words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and first in ("*", words[0]) and _matches(rest, words[1:])
