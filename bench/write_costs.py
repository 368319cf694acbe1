"""What a write costs: answers per second, the same until everything was heard, and processor time by process.

``python -m bench.write_costs`` prints the table and writes ``bench/out/write_costs.json``. Who answers first and tells
later has not saved the telling: so each load is also timed until the last event of it was taken note of, and the
processor time counts until then.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import load
from bench.events_rows import Staff
from bench.guichet_rows import hold_requests, median_of
from bench.platform_rows import DESKS, HOST, floor_rate, floors, iter_starts, rate, running, widen
from bench.report import Row, against, alone, save, table

PARTS = ("gateway", "guichet", "events", "notifications", "mongod", "rabbitmq")
TICK = 1000 / os.sysconf("SC_CLK_TCK")
DRAIN_SECONDS = 60.0


@dataclass(frozen=True)
class Cost:
    """One kind of write under load. ``spent``: milliseconds of processor time for each, by process."""

    per_second: float
    until_heard: float
    drained: float
    spent: Mapping[str, float]


def measure(seconds: float) -> list[Row]:
    """All rows, the floors first."""
    with running("bench-writes") as platform, floors(platform) as floor_port:
        guichet, port = widen(platform), platform.port("gateway")
        noop = alone("Flask + no-op RPC", rate(floor_port, "/noop", seconds), "requests/s")
        stored = against("RPC + one durable insert", floor_rate(floor_port, "store", seconds), "requests/s", noop)
        told = against(
            "the same, its event published and heard", floor_rate(floor_port, "tell", seconds), "requests/s", noop
        )
        rows = [noop, stored, told]
        book = Books(platform)
        starts = iter_starts(platform, guichet)
        for name, phone, some, aim in (
            ("booking", False, starts[0], 0.6),
            ("booking with a phone number", True, starts[1], 0.5),
        ):
            makers = booking(guichet, some, phone=phone)
            rows += told_rows(name, book.cost(port, makers, seconds, heard=2 if phone else 1), noop, aim)
        event = Staff(platform).publish(capacity=5000)
        rows += told_rows("registration", book.cost(port, registering(event), seconds, heard=1), noop, 0.6)
        one = alone("no-op RPC, one at a time, p50", median_of(floor_port, [load.get(HOST, "/noop")] * 200, 200), "ms")
        insert = median_of(floor_port, [load.post(HOST, "/store", b'{"topic": "information"}')] * 200, 201)
        held = median_of(port, hold_requests(platform, guichet), 201)
        rows += [one, against("bare RPC and one durable insert, p50", insert, "ms", one, None, "lower")]
        book.close()
        return [*rows, against("hold, p50", held, "ms", one, 3.0, "lower")]


def told_rows(name: str, cost: Cost, noop: Row, aim: float) -> list[Row]:
    """The rows of one kind of write."""
    spent = [alone(f"{name}: processor time of {part}", ms, "ms each") for part, ms in cost.spent.items() if ms > 0.05]
    return [
        against(name, cost.per_second, "requests/s", noop, aim),
        against(f"{name}, until everything was heard", cost.until_heard, "requests/s", noop),
        alone(f"{name}: what was left to hear took", cost.drained, "s"),
        *spent,
        alone(f"{name}: processor time in all", sum(cost.spent.values()), "ms each"),
    ]


class Books:
    """Counts what was written and what was heard, in the databases of a platform."""

    def __init__(self, platform: Any) -> None:
        from pymongo import MongoClient

        self._client: MongoClient[dict[str, Any]] = MongoClient(platform.admin_environment()["IMIGR_TEST_MONGO_URI"])
        self._pids = {part: platform.process(part).pid for part in PARTS}

    def close(self) -> None:
        """Let go of the database."""
        self._client.close()

    def cost(self, port: int, makers: load.RequestMaker, seconds: float, *, heard: int) -> Cost:
        """Load for so long, then wait until each write has left ``heard`` slips at notifications."""
        self._wait(lambda: not self._unsent())
        written, slips, before, begun = self._written(), self._slips(), self._spent(), time.perf_counter()
        outcome = load.run(port, makers, seconds=seconds, expect=201)
        if outcome.others:
            print(f"answers other than 201: {outcome.others}", file=sys.stderr)
        ended, made = time.perf_counter(), self._written() - written
        self._wait(lambda: self._slips() - slips >= made * heard and not self._unsent())
        drained = time.perf_counter() - ended
        spent = {part: (ms - before[part]) / made for part, ms in self._spent().items()}
        return Cost(outcome.per_second, made / (ended + drained - begun), drained, spent)

    def _written(self) -> int:
        """Appointments and registrations there are."""
        size = {"$size": {"$ifNull": ["$registrations", []]}}
        found = self._client["imigr_events"]["events"].aggregate([{"$group": {"_id": None, "n": {"$sum": size}}}])
        registrations = sum(int(row["n"]) for row in found)
        return self._client["imigr_guichet"]["appointments"].count_documents({}) + registrations

    def _slips(self) -> int:
        return self._client["imigr_notifications"]["kit_inbox"].count_documents({})

    def _unsent(self) -> bool:
        asked = {"unsent": True}
        rows = (self._client["imigr_guichet"]["appointments"], self._client["imigr_events"]["events"])
        return any(one.find_one(asked, {"_id": 1}) is not None for one in rows)

    def _wait(self, is_done: Callable[[], bool]) -> None:
        give_up = time.perf_counter() + DRAIN_SECONDS
        while not is_done():
            if time.perf_counter() > give_up:
                raise RuntimeError("not everything was heard in time")
            time.sleep(0.05)

    def _spent(self) -> dict[str, float]:
        """Milliseconds of processor time so far, by process with its children."""
        return {part: sum(_ticks(one) for one in family(pid)) * TICK for part, pid in self._pids.items()}


def booking(guichet: str, starts: list[str], *, phone: bool) -> load.RequestMaker:
    """Every client has starts of its own, and every visitor an address (and a phone number) of its own."""

    def bodies(process: int, thread: int) -> Iterator[bytes]:
        mine = starts[(process * 8 + thread) :: 16]
        for number, start in enumerate(start for _ in range(DESKS) for start in mine):
            one = (process * 8 + thread) * 100_000 + number + 1 + (10_000_000 if phone else 0)
            body = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr"}
            if phone:
                body["phone"] = f"+2162{one % 10_000_000:07d}"
            address = f"102.{one % 200}.{one // 200 % 250}.{one // 50_000 % 250}"
            headers = {"Idempotency-Key": str(uuid.uuid4()), "X-Forwarded-For": address}
            yield load.post(HOST, "/api/v1/appointments", json.dumps(body).encode(), headers)

    return bodies


def registering(event_id: str) -> load.RequestMaker:
    """Requests for one place each, under a key of its own."""

    def bodies(_process: int, _thread: int) -> Iterator[bytes]:
        body = json.dumps({"places": 1}).encode()
        while True:
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            yield load.post(HOST, f"/api/v1/events/{event_id}/registrations", body, headers)

    return bodies


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def main() -> int:
    """Exit code 0 also when an aim is missed: the table says so; a benchmark is no test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each measurement")
    rows = measure(parser.parse_args().seconds)
    print(table(rows))
    save(rows, "write_costs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
