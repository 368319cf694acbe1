"""The directory's figures: search through the gateway beside a no-op RPC, and what a search costs as it grows.

Run with ``python -m bench.directory_rows``; it prints a table and writes ``bench/out/directory_rows.json``. Every
question is new to the gateway's cache.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import load
from bench.platform_rows import HOST, _family, _resident, floors, running
from bench.report import Row, against, alone, save, table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "services" / "directory"))

from bench import directory_corpus  # noqa: E402  # the path comes first
from imigr_directory.domain import Act, record_of  # noqa: E402
from imigr_directory.storage import SERVICES, record_document  # noqa: E402

SMALL, MIDDLE, LARGE = 1_000, 10_000, 100_000
ASKED = 240
READERS = 8
BATCH = 1_000


def measure(seconds: float, largest: int) -> list[Row]:
    """All rows; the no-op RPC is measured again beside each size, since the machine is shared."""
    with running("bench-directory") as platform, floors(platform) as floor_port:
        port = platform.port("gateway")
        rows: list[Row] = [_memory(platform, "the seed")]
        rest_the_press(platform)
        filled, costs = 0, dict[int, float]()
        for size in (SMALL, MIDDLE, LARGE):
            if size > largest:
                break
            fill(platform, port, filled, size)
            filled = size
            floor = alone(f"no-op RPC beside {size:,}, p50", p50(floor_port, itertools.repeat("/noop")), "ms")
            found = p50(port, questions(_fresh(size)))
            costs[size] = found / floor.value
            aim = 2.5 if size == MIDDLE else None
            rows += [floor, against(f"search in {size:,}, p50", found, "ms", floor, aim, "lower")]
            rows += _kinds(port, floor, size)
            rows += [*_readers(port, seconds, size), _memory(platform, f"{size:,} services")]
        if LARGE in costs:
            grown = costs[LARGE] / costs[SMALL]
            rows.append(alone("search in 100,000 beside 1,000 (each beside its floor)", grown, "times", 2.0, "lower"))
        return rows


def rest_the_press(platform: Any) -> None:
    """Be the one at the press, so that nobody prints brochures of thousands of services beside what is measured."""
    from pymongo import MongoClient

    until = datetime.now(UTC) + timedelta(days=1)
    with MongoClient[dict[str, Any]](platform.admin_environment()["IMIGR_TEST_MONGO_URI"]) as client:
        lease = {"$set": {"owner": "bench", "until": until}}
        client["imigr_directory"]["press"].update_one({"_id": "lease"}, lease, upsert=True)


def fill(platform: Any, port: int, first: int, size: int) -> None:
    """Store entries without events and wait until the service has taken them in."""
    from bson import Timestamp
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]] = MongoClient(platform.admin_environment()["IMIGR_TEST_MONGO_URI"])
    db = client["imigr_directory"]
    rows = (
        record_document(record_of(one, Act("bench", ""))) | {"commands": [], "outbox": [], "touched": Timestamp(0, 0)}
        for one in directory_corpus.services(size, first)
    )
    while some := list(itertools.islice(rows, BATCH)):
        db[SERVICES].insert_many(some, ordered=False)
    db["state"].update_one({"_id": "version"}, {"$inc": {"value": 1}}, upsert=True)
    client.close()
    end = time.monotonic() + 600
    for attempt in itertools.count():
        time.sleep(1)
        if _total(port, attempt) >= size:
            return
        if time.monotonic() > end:
            raise RuntimeError("the directory did not take the entries in")


def _total(port: int, attempt: int) -> int:
    address = f"http://{HOST}:{port}/api/v1/services?per_page=1&latitude=36.8&longitude=10.{attempt + 1}"
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return int(json.load(answer)["total"])
    except OSError:
        return 0


def questions(number: int, more: str = "") -> Iterator[str]:
    """Never the same question twice, so that the gateway's cache cannot answer."""
    typed = directory_corpus.words(ASKED)
    for turn in itertools.count():
        text = quote(typed[turn % len(typed)])
        yield f"/api/v1/services?q={text}&latitude=36.{85_000 + number}{turn:05d}&longitude=10.3{more}"


def _fresh(size: int) -> int:
    """Where the questions of a size begin: what was asked of another size is in the gateway's cache."""
    return 1_000 * (SMALL, MIDDLE, LARGE).index(size)


def p50(port: int, paths: Iterator[str]) -> float:
    """The median of one reader's answers, in milliseconds."""
    connection, took = load.Connection(port), list[float]()
    for number, path in enumerate(itertools.islice(paths, ASKED)):
        request = load.get(HOST, path)
        begun = time.perf_counter()
        status = connection.exchange(request)
        if status != 200:
            raise RuntimeError(f"{status} instead of 200")
        if number >= 40:
            took.append((time.perf_counter() - begun) * 1000)
    connection.close()
    return sorted(took)[len(took) // 2]


def _kinds(port: int, floor: Row, size: int) -> Iterator[Row]:
    """Other ways to ask."""
    for number, (name, more) in enumerate(
        (
            ("ten hits", "&per_page=10"),
            ("with facets and filters", "&facets=true&speaks=fr&free=true"),
            ("within 3 km by distance", "&radius_km=3&sort=distance"),
            ("a page of 100", "&per_page=100"),
        ),
        start=1,
    ):
        yield against(
            f"{name}, {size:,}, p50", p50(port, questions(_fresh(size) + number, more)), "ms", floor, None, "lower"
        )


def _readers(port: int, seconds: float, size: int) -> list[Row]:
    def asking(process: int, thread: int) -> Iterator[bytes]:
        return (load.get(HOST, path) for path in questions(_fresh(size) + 100 + process * 10 + thread))

    found = load.run(port, asking, seconds=seconds, processes=1, threads=READERS)
    if found.others:
        print(f"answers other than 200: {found.others}", file=sys.stderr)
    aim = 50.0 if size == MIDDLE else None
    return [
        alone(f"{READERS} readers in {size:,}, p95", found.percentile(0.95), "ms", aim, "lower"),
        alone(f"{READERS} readers in {size:,}", found.per_second, "searches/s"),
    ]


def _memory(platform: Any, what: str) -> Row:
    counted = sum(_resident(pid) for pid in _family(platform.process("directory").pid))
    return alone(f"resident memory of the directory with {what}", counted / 1024, "MB", None, "lower")


def main() -> int:
    """Exit code 0 also when an aim is missed: the table says so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each measurement of eight readers")
    parser.add_argument("--largest", type=int, default=LARGE, help="leave out larger directories")
    options = parser.parse_args()
    rows = measure(options.seconds, options.largest)
    print(table(rows))
    save(rows, "directory_rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
