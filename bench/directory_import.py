"""An import of 2,000 services, 1,200 locations and 7,000 schedules: seconds and memory, in a process of its own.

Run with ``make bench PART=directory_import`` while IMIGR_TEST_MONGO_URI names a database server.
"""

from __future__ import annotations

import csv
import io
import resource
import sys
import time
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.report import Row, alone, save, table
from imigr_directory.domain import Act
from imigr_directory.exchange import importing, setting
from imigr_directory.exchange.importing import Order
from imigr_directory.seeding import read
from imigr_directory.storage import INDEXES, MongoRecords
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing.servers import MONGO_URI, address

SERVICES, LOCATIONS, SCHEDULES = 2000, 1200, 7000
DAYS = ("MO", "TU", "WE", "TH", "FR")


def package() -> bytes:
    """The data package: every tenth id is no UUID, and schedules come one to a day as real files have them."""
    tables = {
        "organizations.csv": _organizations(),
        "services.csv": _services(),
        "locations.csv": _locations(),
        "service_at_location.csv": (
            ["id", "service_id", "location_id"],
            ([_id("at", n), _id("service", n), _id("location", n % LOCATIONS)] for n in range(SERVICES)),
        ),
        "schedules.csv": (
            ["id", "service_id", "freq", "byday", "opens_at", "closes_at"],
            (
                [_id("schedule", n), _id("service", n % SERVICES), "WEEKLY", DAYS[n // SERVICES], "08:30", "17:00"]
                for n in range(SCHEDULES)
            ),
        ),
        "phones.csv": (
            ["id", "service_id", "number"],
            ([_id("phone", n), _id("service", n), f"+216 71 {n:06}"] for n in range(SERVICES)),
        ),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (header, rows) in tables.items():
            archive.writestr(name, _csv(header, rows))
    return file.getvalue()


def _organizations() -> tuple[list[str], Iterable[Sequence[str]]]:
    rows = ([_id("organization", n), f"Organisation {n}", "Une association"] for n in range(200))
    return ["id", "name", "description"], rows


def _services() -> tuple[list[str], Iterable[Sequence[str]]]:
    header = ["id", "organization_id", "name", "description", "status"]
    text = "Accueil, écoute et orientation des personnes. " * 8
    return header, (
        [_id("service", n), _id("organization", n % 200), f"Service numéro {n}", text, "active"]
        for n in range(SERVICES)
    )


def _locations() -> tuple[list[str], Iterable[Sequence[str]]]:
    rows = (
        [_id("location", n), f"Lieu {n}", f"{36.85 + n / 100_000:.5f}", f"{10.15 + n / 100_000:.5f}"]
        for n in range(LOCATIONS)
    )
    return ["id", "name", "latitude", "longitude"], rows


def _id(table: str, number: int) -> str:
    return f"{table}-{number}" if number % 10 == 0 else str(uuid.uuid5(uuid.NAMESPACE_OID, f"{table}{number}"))


def _csv(header: list[str], rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()


def measure() -> list[Row]:
    """Import twice on a fresh database; the second time changes nothing."""
    client: MongoClient[dict[str, Any]] = MongoClient(address(MONGO_URI), tz_aware=True, w="majority", journal=True)
    db = client[f"bench_{uuid.uuid4().hex[:8]}"]
    try:
        ensure_indexes(db, INDEXES)
        seed = read(Path(__file__).resolve().parents[1] / "data")
        around = setting.around(seed.municipalities, {term.code: term for term in seed.terms})
        records = MongoRecords(db, Stamp("directory", "bench", SystemClock(), new_id))
        order = Order("package", "bench", "raoued", theme="health")
        content = package()
        seconds = [_seconds(content, order, around, records) for _ in range(2)]
    finally:
        client.drop_database(db.name)
        client.close()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = f"import of {SERVICES} services, {LOCATIONS} locations, {SCHEDULES} schedules"
    return [
        alone(what, seconds[0], "s", 60, "lower"),
        alone("the same again, which changes nothing", seconds[1], "s", 60, "lower"),
        alone("memory of the process at its highest", megabytes, "MB", 500, "lower"),
    ]


def _seconds(content: bytes, order: Order, around: importing.Around, records: MongoRecords) -> float:
    begin = time.perf_counter()
    found, _ = importing.run(io.BytesIO(content), order, around, records, Act("bench", ""), lambda *_: None)
    print(dict(found.outcome), dict(found.came_in), file=sys.stderr)
    return time.perf_counter() - begin


if __name__ == "__main__":
    measured = measure()
    print(table(measured))
    save(measured, "directory_import")
