"""The closed list of the kit's metrics (Prometheus); a service declares its own with ``counter``."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)

RPC_CALLS = Counter("imigr_rpc_calls", "Calls made, by outcome: ok, refused, error", ["service", "method", "outcome"])
RPC_SECONDS = Histogram("imigr_rpc_call_seconds", "Duration of calls made", ["service", "method"], buckets=_SECONDS)
RPC_SERVED = Counter("imigr_rpc_served", "Calls answered, by outcome: ok or the error's family", ["method", "outcome"])
RPC_SERVED_SECONDS = Histogram("imigr_rpc_served_seconds", "Duration of calls answered", ["method"], buckets=_SECONDS)
EVENTS_HANDLED = Counter("imigr_events_handled", "Events handled or recognised as duplicates", ["handler", "verdict"])
EVENTS_RETRIED = Counter("imigr_events_retried", "Events sent to a retry queue", ["handler", "reason"])
EVENTS_PARKED = Counter("imigr_events_parked", "Messages parked for a person to look at", ["handler", "reason"])
MESSAGES_REFUSED = Counter(
    "imigr_messages_refused",
    "Messages whose sender may not say what they say: an attack or a wrong table",
    ["where", "reason"],
)
EVENTS_GAPS = Counter("imigr_events_gaps_accepted", "Events handled although an earlier one is missing", ["handler"])
OUTBOX_PENDING = Gauge("imigr_outbox_pending", "Events waiting in the outbox at the last look", ["collection"])
OUTBOX_PUBLISHED = Counter("imigr_outbox_published", "Events published and confirmed", ["collection"])


def counter(name: str, comment: str, labels: Sequence[str] = ()) -> Counter:
    """A counter of one service; ``name`` starts with ``imigr_<service>_``."""
    return Counter(name, comment, list(labels))


def histogram(name: str, comment: str, labels: Sequence[str], seconds: Sequence[float]) -> Histogram:
    """A histogram of one service; ``seconds`` are the upper ends of its buckets."""
    return Histogram(name, comment, list(labels), buckets=tuple(seconds))


def exposition() -> tuple[bytes, str]:
    """The current figures and their content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
