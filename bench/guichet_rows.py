"""The guichet's figures: slots, search and holds beside a no-op, booking by full rules, rushes for the last seats.

Run with ``python -m bench.guichet_rows``; it prints a table and writes ``bench/out/guichet.json``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import load
from bench.platform_rows import DESKS, HOST, floors, iter_starts, rate, running, widen
from bench.report import Row, against, alone, save, table

OUT = Path(__file__).resolve().parent / "out" / "guichet.json"
TOWN_HALL_BOOKINGS = 6_600
GUICHETS = 200
CLIENTS, SEATS, RUSHES = 200, 20, 10


def measure(seconds: float, rushes: int) -> list[Row]:
    """All rows, the floors first."""
    with running("bench-guichet") as platform, floors(platform) as floor_port:
        port = platform.port("gateway")
        widened = widen(platform)
        town, weekly = furnish(platform)
        time.sleep(3.0)  # the service's plan cache of two seconds
        half = _median(floor_port, itertools.repeat("/noop"))
        floor = alone("no-op RPC, one at a time, p50", half, "ms", None, "lower")
        rows = [floor]
        for name, paths, aim in (
            ("slots, weekly guichet of 3 desks", _slots(weekly, 20), 2.5),
            ("slots, half-full town hall of 10 desks", _slots(town, 5000), 8.0),
            ("next slot over 200 guichets", _search(), 8.0),
        ):
            rows.append(against(f"{name}, p50", _median(port, paths), "ms", floor, aim, "lower"))
        insert = median_of(floor_port, [load.post(HOST, "/store", b'{"topic": "information"}')] * 200, 201)
        rows.append(against("bare RPC and one durable insert, p50", insert, "ms", floor, None, "lower"))
        held = median_of(port, hold_requests(platform, widened), 201)
        rows.append(against("hold, p50", held, "ms", floor, 3.0, "lower"))
        noop = alone("Flask + no-op RPC", rate(floor_port, "/noop", seconds), "requests/s")
        starts = iter_starts(platform, widened)
        rows.append(noop)
        for phone, aim, some in ((False, 0.6, starts[0]), (True, 0.5, starts[1])):
            name = "booking by full rules" + (" with a phone number" if phone else "")
            rows.append(against(name, _bookings(port, widened, some, seconds, phone), "requests/s", noop, aim))
        rows += guesses(port, widened, starts[1][-200])
        return [*rows, *rush(platform, port, widened, rushes)]


def guesses(port: int, guichet: str, start: str) -> list[Row]:
    """Whether time tells an unknown link from one that exists in another town: asked in turn, each guess from an
    address of its own, so that every one is counted."""
    _, body = _exchange(port, _booking(guichet, start, ""))
    secret = json.loads(body)["manage_token"].partition(".")[2]
    unknown, foreign = f"elsewhere.a-{'A' * 22}", f"elsewhere.{secret}"
    took: dict[str, list[float]] = {unknown: [], foreign: []}
    connection = load.Connection(port)
    for number in range(400):
        token = (unknown, foreign)[number % 2]
        headers = {"X-Forwarded-For": f"102.{number // 200 % 250}.{number % 200}.7"}
        request = load.get(HOST, f"/api/v1/appointments/{token}", headers)
        begun = time.perf_counter()
        if connection.exchange(request) != 404:
            raise RuntimeError("a guess found something")
        took[token].append((time.perf_counter() - begun) * 1000)
    connection.close()
    half = {token: sorted(spent)[len(spent) // 2] for token, spent in took.items()}
    floor = alone("an unknown link, p50", half[unknown], "ms")
    return [floor, against("a link of another town, p50", half[foreign], "ms", floor, 1.1, "lower")]


def furnish(platform: Any) -> tuple[str, str]:
    """A town hall with 6,600 bookings and 200 guichets in the database; ids of the town hall and of a weekly one."""
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]] = MongoClient(platform.admin_environment()["IMIGR_TEST_MONGO_URI"])
    db = client["imigr_guichet"]
    model = db["guichets"].find_one({"municipality": "raoued"})
    assert model is not None
    model |= {"outbox": [], "horizon_days": 60}
    model.pop("unsent", None)
    rows = [model | {"_id": f"bench-{n:03d}", "rules": [_weekly(n % 5)]} for n in range(GUICHETS)]
    topics = [one["code"] for one in model["topics"]]
    desks = [{"code": f"h{n}", "languages": ["fr", "ar"], "topics": topics} for n in range(10)]
    hours = [["08:30", "12:30"], ["13:30", "17:30"]]
    daily = {"rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "spans": hours, "valid_from": "2026-01-01"}
    short = [one | {"minutes": 15} for one in model["topics"]]
    hall = {"_id": "bench-hall", "desks": desks, "rules": [daily], "step_minutes": 15, "topics": short}
    db["guichets"].insert_many([*rows, model | hall])
    db["appointments"].insert_many(_bookings_of_hall(model["municipality"]))
    client.close()
    return "bench-hall", "bench-000"


def rush(platform: Any, port: int, guichet: str, rounds: int) -> list[Row]:
    """200 clients at once on 20 seats, again and again: accepted, refused with the next slots, everything else."""
    seen: Counter[str] = Counter()
    took: list[float] = []
    starts = _untouched(port, guichet)
    for number in range(rounds):
        # Twelve desks at each start: one start and two thirds of the next make 20 seats.
        some = _twenty(starts, number)
        answers = _at_once(port, guichet, some)
        seen.update(kind for kind, _ in answers)
        took += [spent for _, spent in answers]
    took.sort()
    late = took[min(len(took) - 1, int(len(took) * 0.99))]
    return [
        alone(f"rush: accepted of {SEATS * rounds} seats", seen["201"], "", SEATS * rounds),
        alone("rush: refused with the next free slots", seen["409"], "", (CLIENTS - SEATS) * rounds),
        alone("rush: any other answer", sum(seen.values()) - seen["201"] - seen["409"], "", 0.0, "lower"),
        alone("rush: p99", late, "ms", 2_000.0, "lower"),
    ]


def _untouched(port: int, guichet: str) -> list[str]:
    """Starts at which no desk is taken."""
    path = f"/api/v1/guichets/{guichet}/slots?topic=information&language=fr&days=60&limit=4999"
    _, body = _exchange(port, load.get(HOST, path))
    return [slot["start"] for day in json.loads(body)["days"] for slot in day["slots"] if slot["places"] == DESKS]


def _twenty(starts: list[str], number: int) -> list[str]:
    """200 wishes for two starts of which all but 20 seats are booked before."""
    return [starts[2 * number], starts[2 * number + 1]]


def _at_once(port: int, guichet: str, starts: list[str]) -> list[tuple[str, float]]:
    for _ in range(2 * DESKS - SEATS):
        _exchange(port, _booking(guichet, starts[0], ""))
    gate = threading.Barrier(CLIENTS)
    answers: list[tuple[str, float]] = []

    def visit(number: int) -> None:
        request = _booking(guichet, starts[number % 2], "")
        gate.wait(30)
        begun = time.perf_counter()
        status, body = _exchange(port, request)
        kind = str(status) if status != 409 or "next_slots" in body else "409 without slots"
        # A start may fill up before the other: who is refused asks for the other once, as a person would.
        if status == 409:
            status, body = _exchange(port, _booking(guichet, starts[1 - number % 2], ""))
            kind = "201" if status == 201 else kind
        answers.append((kind, (time.perf_counter() - begun) * 1000))

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(CLIENTS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return answers


def _exchange(port: int, request: bytes) -> tuple[int, str]:
    import http.client

    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        method, path, _ = lines[0].split(" ")
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _booking(guichet: str, start: str, phone: str, number: int = 0) -> bytes:
    body = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr"}
    if phone:
        body["phone"] = phone
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    if number:
        headers["X-Forwarded-For"] = f"102.{number % 200}.{number // 200 % 250}.{number // 50_000 % 250}"
    return load.post(HOST, "/api/v1/appointments", json.dumps(body).encode(), headers)


def _bookings(port: int, guichet: str, starts: list[str], seconds: float, phone: bool) -> float:
    """Every visitor has an address (and a phone number) of its own, so that every limit is looked at."""

    def bodies(process: int, thread: int) -> Iterator[bytes]:
        mine = starts[(process * 8 + thread) :: 16]
        for number, start in enumerate(start for _ in range(DESKS) for start in mine):
            one = (process * 8 + thread) * 100_000 + number + 1
            yield _booking(guichet, start, f"+2162{one:07d}" if phone else "", one + (10_000_000 if phone else 0))

    outcome = load.run(port, bodies, seconds=seconds, expect=201)
    if outcome.others:
        print(f"answers other than 201 while booking: {outcome.others}", file=sys.stderr)
    return outcome.per_second


def hold_requests(platform: Any, guichet: str) -> list[bytes]:
    """Holds of starts that are free."""
    starts = iter_starts(platform, guichet)[1]
    requests = []
    for start in starts[-150:]:
        body = json.dumps({"guichet_id": guichet, "start": start, "topic": "information", "language": "fr"}).encode()
        requests.append(load.post(HOST, "/api/v1/holds", body, {"Idempotency-Key": str(uuid.uuid4())}))
    return requests


def _median(port: int, paths: Iterator[str]) -> float:
    requests = [load.get(HOST, path) for path in itertools.islice(paths, 200)]
    return median_of(port, requests, 200)


def median_of(port: int, requests: list[bytes], expect: int) -> float:
    """Milliseconds of half of the answers, one after the other; the first twenty do not count."""
    connection = load.Connection(port)
    took = []
    for number, request in enumerate(requests):
        begun = time.perf_counter()
        status = connection.exchange(request)
        if status != expect:
            raise RuntimeError(f"{status} instead of {expect}")
        if number >= 20:
            took.append((time.perf_counter() - begun) * 1000)
    connection.close()
    return sorted(took)[len(took) // 2]


def _slots(guichet: str, limit: int) -> Iterator[str]:
    """Never the same question twice, so that the gateway's cache cannot answer."""
    most = 200 if limit < 200 else limit
    for number in itertools.count():
        yield f"/api/v1/guichets/{guichet}/slots?topic=information&language=fr&days=60&limit={most - number % 200}"


