"""What travels with a call or an event through all processes: correlation, cause, trace, deadline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CallContext:
    """``correlation_id`` joins all that one request caused; ``causation_id`` is the event that led here;
    ``traceparent`` is W3C Trace Context; after ``deadline`` (aware UTC) nobody waits for the answer."""

    correlation_id: str = ""
    causation_id: str | None = None
    traceparent: str | None = None
    deadline: datetime | None = None


_current: ContextVar[CallContext] = ContextVar("imigr_call_context", default=CallContext())  # noqa: B039  # frozen


def current() -> CallContext:
    """The context of the running thread or greenlet; an empty one outside of any call."""
    return _current.get()


@contextmanager
def use(context: CallContext) -> Iterator[CallContext]:
    """Run the block under ``context``."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
