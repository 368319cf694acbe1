"""The agenda's feeds through a whole platform, each answer made anew; tickets and certificates in this process.

Run as ``python -m bench.agenda_formats``; writes ``bench/out/agenda_formats.json``.
"""

from __future__ import annotations

import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bench import load, report
from bench.platform_rows import HOST, floors, running
from bench.report import Row, alone

EVENTS = 500
ARABIC = "التعرف على خدمات البلدية ولقاء القائمين عليها، والدخول حر ومرحبا بالجميع. " * 4


def measure() -> list[Row]:
    """The no-op RPC for comparison, then feeds of 500 events, then signatures."""
    with running("bench-agenda") as platform, floors(platform) as floor_port:
        floor = alone("no-op RPC, p50", _median(floor_port, lambda _: "/noop", 200), "ms", None, "lower")
        rows = [floor]
        _fill(platform, EVENTS)
        port = platform.port("gateway")
        for name, path, aim in (
            ("iCalendar feed of 500 Arabic events, p50", "/api/v1/agenda.ics?municipality=bench", 100.0),
            ("RSS feed of 100 events, p50", "/api/v1/agenda.rss?municipality=bench", None),
            ("month view of 500 events, p50", "/api/v1/agenda/month?month=2031-01&municipality=bench", None),
        ):
            first = _median(port, partial(_first, path), 1)
            rows.append(alone(name.replace("p50", "the first time"), first, "ms", aim, "lower"))
            rows.append(alone(name, _median(port, partial(_fresh, path), 25), "ms", aim, "lower"))
        return [*rows, *_signatures()]


def _first(path: str, _: int) -> str:
    return _fresh(path, 9_999)


def _fresh(path: str, number: int) -> str:
    """A language subtag that nobody uses makes every question new to the cache."""
    return f"{path}&lang=ar-x{number:04}"


def _median(port: int, path: Callable[[int], str], times: int) -> float:
    connection = load.Connection(port)
    took = []
    for number in range(times):
        started = time.perf_counter()
        status = connection.exchange(load.get(HOST, path(number)))
        took.append((time.perf_counter() - started) * 1000)
        assert status == 200, status
    return statistics.median(took)


def _fill(platform: Any, number: int) -> None:
    """Copies of a published event, an hour apart, with Arabic texts."""
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]] = MongoClient(platform.admin_environment()["IMIGR_TEST_MONGO_URI"])
    events = client["imigr_events"]["events"]
    model = events.find_one({"state": "published"})
    assert model is not None
    start = datetime(2031, 1, 1, 8, tzinfo=UTC)
    rows = []
    for place in range(number):
        own = str(uuid.uuid4())
        begins = start + timedelta(hours=place)
        rows.append(
            model
            | {"_id": own, "municipality": "bench", "municipalities": [], "towns": ["bench"], "registrations": []}
            | {"starts_at": begins, "ends_at": begins + timedelta(hours=1), "summary": {"ar": ARABIC}, "sessions": []}
            | {"claims": [f"event:{own}"], "steps": [], "outbox": []}
        )
    events.insert_many(rows)
    client.close()


def _signatures() -> list[Row]:
    from imigr_events.domain import tickets
    from imigr_events.signing import KeyRing
    from imigr_kit.secret import Secret

    keys = KeyRing(Secret(bytes(range(32))))
    ticket = tickets.Ticket(keys.key_id, str(uuid.uuid4()), str(uuid.uuid4()), 2, datetime(2031, 1, 3, tzinfo=UTC))
    text = tickets.written(ticket, keys.sign(tickets.PURPOSE, ticket.body()))
    started, number = time.perf_counter(), 2_000
    for _ in range(number):
        read, signature = tickets.read(text)
        assert keys.verify(read.key_id, tickets.PURPOSE, read.body(), signature)
    return [alone("tickets read and verified", number / (time.perf_counter() - started), "/s")]


def main() -> int:
    """Exit code 0 also when an aim is missed: the table says so."""
    rows = measure()
    print(report.table(rows))
    report.save(rows, "agenda_formats")
    return 0


if __name__ == "__main__":
    sys.exit(main())
