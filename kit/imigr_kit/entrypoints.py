"""What a service class is made of: rpc methods, event handlers, background jobs, and its built application."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any, TypeVar

from nameko.extensions import DependencyProvider, Entrypoint
from pymongo.client_session import ClientSession

from imigr_kit.batches import Batch
from imigr_kit.commands import claimed, claiming
from imigr_kit.consumer import EventConsumer, event_context
from imigr_kit.context import use
from imigr_kit.events import CloudEvent
from imigr_kit.inbox import Outcome
from imigr_kit.logs import get_logger
from imigr_kit.rpc_server import RpcServer
from imigr_kit.runtime import Runtime

log = get_logger(__name__)

RUNTIME = "IMIGR_RUNTIME"
"""Key of nameko's configuration under which launch puts the Runtime."""
RPC_SERVER = "IMIGR_RPC_SERVER"

Method = TypeVar("Method", bound=Callable[..., Any])
Handler = Callable[[Any, CloudEvent, ClientSession], None]
Concerns = Callable[[CloudEvent], bool]


class Rpc(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """One method of the service under nameko's RPC protocol."""

    def setup(self) -> None:
        """Register the method with the process's one RPC server."""
        server: RpcServer = self.container.config[RPC_SERVER]
        server.register(self)


class OnEvent(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """One handler method with its own queue."""

    def __init__(
        self,
        patterns: tuple[str, ...],
        *,
        queue: str | None,
        kinds: frozenset[str] | None,
        ordered: bool,
        concerns: Concerns | None = None,
    ) -> None:
        super().__init__()
        self._patterns = patterns
        self._queue = queue
        self._kinds = kinds
        self._ordered = ordered
        self._concerns = concerns

    def setup(self) -> None:
        """Register the queue of this handler with the process's inbound connection."""
        EventConsumer(
            self.container.config[RUNTIME],
            self,
            name=self._queue or self.method_name,
            patterns=self._patterns,
            kinds=self._kinds,
            ordered=self._ordered,
            concerns=self._concerns,
        )


class Every(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """A background job: runs, waits, runs again; never beside itself."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin the loop."""
        self.container.spawn_managed_thread(self._loop, identifier=f"every-{self.method_name}")

    def stop(self) -> None:
        """End the loop after the run under way."""
        self._stopping.set()

    def _loop(self) -> None:
        runtime: Runtime = self.container.config[RUNTIME]
        while not self._stopping.is_set():
            done = threading.Event()

            def finished(_worker: Any, result: Any, exc_info: Any, done: threading.Event = done) -> tuple[Any, Any]:
                if exc_info is not None:
                    log.error("job.failed", job=self.method_name, exc_info=exc_info)
                runtime.wake_if_dirty()
                done.set()
                return result, None

            self.container.spawn_worker(self, (), {}, handle_result=finished)
            done.wait()
            self._stopping.wait(self._seconds)


class CallScope(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Sets the call context of the worker's greenlet; added to every service class by launch."""

    def __init__(self) -> None:
        self._scopes: dict[int, ExitStack] = {}

    def worker_setup(self, worker_ctx: Any) -> None:
        """Enter the context that travelled with the call."""
        scope = ExitStack()
        scope.enter_context(use(event_context(worker_ctx.data)))
        scope.enter_context(claiming(self.container.config[RUNTIME].claims))
        self._scopes[id(worker_ctx)] = scope

    def worker_teardown(self, worker_ctx: Any) -> None:
        """Leave it."""
        scope = self._scopes.pop(id(worker_ctx), None)
        if scope is not None:
            scope.close()


class Provided(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """The application object of the service, built once at start from the Runtime."""

    def __init__(self, build: Callable[[Runtime], Any]) -> None:
        self._build = build
        self._built: Any = None

    def setup(self) -> None:
        """Build it; an exception ends the start."""
        self._built = self._build(self.container.config[RUNTIME])

    def get_dependency(self, worker_ctx: Any) -> Any:
        """The same object for every worker."""
        return self._built


def rpc(method: Method) -> Method:
    """Serve the method by RPC. Arguments arrive as keywords; the result must be JSON; ImigrError and
    marshmallow's ValidationError reach the caller by code.

    A payload with an actor and an idempotency key is a command of staff: its key is claimed while the method runs and
    for a week, and another body or another actor under it is refused (see imigr_kit.commands).
    """
    if [one.kind for one in inspect.signature(method).parameters.values()][1:] != [inspect.Parameter.VAR_KEYWORD]:
        return rpc_part(method)  # it names its arguments, and a key is not among them

    @wraps(method)
    def as_command(self: Any, **payload: Any) -> Any:
        with claimed(method.__name__, payload):
            return method(self, **payload)

    decorated: Method = Rpc.decorator(as_command)
    return decorated


def rpc_part(method: Method) -> Method:
    """As rpc, for one of several calls that bring one command in parts, all under its key."""
    decorated: Method = Rpc.decorator(method)
    return decorated


def on_event(
    pattern: str | tuple[str, ...],
    *,
    ordered: bool = True,
    kinds: frozenset[str] | None = None,
    concerns: Concerns | None = None,
) -> Callable[[Handler], Any]:
    """Handle events whose routing key matches ``pattern`` (AMQP topic), each once and in order.

    The method ``(self, event, session)`` runs inside a transaction that also holds the inbox slip, in a rush
    together with those of other aggregates: it writes with ``session`` only, and may be run again. ``kinds``
    closes the list of known kinds (``guichet.appointment.booked``): others are parked as unknown.
    ``ordered=False`` for handlers that do not see every event of an aggregate. ``concerns`` says false of an
    event for which the handler would do nothing: the method is not called, and the slip alone is written,
    without a transaction; it must not
    raise. Domain errors park the message, outages and bugs retry it.
    """
    patterns = (pattern,) if isinstance(pattern, str) else pattern
    return lambda method: _listen(method, patterns, None, kinds, ordered, concerns)


def on_queue(name: str) -> Callable[[Handler], Any]:
    """Handle what is sent straight to the private queue ``<rpc name>.<name>``; otherwise as on_event."""
    return lambda method: _listen(method, (), name, None, False)


def every(seconds: float) -> Callable[[Method], Any]:
    """Run the method at start and again ``seconds`` after each end; failures are logged, never fatal."""

    def decorate(method: Method) -> Any:
        return Every.decorator(seconds)(method)

    return decorate


def provided(build: Callable[[Runtime], Any]) -> Any:
    """A class attribute through which methods reach what ``build`` made of the Runtime."""
    return Provided(build)


def _listen(
    method: Handler,
    patterns: tuple[str, ...],
    queue: str | None,
    kinds: frozenset[str] | None,
    ordered: bool,
    concerns: Concerns | None = None,
) -> Any:
    @wraps(method)
    def through_inbox(self: Any, batch: Batch) -> list[Outcome]:
        return batch.apply(lambda event, session: method(self, event, session))

    return OnEvent.decorator(patterns, queue=queue, kinds=kinds, ordered=ordered, concerns=concerns)(through_inbox)
