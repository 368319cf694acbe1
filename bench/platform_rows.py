"""The figures of docs/performance.md: search, booking, relay, latency, memory, each beside its floor."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import load
from bench.report import Row, against, alone
from bench.throughput import broker_uri, raw_publisher, relay_rate

ROOT = Path(__file__).resolve().parent.parent
for folder in ("local", "provision", "demo"):
    sys.path.insert(0, str(ROOT / "deploy" / folder))

HOST = "127.0.0.1"
FLOOR_SERVICES = ("FloorService", "FloorEar")
DESKS = 12
"""Desks of the guichet that is measured: enough seats for the longest run."""


@contextmanager
def running(name: str) -> Iterator[Any]:
    """A platform of its own, deleted afterwards."""
    from imigr_local.options import Options
    from imigr_local.platform import Platform

    platform = Platform(name, Options(any_ports=True, owner=os.getpid()), say=lambda line: print(line, file=sys.stderr))
    platform.forget()
    try:
        platform.up()
        yield platform
    finally:
        platform.forget()


def measure(seconds: float) -> list[Row]:
    """All rows, the floors first."""
    with running("bench") as platform:
        memory = memory_row(platform)
        guichet = widen(platform)
        with floors(platform) as floor_port:
            flask = alone("Flask alone", rate(floor_port, "/alone", seconds), "requests/s")
            noop = alone("Flask + no-op RPC", rate(floor_port, "/noop", seconds), "requests/s")
            rows = [flask, noop, *reads(platform, flask, noop, seconds), *commands(floor_port, noop, seconds)]
            rows += writes(platform, guichet, noop, seconds)
        raw, relayed = raw_publisher(platform, seconds), relay_rate(platform)
        floor = alone("raw kombu publisher with confirms", raw, "events/s")
        rows += [floor, against("outbox relay", relayed, "events/s", floor, 0.5)]
        return [*rows, *latency(platform, guichet), memory]


def bench_senders(platform: Any) -> Path:
    """The platform's table of senders, in which the administrator, as whom the floors run, may say everything too."""
    table = json.loads((platform.instance.secrets / "gateway" / "senders.json").read_text())
    table["users"]["admin"] = {"service": "*", "calls": ["*"], "serves": "*"}
    path = Path(platform.instance.folder, "bench-senders.json")
    path.write_text(json.dumps(table))
    return path


@contextmanager
def floors(platform: Any) -> Iterator[int]:
    """The floor applications under gunicorn with the gateway's own settings."""
    from imigr_kit.testing.processes import free_port

    port = free_port()
    folder = platform.instance.secrets / "gateway"
    env = os.environ | {
        "IMIGR_AMQP_URI": (folder / "amqp_uri").read_text().strip(),
        "IMIGR_SENDERS": str(bench_senders(platform)),
        "IMIGR_GATEWAY_BIND": f"{HOST}:{port}",
        "PYTHONPATH": str(ROOT),
    }
    configuration = ROOT / "deploy" / "gateway" / "gunicorn.conf.py"
    command = [sys.executable, "-m", "gunicorn", "-c", str(configuration), "bench.floors:app"]
    storing = os.environ | {
        "IMIGR_AMQP_URI": broker_uri(platform),
        "IMIGR_SENDERS": str(bench_senders(platform)),
        "IMIGR_MONGO_URI": platform.admin_environment()["IMIGR_TEST_MONGO_URI"],
        "PYTHONPATH": str(ROOT),
    }
    with ExitStack() as started:
        for name in FLOOR_SERVICES:
            code = f"from imigr_kit.launch import launch; launch('bench.floor_service:{name}')"
            started.enter_context(_process([sys.executable, "-c", code], storing))
        started.enter_context(_process(command, env))
        _wait(port)
        yield port


@contextmanager
def _process(command: list[str], env: dict[str, str]) -> Iterator[None]:
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def commands(port: int, noop: Row, seconds: float) -> list[Row]:
    """What a command costs that does nothing but its writes: no plan, no rules, no person."""
    stored, told = floor_rate(port, "store", seconds), floor_rate(port, "tell", seconds)
    return [
        against("RPC + one durable insert", stored, "requests/s", noop),
        against("the same, its event published and heard", told, "requests/s", noop),
    ]


def floor_rate(port: int, method: str, seconds: float) -> float:
    """Commands per second of the floor service: ``store`` or ``tell``."""
    body = json.dumps({"guichet_id": "x" * 36, "start": "2026-11-26T07:30:00Z", "topic": "information"}).encode()
    request = load.post(HOST, f"/{method}", body)
    return load.run(port, lambda process, thread: itertools.repeat(request), seconds=seconds, expect=201).per_second


def rate(port: int, path: str, seconds: float) -> float:
    """Requests per second of one path."""
    request = load.get(HOST, path)
    return load.run(port, lambda process, thread: itertools.repeat(request), seconds=seconds).per_second


def reads(platform: Any, flask: Row, noop: Row, seconds: float) -> list[Row]:
    """Search through the gateway, from the cache and not."""
    port = platform.port("gateway")
    words = [quote(word) for word in ("صحة", "pharmacie", "المرسى", "ecole", "poste", "clinic", "marsa", "raoued")]

    def uncached(process: int, thread: int) -> Iterator[bytes]:
        for number in itertools.count():
            word = words[number % len(words)]
            yield load.get(
                HOST, f"/api/v1/services?q={word}&per_page=10&latitude=36.{process}{thread}{number:06d}&longitude=10.3"
            )

    cached = rate(port, f"/api/v1/services?q={words[0]}&per_page=10", seconds)
    asked = load.run(port, uncached, seconds=seconds)
    return [
        against("cached search", cached, "requests/s", flask, 0.5),
        against("uncached search", asked.per_second, "requests/s", noop),
    ]


