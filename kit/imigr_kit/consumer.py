"""Reads one handler's queue: recognises duplicates, keeps order, sorts failures into retry and parking."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from imigr_kit.batches import GAP_TRIES, Batch, Delivery
from imigr_kit.broker import BrokerUnavailable, Outgoing
from imigr_kit.context import CallContext
from imigr_kit.errors import ImigrError, Invalid, TooMany, Unavailable
from imigr_kit.events import CloudEvent, UnreadableEvent
from imigr_kit.inbound import Receipts, Subscription, body_bytes
from imigr_kit.inbox import GapFound, Inbox, Outcome, Verdict
from imigr_kit.logs import get_logger
from imigr_kit.metrics import EVENTS_GAPS, EVENTS_HANDLED, EVENTS_PARKED, EVENTS_RETRIED, MESSAGES_REFUSED
from imigr_kit.mongo import DATABASE_ERRORS
from imigr_kit.senders import (
    OUR_HEADERS,
    Origin,
    Refused,
    check_event,
    check_exchange,
    check_intake,
    headers_of,
    is_own_copy,
    origin_of,
)
from imigr_kit.topology import (
    EVENTS_EXCHANGE,
    INTAKE_EXCHANGE,
    declare_consumer,
    parking_queue,
    redelivery_exchange,
    retry_queue,
)

if TYPE_CHECKING:
    from imigr_kit.runtime import Runtime

log = get_logger(__name__)

PREFETCH = 128
WORKERS = 4
"""How many batches of one handler run side by side."""
REPUBLISH_SECONDS = 3.0

ATTEMPT = "x-imigr-attempt"
GAPS = "x-imigr-gaps"
REASON = "x-imigr-reason"
DETAIL = "x-imigr-detail"
PARKED_AT = "x-imigr-parked-at"

NOT_COPIED = ("x-death", "x-first-death", "cc", "bcc")
"""Beginnings of headers that are the broker's own, or by which it would send a copy on under further keys."""

JSON_TYPES = frozenset({"application/cloudevents+json", "application/json"})


class UnknownEventType(Invalid):
    """The handler's pattern brought a kind of event that the handler does not know: parked, not guessed."""

    code = "kit.unknown_event_type"


def read_event(message: Any) -> CloudEvent:
    """The CloudEvent in an AMQP message: structured JSON under either content type, any parameters.

    Raises UnreadableEvent with a reason for a wrong content type, undecodable bytes, or a broken envelope.
    """
    media_type, charset = _content_type(message.properties.get("content_type") or "")
    if media_type not in JSON_TYPES:
        raise UnreadableEvent("content_type")
    try:
        text = body_bytes(message).decode(charset)
        content = json.loads(text)
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableEvent("undecodable_bytes") from error
    except ValueError as error:
        raise UnreadableEvent("not_json") from error
    return CloudEvent.from_dict(content)


