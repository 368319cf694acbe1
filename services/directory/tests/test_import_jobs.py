"""Imports that staff send: parts in order, a limit, a report; a process that dies is taken over once."""

from __future__ import annotations

import io
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