def _search() -> Iterator[str]:
    for number in itertools.count():
        point = f"latitude=36.9{number:04d}&longitude=10.15&within_km=500"
        yield f"/api/v1/slots?topic=legal&languages=ff&{point}"


def _weekly(weekday: int) -> dict[str, Any]:
    day = ("MO", "TU", "WE", "TH", "FR")[weekday]
    return {"rrule": f"FREQ=WEEKLY;BYDAY={day}", "spans": [["08:30", "12:30"]], "valid_from": "2026-01-01"}


def _bookings_of_hall(municipality: str) -> list[dict[str, Any]]:
    """Every other quarter of an hour at every desk, from tomorrow on."""
    rows: list[dict[str, Any]] = []
    now = datetime.now(UTC)
    day = now.date() + timedelta(days=1)
    while len(rows) < TOWN_HALL_BOOKINGS:
        if day.weekday() < 5:
            rows += _day_of_hall(municipality, day, now)
        day += timedelta(days=1)
    return rows[:TOWN_HALL_BOOKINGS]


def _day_of_hall(municipality: str, day: date, now: datetime) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for desk, quarter in itertools.product(range(10), range(16)):
        hour, minute = divmod(450 + 30 * (quarter % 8) + (300 if quarter >= 8 else 0), 60)
        start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        one = str(uuid.uuid4())
        cells = range(int(start.timestamp()) // 300, int(start.timestamp()) // 300 + 3)
        claims = [f"key:{one}", *(f"place:bench-hall:h{desk}:{cell}" for cell in cells)]
        row: dict[str, Any] = {"_id": one, "guichet_id": "bench-hall", "municipality": municipality, "desk": f"h{desk}"}
        row |= {"day": day.isoformat(), "start": start, "end": start + timedelta(minutes=15), "state": "confirmed"}
        row |= {"topic": "information", "language": "fr", "contact_id": None, "channel": None, "version": 1}
        row |= {"message_language": "fr", "occupies": True, "changed_at": now, "claims": claims, "commands": []}
        rows.append(row)
    return rows


def main() -> int:
    """Exit code 0 also when an aim is missed: the table says so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each throughput measurement")
    parser.add_argument("--rushes", type=int, default=RUSHES, help="how many rushes of 200 clients")
    options = parser.parse_args()
    rows = measure(options.seconds, options.rushes)
    print(table(rows))
    save(rows, "guichet_rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