def _content_type(header: str) -> tuple[str, str]:
    media_type, *parameters = (part.strip() for part in header.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return media_type.lower(), value.strip().strip('"')
    return media_type.lower(), "utf-8"


class EventConsumer:
    """The queue of one handler. Events of one aggregate run one after the other, others side by side."""

    def __init__(
        self,
        runtime: Runtime,
        entrypoint: Any,
        *,
        name: str,
        patterns: Sequence[str],
        kinds: frozenset[str] | None,
        ordered: bool,
        concerns: Callable[[CloudEvent], bool] | None = None,
    ) -> None:
        self._concerns = concerns
        self.queue = f"{runtime.settings.rpc_name}.{name}"
        self._runtime = runtime
        self._entrypoint = entrypoint
        self._name = name
        self._redelivery = redelivery_exchange(runtime.settings.rpc_name)
        self._user = runtime.publisher.user
        self._patterns = tuple(patterns)
        self._kinds = kinds
        self._delays: tuple[str, ...] = tuple(runtime.settings.retry_delays)
        self._inbox = Inbox(runtime.db, name, runtime.clock, ordered=ordered)
        self._lanes: dict[str, deque[Delivery]] = {}
        self._waiting: deque[Delivery] = deque()
        self._workers = 0
        self._is_one_to_begin = False
        self._receipts = Receipts()
        runtime.inbound.register(
            Subscription(
                queue=self.queue,
                prefetch=PREFETCH,
                declare=self._declare,
                on_message=self._on_message,
                lost=self._forget_waiting,
            )
        )

    def _declare(self, channel: Any) -> None:
        declare_consumer(channel, self.queue, self._redelivery, self._patterns, self._delays)
        if not self._patterns:
            channel.queue_bind(self.queue, INTAKE_EXCHANGE, self.queue)

    def _forget_waiting(self) -> None:
        """The broker delivers again what was not acknowledged; only what runs now is kept."""
        for one in self._waiting:
            self._lanes.pop(_lane(one), None)
        self._waiting.clear()
        for lane in self._lanes.values():
            while len(lane) > 1:
                lane.pop()

    def _on_message(self, message: Any) -> None:
        self._receipts.took(message)
        noted = headers_of(message) if is_own_copy(message, self._user, self._redelivery) else {}
        try:
            event = self._believed(message)
            if self._kinds is not None and event.kind not in self._kinds:
                raise UnreadableEvent("unknown_event_type")
        except (UnreadableEvent, Refused) as error:
            self._runtime.spawn(partial(self._park, message, str(error), type(error).__name__))
            return
        delivery = Delivery(
            event,
            message,
            attempt=_count(noted, ATTEMPT),
            gaps=_count(noted, GAPS),
            has_effect=self._concerns is None or self._concerns(event),
        )
        lane = self._lanes.setdefault(_lane(delivery), deque())
        lane.append(delivery)
        if len(lane) == 1:
            self._waiting.append(delivery)
            self._begin()

    def _believed(self, message: Any) -> CloudEvent:
        """The event, when its sender may say it; raises UnreadableEvent or Refused."""
        origin = self._origin(message)
        try:
            check_exchange(origin, EVENTS_EXCHANGE if self._patterns else INTAKE_EXCHANGE)
            event = read_event(message)
            if self._patterns:
                check_event(origin, message, event, self._runtime.senders, self._patterns)
            else:
                check_intake(origin, message, event, self._runtime.senders, self.queue)
        except Refused as refused:
            self._note_refusal(refused, origin)
            raise
        return event

    def _note_refusal(self, refused: Refused, origin: Origin) -> None:
        MESSAGES_REFUSED.labels(self._name, refused.reason).inc()
        log.error("message.refused", handler=self._name, reason=refused.reason, sender=origin.user)

    def _origin(self, message: Any) -> Origin:
        return origin_of(message, self._user, self._redelivery)

    def _headers(self, message: Any) -> dict[str, Any]:
        """Headers for a copy: its origin, and what this consumer has noted; others cannot speak in its name."""
        left_out = NOT_COPIED if is_own_copy(message, self._user, self._redelivery) else (*NOT_COPIED, OUR_HEADERS)
        kept = {name: value for name, value in headers_of(message).items() if not name.lower().startswith(left_out)}
        return kept | self._origin(message).headers()

    def _begin(self) -> None:
        """Start a worker if there is work and none is about to begin."""
        if not self._waiting or self._is_one_to_begin or self._workers >= WORKERS:
            return
        batch = Batch(self._waiting, self._inbox, self._begun)
        self._workers += 1
        self._is_one_to_begin = True
        try:
            self._entrypoint.container.spawn_worker(
                self._entrypoint, (batch,), {}, handle_result=partial(self._finished, batch)
            )
        except Exception:
            log.exception("event.not_spawned", handler=self._name)
            for one in batch.take():
                self._receipts.give_back(one.message)
                self._next(one)
            self._workers -= 1

    def _begun(self) -> None:
        self._is_one_to_begin = False

    def _finished(self, batch: Batch, _worker: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        self._workers -= 1
        outcomes: Sequence[Outcome] = result if exc_info is None else [exc_info[1]] * len(batch.take())
        settled = list(zip(batch.deliveries, outcomes, strict=True))
        try:
            self._done([(one, verdict) for one, verdict in settled if isinstance(verdict, Verdict)])
            for one, error in settled:
                if isinstance(error, Exception):
                    self._failed(one, error)
        finally:
            self._runtime.wake_if_dirty()
            for one in batch.deliveries:
                self._next(one)
            self._begin()
        return None, None

    def _done(self, settled: Sequence[tuple[Delivery, Verdict]]) -> None:
        for one, verdict in settled:
            EVENTS_HANDLED.labels(self._name, str(verdict)).inc()
            if one.gaps >= GAP_TRIES:
                EVENTS_GAPS.labels(self._name).inc()
                log.warning("event.gap_accepted", handler=self._name, id=one.event.id)
        self._receipts.acknowledge([one.message for one, _ in settled])

    def _next(self, delivery: Delivery) -> None:
        lane = self._lanes.get(_lane(delivery))
        if lane is None:
            return
        if lane and lane[0] is delivery:
            lane.popleft()
            if lane:
                self._waiting.append(lane[0])
        if not lane:
            del self._lanes[_lane(delivery)]

    def _failed(self, delivery: Delivery, error: BaseException) -> None:
        if isinstance(error, GapFound):
            self._retry(delivery, GAPS, delivery.gaps, "gap")
        elif isinstance(error, (Unavailable, TooMany, *DATABASE_ERRORS)):
            self._retry(delivery, ATTEMPT, min(delivery.attempt, 1), type(error).__name__)
        elif isinstance(error, Refused):
            self._note_refusal(error, self._origin(delivery.message))
            self._park(delivery.message, error.reason, "Refused")
        elif isinstance(error, ImigrError | ValidationError):
            self._park(delivery.message, _code(error), type(error).__name__)
        elif delivery.attempt + 1 < self._runtime.settings.attempts:
            log.error("event.failed", handler=self._name, id=delivery.event.id, exc_info=error)
            self._retry(delivery, ATTEMPT, delivery.attempt, type(error).__name__)
        else:
            log.error("event.gave_up", handler=self._name, id=delivery.event.id, exc_info=error)
            self._park(delivery.message, "handler_failed", type(error).__name__)

    def _retry(self, delivery: Delivery, counter: str, count: int, reason: str) -> None:
        """Wait in a tier and come back; the delay grows with the count, except that an outage of the
        database or a provider stays in the first two tiers, however long it lasts."""
        delay = self._delays[min(count, len(self._delays) - 1)]
        headers = self._headers(delivery.message)
        headers |= {counter: _count(headers, counter) + 1, REASON: reason}
        EVENTS_RETRIED.labels(self._name, reason).inc()
        log.info("event.retry", handler=self._name, id=delivery.event.id, reason=reason, delay=delay)
        self._move(delivery.message, retry_queue(self.queue, delay), headers)

    def _park(self, message: Any, reason: str, detail: str) -> None:
        EVENTS_PARKED.labels(self._name, reason).inc()
        log.error("event.parked", handler=self._name, reason=reason, detail=detail)
        headers = self._headers(message) | {REASON: reason, DETAIL: detail, PARKED_AT: int(time.time())}
        self._move(message, parking_queue(self.queue), headers)

    def _move(self, message: Any, queue: str, headers: dict[str, Any]) -> None:
        """Publish elsewhere, confirmed, then acknowledge: a crash in between leaves two, never none.

        The copy goes out under this service's own name, since the broker lets nobody use another's.
        """
        copy = Outgoing(
            self._redelivery,
            queue,
            body_bytes(message),
            content_type=message.properties.get("content_type") or "application/octet-stream",
            headers=headers,
            message_id=message.properties.get("message_id"),
        )
        try:
            self._runtime.publisher.publish([copy], seconds=REPUBLISH_SECONDS)
        except BrokerUnavailable:
            self._runtime.pause(1.0)
            self._receipts.give_back(message)
            return
        self._receipts.acknowledge([message])


def _count(headers: dict[str, Any], name: str) -> int:
    value = headers.get(name, 0)
    return value if isinstance(value, int) else 0


def _code(error: ImigrError | ValidationError) -> str:
    return error.code if isinstance(error, ImigrError) else "invalid_data"


def _lane(delivery: Delivery) -> str:
    return delivery.event.subject or delivery.event.id


def event_context(data: dict[str, Any]) -> CallContext:
    """The context a worker runs under, from what travelled with its call or event."""
    return CallContext(
        correlation_id=data.get("correlation_id") or "",
        causation_id=data.get("causation_id"),
        traceparent=data.get("traceparent"),
        deadline=data.get("deadline"),
    )
