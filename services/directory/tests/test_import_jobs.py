"""Imports that staff send: parts in order, a limit, a report; a process that dies is taken over once."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from imigr_directory.errors import BadPackage, ImportDied, ImportOutOfOrder, UnknownImport
from imigr_directory.exchange import jobs, setting, sources
from imigr_directory.exchange.importing import Order
from imigr_directory.exchange.jobs import Jobs
from imigr_directory.seeding import read
from imigr_directory.storage import MongoRecords
from imigr_kit.commands import Command
from imigr_kit.testing import FrozenClock

SEED = read(Path(__file__).parents[3] / "data")
AROUND = setting.around(SEED.municipalities, {term.code: term for term in SEED.terms})
ORDER = Order("package", "a county", "raoued")


@pytest.fixture
def kept(mongo_db: Any, clock: FrozenClock) -> Jobs:
    """Imports on a fresh database."""
    return Jobs(mongo_db, clock)


def content() -> bytes:
    """A small package."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("services.csv", "id,name,status\n1,A,active\n2,,active\n")
    return file.getvalue()


def test_a_file_comes_in_parts_and_ends_in_a_report(kept: Jobs, records: MongoRecords) -> None:
    """Parts in their order, a repeated one once; then the counts and each remark."""
    file = content()
    kept.begin("j", "raoued", ORDER, "staff-1", Command("k", "b"))
    kept.add("j", "raoued", 0, file[:50])
    kept.add("j", "raoued", 0, file[:50])
    with pytest.raises(ImportOutOfOrder):
        kept.add("j", "raoued", 2, b"x")
    kept.add("j", "raoued", 1, file[50:])
    assert kept.claim() is None
    kept.start("j", "raoued")
    assert kept.claim() == "j"
    kept.run("j", AROUND, records)
    told = jobs.out(kept.get("j", "raoued"))
    assert (told["state"], told["report"]["outcome"], told["changes"]) == ("done", {"new": 1}, 1)
    lines, more = kept.lines("j", "raoued", "remarks", 1)
    assert ([one["reason"] for one in lines if one["what"] == "quarantined"], more) == (
        ["value_missing", "theme_missing"],
        False,
    )
    assert [one["change"] for one in kept.lines("j", "raoued", "difference", 1)[0]] == ["new"]


def test_what_cannot_be_read_fails_with_its_reason(kept: Jobs, records: MongoRecords) -> None:
    """The service goes on; the import says why."""
    kept.begin("j", "raoued", ORDER, "staff-1", Command("k", "b"))
    kept.add("j", "raoued", 0, b"no zip at all")
    kept.start("j", "raoued")
    assert kept.claim() == "j"
    kept.run("j", AROUND, records)
    told = jobs.out(kept.get("j", "raoued"))
    assert (told["state"], told["error"], told["error_params"]) == (
        "failed",
        "directory.bad_package",
        {"why": "not_a_zip"},
    )


def test_a_file_over_the_limit_is_refused(kept: Jobs, mongo_db: Any) -> None:
    """Whatever the gateway let through."""
    kept.begin("j", "raoued", ORDER, "staff-1", Command("k", "b"))
    mongo_db.imports.update_one({"_id": "j"}, {"$set": {"bytes": sources.MOST_BYTES}})
    with pytest.raises(BadPackage):
        kept.add("j", "raoued", 0, b"x")


def test_an_import_is_of_its_municipality(kept: Jobs) -> None:
    """Another town sees none of it."""
    kept.begin("j", "raoued", ORDER, "staff-1", Command("k", "b"))
    with pytest.raises(UnknownImport):
        kept.get("j", "la-marsa")


def begun(kept: Jobs, job: str, town: str, order: Order, file: bytes) -> None:
    """A whole file that waits."""
    kept.begin(job, town, order, "staff-1", Command(f"key of {job}", "b"))
    for number, at in enumerate(range(0, len(file), jobs.MOST_PART)):
        kept.add(job, town, number, file[at : at + jobs.MOST_PART])
    kept.start(job, town)


def test_imports_of_towns_run_beside_each_other_and_of_one_town_in_turn(kept: Jobs) -> None:
    """No town waits for the file of another."""
    for job, town in (("a", "raoued"), ("b", "raoued"), ("c", "la-marsa")):
        begun(kept, job, town, ORDER, b"x")
    assert [kept.claim() for _ in range(3)] == ["a", "c", None]
    kept.give_up("a")
    assert kept.claim() == "b"


GARBAGE = {
    "a row of commas": b"," * 2_000_000,
    "braces": b'{"a":' * 400_000,
    "a cell without an end": b"[" * 2_000_000,
    "wide rows": b",".join(b"c%d" % n for n in range(100_000)) + b"\n" + b"x," * 700_000,
    "rows that fit nowhere": b"a,b,c,d\n" + b"1\n" * 900_000,
    "stray commas": b"a,b,c\n" + (b"x,y, " * 2_000 + b"\n") * 200,
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_of_two_megabytes_is_refused_at_its_first_rows(kept: Jobs, records: MongoRecords, what: str) -> None:
    """Whatever the form it claims: the reason is told and next to nothing of it was read."""
    for form in ("csv", "osm", "hsds", "package"):
        job = f"{what} {form}"
        begun(kept, job, "raoued", Order(form, "a county", "raoued"), GARBAGE[what])
        assert kept.claim() == job
        kept.run(job, AROUND, records)
        told = kept.get(job, "raoued")
        assert (told["state"], told["error"]) == ("failed", BadPackage.code)


def test_a_file_that_is_read_for_too_long_is_given_up(
    kept: Jobs, records: MongoRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is ended and its sender told; one that writes already is left to finish."""
    monkeypatch.setattr(jobs, "READ_SECONDS", 0.0)
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(jobs, "_command", lambda job: sleeper)
    begun(kept, "slow", "raoued", ORDER, b"x")
    workshop = jobs.Workshop(kept)
    workshop.look()
    workshop.look()
    told = kept.get("slow", "raoued")
    assert (told["state"], told["error_params"]) == ("failed", {"why": "too_slow"})


def test_a_process_that_died_is_taken_over_and_then_given_up(kept: Jobs, clock: FrozenClock) -> None:
    """Its lease runs out twice."""
    kept.begin("j", "raoued", ORDER, "staff-1", Command("k", "b"))
    kept.add("j", "raoued", 0, b"x")
    kept.start("j", "raoued")
    assert (kept.claim(), kept.claim()) == ("j", None)
    for expected in ("j", None):
        clock.advance(seconds=jobs.LEASE_SECONDS + 1)
        assert kept.claim() == expected
    assert kept.get("j", "raoued")["state"] == "failed"
    assert kept.get("j", "raoued")["error"] == ImportDied.code