def writes(platform: Any, guichet: str, noop: Row, seconds: float) -> list[Row]:
    """Bookings through the gateway, without and with a phone number."""
    starts = iter_starts(platform, guichet)
    plain = booking_rate(platform, guichet, starts[0], seconds, phone=False)
    phoned = booking_rate(platform, guichet, starts[1], seconds, phone=True)
    return [
        against("booking", plain, "requests/s", noop, 0.6),
        against("booking with a phone number", phoned, "requests/s", noop, 0.5),
    ]


def booking_rate(platform: Any, guichet: str, starts: list[str], seconds: float, *, phone: bool) -> float:
    """Accepted bookings per second; every client has starts of its own, each start is asked once per desk."""
    port = platform.port("gateway")

    def bodies(process: int, thread: int) -> Iterator[bytes]:
        mine = starts[(process * 8 + thread) :: 16]
        for number, start in enumerate(start for _ in range(DESKS) for start in mine):
            body: dict[str, Any] = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr"}
            if phone:
                body["phone"] = f"+2162{(process * 8 + thread) * 100_000 + number:07d}"
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            yield load.post(HOST, "/api/v1/appointments", json.dumps(body).encode(), headers)

    outcome = load.run(port, bodies, seconds=seconds, expect=201)
    if outcome.others:
        print(f"answers other than 201 while booking: {outcome.others}", file=sys.stderr)
    return outcome.per_second


def iter_starts(platform: Any, guichet: str) -> tuple[list[str], list[str]]:
    """Free starts, those of the first days and those of the later days."""
    from imigr_demo.http import Site

    site = Site(f"http://{HOST}:{platform.port('gateway')}")
    path = f"/api/v1/guichets/{guichet}/slots?topic=information&language=fr&days=60&limit=1000"
    found = [slot["start"] for day in site.get(path).body["days"] for slot in day["slots"]]
    return found[: len(found) // 2], found[len(found) // 2 :]


def widen(platform: Any) -> str:
    """Give La Marsa's guichet DESKS desks and every working day, so that seats do not run out; its id."""
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]] = MongoClient(platform.admin_environment()["IMIGR_TEST_MONGO_URI"])
    desks = [{"code": f"b{n:02d}", "languages": ["fr"], "topics": ["information"]} for n in range(DESKS)]
    rule = {"rrule": "FREQ=DAILY", "spans": [["08:00", "18:00"]], "valid_from": "2026-01-01", "valid_until": None}
    guichets = client["imigr_guichet"]["guichets"]
    guichets.update_one({"municipality": "la-marsa"}, {"$set": {"desks": desks, "rules": [rule]}})
    row = guichets.find_one({"municipality": "la-marsa"})
    client.close()
    assert row is not None
    time.sleep(2.5)  # the service's plan cache of two seconds
    return str(row["_id"])


def latency(platform: Any, guichet: str) -> list[Row]:
    """From the 201 at the client to the message planned by notifications' handler, one booking at a time."""
    from imigr_demo.http import Site
    from pymongo import MongoClient

    site = Site(f"http://{HOST}:{platform.port('gateway')}")
    client: MongoClient[dict[str, Any]] = MongoClient(platform.admin_environment()["IMIGR_TEST_MONGO_URI"])
    slips = client["imigr_notifications"]["kit_inbox"]
    _settle(slips)
    starts = iter_starts(platform, guichet)[0]
    took: list[float] = []
    for number in range(120):
        body = {"guichet_id": guichet, "start": starts[number], "topic": "information", "language": "fr"}
        made = site.post("/api/v1/appointments", body, Idempotency_Key=str(uuid.uuid4()))
        answered = time.perf_counter()
        if made.status != 201:
            continue
        slip = f"on_appointment:{made.body['id']}"
        while slips.find_one({"_id": slip}, {"_id": 1}) is None:
            pass
        took.append((time.perf_counter() - answered) * 1000)
    client.close()
    took.sort()
    half, most = took[len(took) // 2], took[int(len(took) * 0.99)]
    return [
        alone("from 201 to the other service's handler, p50", half, "ms", 30.0, "lower"),
        alone("from 201 to the other service's handler, p99", most, "ms", None, "lower"),
    ]


def _settle(slips: Any) -> None:
    """Wait until the backlog of the load has been handled."""
    before = -1
    while before != (now := slips.estimated_document_count()):
        before = now
        time.sleep(2)


def memory_row(platform: Any) -> Row:
    """Resident memory of all processes but the two servers and the receiving peers."""
    counted = 0
    for name in ("directory", "guichet", "events", "notifications", "accounts", "gateway", "streams"):
        counted += sum(_resident(pid) for pid in _family(platform.process(name).pid))
    return alone("resident memory without the two servers", counted / 1024, "MB", 700.0, "lower")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident(pid: int) -> int:
    """In KB; nothing for a process that has just ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")), 0))


def _wait(port: int) -> None:
    connection = load.Connection(port)
    for _ in range(200):
        if connection.exchange(load.get(HOST, "/alone")) == 200:
            return
        time.sleep(0.05)
    raise RuntimeError("the floor did not start")
