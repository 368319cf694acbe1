"""One AMQP connection that keeps itself alive, and a publisher that knows what the broker has confirmed.

Both work with threads (gateway, tools) and with greenlets (services, where eventlet has patched
``threading``): they use nothing but ``threading`` primitives and bounded socket waits.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any

import amqp
from amqp.exceptions import AMQPError
from kombu.connection import Connection

from imigr_kit.errors import Unavailable
from imigr_kit.logs import get_logger
from imigr_kit.secret import Secret
from imigr_kit.senders import user_of
from imigr_kit.topology import PROBE_EXCHANGE

log = get_logger(__name__)

CONNECT_SECONDS = 2.0
SOCKET_SECONDS = 1.0
"""Longest single socket wait; a write that the broker does not take within it puts the connection in doubt."""
HEARTBEAT_SECONDS = 8
BACKOFF_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0)

BROKER_ERRORS: tuple[type[BaseException], ...] = (OSError, AMQPError)
ANSWER_ERRORS: tuple[type[BaseException], ...] = (*BROKER_ERRORS, AttributeError)
"""What answering on a channel raises whose connection is gone (py-amqp has cut it off by then)."""


class BrokerUnavailable(Unavailable):
    """The broker is absent, frozen, blocked, or did not confirm in time; nothing is known to be stored."""

    code = "kit.broker_unavailable"


class Link:
    """One connection owned by one reader thread, re-made whenever it is lost.

    ``setup(connection)`` runs in the reader thread on every fresh connection: it opens channels, declares
    and consumes. ``lost()`` runs once for every connection that ended. Publishing on the channels is
    allowed from any thread (py-amqp writes whole frames under a lock). A connection in doubt is dropped,
    never closed politely: closing waits on a blocked broker.
    """

    def __init__(
        self,
        uri: Secret[str],
        name: str,
        *,
        setup: Callable[[Any], None],
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._uri = uri
        self._name = name
        self._setup = setup
        self._lost = lost
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._blocked = False
        self._connection: Any = None
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self.last_error = ""

    @property
    def usable(self) -> bool:
        """True while connected and not blocked by a resource alarm of the broker."""
        return self._ready.is_set() and not self._blocked

    @property
    def blocked(self) -> bool:
        """True while the broker has announced a resource alarm (disk or memory)."""
        return self._blocked

    def start(self) -> None:
        """Start the reader thread once; returns at once, connected or not."""
        with self._guard:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name=f"amqp-{self._name}", daemon=True)
                self._thread.start()

    def wait_ready(self, seconds: float) -> bool:
        """Wait until connected, at most ``seconds``."""
        return self._ready.wait(seconds)

    def stop(self) -> None:
        """End the reader thread and drop the connection; waits at most two socket waits."""
        self._stopping.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(2 * SOCKET_SECONDS)
        self.drop()

    def drop(self) -> None:
        """Throw the connection away; the reader thread makes a new one."""
        connection = self._connection
        if connection is not None:
            transport = getattr(connection, "_transport", None)
            sock = getattr(transport, "sock", None)
            if sock is not None:
                _shut(sock)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._connect()
                failures = 0
                self._drain()
            except BROKER_ERRORS as error:
                self._note(error)
            except Exception as error:
                log.exception("broker.link_failed", link=self._name)
                self._note(error)
            finally:
                self._forget()
            if not self._stopping.is_set():
                self._stopping.wait(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])
                failures += 1

    def _connect(self) -> None:
        options = {
            "on_blocked": self._on_blocked,
            "on_unblocked": self._on_unblocked,
            "client_properties": {"connection_name": self._name},
        }
        outer = Connection(
            self._uri.reveal(),
            connect_timeout=CONNECT_SECONDS,
            heartbeat=HEARTBEAT_SECONDS,
            transport_options=options,
        )
        self._connection = outer.transport.establish_connection()
        self._connection.transport.sock.settimeout(3 * SOCKET_SECONDS)
        # py-amqp reads the socket inside basic_publish when this capability is listed; only the reader
        # thread may read. The broker was told already, so notices of blocking still arrive.
        self._connection.client_properties = self._connection.client_properties | {"capabilities": {}}
        self._setup(self._connection)
        self._connection.transport.sock.settimeout(SOCKET_SECONDS)
        self.last_error = ""
        self._ready.set()
        log.info("broker.connected", link=self._name)

    def _drain(self) -> None:
        connection = self._connection
        next_beat = 0.0
        while not self._stopping.is_set():
            try:
                connection.drain_events(timeout=SOCKET_SECONDS)
            except TimeoutError:
                pass
            now = time.monotonic()
            if now >= next_beat:
                connection.heartbeat_tick()
                next_beat = now + 1.0

    def _note(self, error: BaseException) -> None:
        reason = type(error).__name__
        if not self._stopping.is_set() and reason != self.last_error:
            log.warning("broker.link_lost", link=self._name, reason=reason)
        self.last_error = reason

    def _forget(self) -> None:
        was_ready = self._ready.is_set()
        self._ready.clear()
        self._blocked = False
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.collect()
            except BROKER_ERRORS:
                pass
        if was_ready or connection is not None:
            self._lost()

    def _on_blocked(self, _reason: str) -> None:
        self._blocked = True
        log.warning("broker.blocked", link=self._name)

    def _on_unblocked(self) -> None:
        self._blocked = False
        log.info("broker.unblocked", link=self._name)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


@dataclass(frozen=True)
class Outgoing:
    """One message to publish: raw body bytes and AMQP properties; persistent unless said otherwise."""

    exchange: str
    routing_key: str
    body: bytes
    content_type: str = "application/cloudevents+json"
    headers: dict[str, Any] = field(default_factory=dict)
    message_id: str | None = None
    persistent: bool = True

    def message(self, user: str) -> amqp.Message:
        """The AMQP message with its properties set; ``user`` is the sender, whom the broker verifies."""
        properties: dict[str, Any] = {
            "content_type": self.content_type,
            "application_headers": self.headers,
            "delivery_mode": 2 if self.persistent else 1,
            "user_id": user,
        }
        if self.message_id is not None:
            properties["message_id"] = self.message_id
        return amqp.Message(self.body, **properties)


class ConfirmedPublisher:
    """Publishes and waits for the broker's confirmation; usable from many threads at once.

    Confirmations are matched by delivery tag. When one does not come in time, the whole channel is
    thrown away with its connection, since the next acknowledgement could be taken for the wrong message.
    """

    def __init__(self, uri: Secret[str], name: str) -> None:
        self.user = user_of(uri)
        self._link = Link(uri, name, setup=self._open, lost=self._fail_pending)
        self._channel: Any = None
        self._lock = threading.Lock()
        self._tag = 0
        self._pending: OrderedDict[int, Future[None]] = OrderedDict()

    @property
    def link(self) -> Link:
        """The connection underneath (health looks at it)."""
        return self._link

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._link.start()

    def stop(self) -> None:
        """Drop the connection; whatever was not confirmed counts as not published."""
        self._link.stop()

    def publish(self, messages: Sequence[Outgoing], *, seconds: float) -> None:
        """Publish in order and return when the broker has confirmed all of them.

        Raises BrokerUnavailable when it is not connected, is blocked, refuses one, or has not confirmed
        within ``seconds``; then any of the messages may or may not be stored, so repeat them all.
        """
        deadline = time.monotonic() + seconds
        self.start()
        if not self._link.wait_ready(max(0.0, seconds / 2)) or self._link.blocked:
            raise BrokerUnavailable(retry_after=2)
        try:
            futures = [self._send(message) for message in messages]
        except BROKER_ERRORS as error:
            self._link.drop()
            raise BrokerUnavailable(retry_after=2) from error
        self._await(futures, deadline)

    def probe(self, *, seconds: float) -> None:
        """Ask whether the broker takes and confirms messages now; raises BrokerUnavailable within ``seconds``.

        The messages go nowhere. A broker under an alarm blocks a connection only once that connection publishes,
        and still takes that first message; so looking at ``link.blocked`` is not enough, and two are sent. The
        connection is kept when no confirmation comes: confirmations are matched by tag, and a new one would have
        to find out again.
        """
        deadline = time.monotonic() + seconds
        self.start()
        if not self._link.wait_ready(seconds / 2) or self._link.blocked:
            raise BrokerUnavailable(retry_after=2)
        try:
            probe = Outgoing(PROBE_EXCHANGE, "", b"", content_type="application/octet-stream", persistent=False)
            for _ in range(2):
                self._send(probe).result(max(0.0, deadline - time.monotonic()))
        except FutureTimeout as error:
            raise BrokerUnavailable(retry_after=2) from error
        except BROKER_ERRORS as error:
            self._link.drop()
            raise BrokerUnavailable(retry_after=2) from error

    def _send(self, message: Outgoing) -> Future[None]:
        future: Future[None] = Future()
        with self._lock:
            channel = self._channel
            if channel is None:
                raise BrokerUnavailable(retry_after=2)
            self._tag += 1
            self._pending[self._tag] = future
            content = message.message(self.user)
            channel.basic_publish(content, exchange=message.exchange, routing_key=message.routing_key)
        return future

    def _await(self, futures: list[Future[None]], deadline: float) -> None:
        try:
            for future in futures:
                future.result(max(0.0, deadline - time.monotonic()))
        except FutureTimeout as error:
            self._link.drop()
            raise BrokerUnavailable(retry_after=2) from error

    def _open(self, connection: Any) -> None:
        channel = connection.channel()
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        with self._lock:
            self._tag = 0
            self._channel = channel

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        for future in self._take(delivery_tag, multiple):
            future.set_result(None)

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:
        for future in self._take(delivery_tag, multiple):
            future.set_exception(BrokerUnavailable(retry_after=2))

    def _take(self, delivery_tag: int, multiple: bool) -> list[Future[None]]:
        with self._lock:
            if not multiple:
                future = self._pending.pop(delivery_tag, None)
                return [] if future is None else [future]
            taken: list[Future[None]] = []
            while self._pending and next(iter(self._pending)) <= delivery_tag:
                taken.append(self._pending.popitem(last=False)[1])
            return taken

    def _fail_pending(self) -> None:
        with self._lock:
            self._channel = None
            lost, self._pending = list(self._pending.values()), OrderedDict()
        for future in lost:
            future.set_exception(BrokerUnavailable(retry_after=2))
