"""Imports that staff ask for: the file comes in parts, a process of its own does the work and tells how far it is.

A process of its own, because reading a large file would keep the service from answering, and because whatever a file
does to it, the service goes on.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from bson import Binary
from pymongo import ReturnDocument
from pymongo.database import Database

from imigr_directory.domain import Act
from imigr_directory.errors import BadPackage, ImportDied, ImportOutOfOrder, UnknownImport
from imigr_directory.exchange import importing, sources
from imigr_directory.exchange.importing import Around, Order, Store
from imigr_kit.clock import Clock
from imigr_kit.commands import Command
from imigr_kit.errors import ImigrError
from imigr_kit.mongo import Index

Document = dict[str, Any]
IMPORTS, PARTS, LINES = "imports", "import_parts", "import_lines"
MOST_PART: Final = 512 * 1024
LEASE_SECONDS: Final = 60
MOST_TRIES: Final = 2
AT_ONCE: Final = 3
"""Imports that run beside each other, each of another town."""
READ_SECONDS: Final = 60.0
"""For reading and understanding a file, before anything of it is written."""
KEPT_SECONDS: Final = 30 * 24 * 3600
PAGE: Final = 500
RECEIVING, WAITING, RUNNING, DONE, FAILED = "receiving", "waiting", "running", "done", "failed"

INDEXES: Final = (
    Index(IMPORTS, [("state", 1), ("created", 1)], name="state"),
    Index(IMPORTS, [("created", 1)], expire_after=KEPT_SECONDS, name="kept"),
    Index(PARTS, [("created", 1)], expire_after=24 * 3600, name="kept"),
    Index(PARTS, [("job", 1), ("number", 1)], name="job"),
    Index(LINES, [("created", 1)], expire_after=KEPT_SECONDS, name="kept"),
    Index(LINES, [("job", 1), ("sort", 1), ("page", 1)], name="job"),
)


class Jobs:
    """Imports as kept."""

    def __init__(self, db: Database[Document], clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def begin(self, job: str, municipality: str, order: Order, by: str, command: Command) -> Document:
        """A new import that waits for its file; the same again for the same command. Raises KeyReused."""
        row = {
            "_id": job,
            "municipality": municipality,
            "order": asdict(order),
            "state": RECEIVING,
            "parts": 0,
            "bytes": 0,
            "by": by,
            "created": self._clock.now(),
            "tries": 0,
            "command": command.body_hash,
        }
        self._db[IMPORTS].update_one({"_id": job}, {"$setOnInsert": row}, upsert=True)
        kept = self.get(job, municipality)
        command.must_be(kept["command"])
        return kept

    def add(self, job: str, municipality: str, number: int, data: bytes) -> Document:
        """The next part of the file (from 0); a part that came before is not taken twice."""
        row = self.get(job, municipality)
        if number < row["parts"]:
            return row
        if row["state"] != RECEIVING or number != row["parts"] or not 0 < len(data) <= MOST_PART:
            raise ImportOutOfOrder(params={"state": row["state"], "parts": row["parts"]})
        if row["bytes"] + len(data) > sources.MOST_BYTES:
            raise BadPackage(params={"why": "too_large"})
        part = {"job": job, "number": number, "data": Binary(data), "created": self._clock.now()}
        self._db[PARTS].replace_one({"_id": f"{job}:{number}"}, part, upsert=True)
        change = {"$inc": {"parts": 1, "bytes": len(data)}}
        self._db[IMPORTS].update_one({"_id": job, "parts": number, "state": RECEIVING}, change)
        return self.get(job, municipality)

    def start(self, job: str, municipality: str) -> Document:
        """The file is whole."""
        row = self.get(job, municipality)
        if row["state"] == RECEIVING:
            if not row["parts"]:
                raise ImportOutOfOrder(params={"state": row["state"], "parts": 0})
            self._db[IMPORTS].update_one({"_id": job, "state": RECEIVING}, {"$set": {"state": WAITING}})
        return self.get(job, municipality)

    def get(self, job: str, municipality: str) -> Document:
        """One import of a municipality. Raises UnknownImport."""
        row = self._db[IMPORTS].find_one({"_id": job, "municipality": municipality})
        if row is None:
            raise UnknownImport(params={"import_id": job})
        return row

    def lines(self, job: str, municipality: str, sort: str, page: int) -> tuple[Sequence[Document], bool]:
        """A page of remarks or of the difference, and whether there are more."""
        self.get(job, municipality)
        row = self._db[LINES].find_one({"job": job, "sort": sort, "page": page})
        more = self._db[LINES].find_one({"job": job, "sort": sort, "page": page + 1}, {"_id": 1})
        return ([] if row is None else row["rows"]), more is not None

    def claim(self) -> str | None:
        """An import to run now, by its id: one that waits, or whose process has died; one at a time of each town, so
        that no town waits for the file of another."""
        now = self._clock.now()
        busy = self._db[IMPORTS].distinct("municipality", {"state": RUNNING, "until": {"$gte": now}})
        query: Document = {
            "municipality": {"$nin": busy},
            "$or": [{"state": WAITING}, {"state": RUNNING, "until": {"$lt": now}}],
        }
        change = {"$set": {"state": RUNNING, "until": now + timedelta(seconds=LEASE_SECONDS)}, "$inc": {"tries": 1}}
        row = self._db[IMPORTS].find_one_and_update(
            query, change, sort=[("created", 1)], return_document=ReturnDocument.AFTER
        )
        if row is None:
            return None
        if row["tries"] > MOST_TRIES:
            self._end(row["_id"], FAILED, {"error": ImportDied.code, "error_params": {}})
            return None
        return str(row["_id"])

    def is_reading(self, job: str) -> bool:
        """Whether it runs and has written nothing yet."""
        return self._db[IMPORTS].find_one({"_id": job, "state": RUNNING, "step": {"$ne": "writing"}}) is not None

    def give_up(self, job: str) -> None:
        """The file takes longer to read than any directory: whoever sent it is told, and nothing has changed."""
        self._end(job, FAILED, {"error": BadPackage.code, "error_params": {"why": "too_slow"}})

    def run(self, job: str, around: Around, store: Store) -> None:
        """Do it, in whatever process."""
        row = self._db[IMPORTS].find_one({"_id": job, "state": RUNNING})
        if row is None:
            return
        parts = self._db[PARTS].find({"job": job}).sort("number", 1)
        file = io.BytesIO(b"".join(bytes(part["data"]) for part in parts))
        act = Act(row["by"], _text(self._clock.now()))
        try:
            report, difference = importing.run(file, Order(**row["order"]), around, store, act, self._progress(job))
        except ImigrError as error:
            self._end(job, FAILED, {"error": error.code, "error_params": dict(error.params)})
            return
        self._keep(job, "remarks", report.pages(0, len(report.remarks)))
        self._keep(job, "difference", difference)
        self._end(job, DONE, {"report": report.summary(), "changes": len(difference)})

    def _progress(self, job: str) -> importing.Progress:
        def show(step: str, done: int, total: int) -> None:
            until = self._clock.now() + timedelta(seconds=LEASE_SECONDS)
            told = {"step": step, "done": done, "total": total, "until": until}
            self._db[IMPORTS].update_one({"_id": job, "state": RUNNING}, {"$set": told})

        return show

    def _keep(self, job: str, sort: str, rows: Sequence[Mapping[str, Any]]) -> None:
        for page, at in enumerate(range(0, len(rows), PAGE), start=1):
            said = {"job": job, "sort": sort, "page": page, "rows": list(rows[at : at + PAGE])}
            key = f"{job}:{sort}:{page}"
            self._db[LINES].replace_one({"_id": key}, said | {"created": self._clock.now()}, upsert=True)

    def _end(self, job: str, state: str, told: Document) -> None:
        change = {"$set": {"state": state, "ended": _text(self._clock.now()), **told}, "$unset": {"until": True}}
        self._db[IMPORTS].update_one({"_id": job}, change)
        self._db[PARTS].delete_many({"job": job})


class Workshop:
    """Runs imports, each in a process of its own, one of a town at a time; what reads for too long is ended."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._running: dict[str, tuple[subprocess.Popen[bytes], float]] = {}

    def look(self) -> None:
        """End what takes too long, then begin the next imports while there is room."""
        for job, (process, started) in list(self._running.items()):
            if process.poll() is None and self._is_too_slow(job, started):
                process.kill()
                process.wait()
                self._jobs.give_up(job)
            if process.poll() is not None:
                del self._running[job]
        while len(self._running) < AT_ONCE and (job_id := self._jobs.claim()) is not None:
            process = subprocess.Popen(_command(job_id), env=dict(os.environ), stdin=subprocess.DEVNULL)
            self._running[job_id] = (process, time.monotonic())

    def _is_too_slow(self, job: str, started: float) -> bool:
        return time.monotonic() - started > READ_SECONDS and self._jobs.is_reading(job)


def _command(job: str) -> list[str]:
    return [sys.executable, "-m", "imigr_directory.cli", "run-import", job]


def out(row: Document) -> Document:
    """An import on the wire."""
    names = ("state", "step", "done", "total", "bytes", "report", "changes", "error", "error_params", "ended")
    told = {name: row[name] for name in names if name in row}
    order = {name: row["order"][name] for name in ("form", "source", "dry_run")}
    return {"id": row["_id"], "municipality": row["municipality"], "created": _text(row["created"]), **order, **told}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
