"""Import and export as the commands that an operator types."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imigr_directory.cli import cli
from imigr_directory.editions.hours import hours_lines
from imigr_directory.exchange import exporting
from imigr_directory.packs.codec import name_of
from imigr_directory.packs.handlers import build_packs
from imigr_directory.packs.storage import MongoPacks
from imigr_directory.press.towns import towns
from imigr_directory.seeding import read
from imigr_directory.storage import MongoDirectory
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.testing.servers import fresh_database

DATA = Path(__file__).parents[3] / "data"
SEED = read(DATA)
Run = Callable[..., Result]


@pytest.fixture
def run(mongo_uri: str, mongo_db: Any) -> Run:
    """Runs a command on the directory of a database with the seed's towns and themes."""

    def command(*words: str, database: str = mongo_db.name, code: int = 0) -> Result:
        env = {
            "IMIGR_MONGO_URI": mongo_uri,
            "IMIGR_MONGO_DATABASE": database,
            "IMIGR_AMQP_URI": "amqp://127.0.0.1",
            "IMIGR_DIRECTORY_KEY": base64.b64encode(bytes(32)).decode(),
        }
        result = CliRunner().invoke(cli, list(words), env=env)
        assert result.exit_code == code, result.output
        return result

    command("seed", "--data", str(DATA))
    return command


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A dirty little package."""
    file = tmp_path / "county.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("organizations.csv", "id,name,description\n1,Santé,Aide\n")
        archive.writestr(
            "services.csv", "id,organization_id,name,status,hours\n1,1,Clinique,active,24/7\n2,9,,active,\n"
        )
        archive.writestr("contacts.csv", "id,organization_id,name,title\n1,1,Leila T.,Accueil\n")
    return file


def test_an_import_shows_what_it_would_do_then_does_it_once(run: Run, package: Path, tmp_path: Path) -> None:
    """Dry run, import, import again: the difference, the report row by row, nothing new the second time."""
    told = tmp_path / "report.json"
    words = ("import", "package", str(package), "--source", "a county", "--municipality", "raoued", "--theme", "health")
    dry = run(*words, "--dry-run", "--report", str(told))
    assert "2  new (dry run: nothing was written)" in dry.output
    report = json.loads(told.read_text(encoding="utf-8"))
    assert [one["change"] for one in report["difference"]] == ["new", "new"]
    assert {(one["table"], one["row"], one["reason"]) for one in report["remarks"]} >= {
        ("service", 3, "value_missing"),
        ("contact", 2, "person_dropped"),
        ("service", 2, "hours_read"),
    }
    assert "Leila" not in told.read_text(encoding="utf-8") + dry.output
    assert "2  new\n" in run(*words).output
    assert "2  same\n" in run(*words).output
    assert "Clinique" in run("search", "clinique").output


@pytest.mark.parametrize("form", exporting.FORMS)
def test_an_export_comes_in_elsewhere_as_the_same(run: Run, mongo_uri: str, tmp_path: Path, form: str) -> None:
    """Written here, read there, written there: the same, but that an entry without a source names the publisher of the
    file as its source there."""
    first, second = tmp_path / f"here.{form}", tmp_path / f"there.{form}"
    run("export", form, str(first))
    with fresh_database() as other:
        stamp = Stamp("directory", "test", SystemClock(), new_id)
        MongoDirectory(other, stamp).seed(SEED.municipalities, SEED.terms, [])
        read_as = "package" if form == "package" else "hsds"
        run("import", read_as, str(first), "--source", "elsewhere", database=other.name)
        run("export", form, str(second), database=other.name)
    assert _told(form, second) == _told(form, first)


def _told(form: str, file: Path) -> Any:
    """What a file says of everything, but when it was written."""
    if form == "package":
        with zipfile.ZipFile(file) as archive:
            whole = {name: archive.read(name).decode() for name in archive.namelist()}
        return {name: sorted(_timeless(said).splitlines()) for name, said in whole.items()}
    text = _timeless(file.read_text(encoding="utf-8"))
    return [json.loads(line) for line in text.splitlines()] if form == "ndjson" else json.loads(text)


def _timeless(text: str) -> str:
    source = r'"+source"+:\s*\{\s*"+name"+:\s*"+elsewhere"+\s*\}'
    text = re.sub(rf"{source},\s*|,\s*{source}", "", text)
    return re.sub(r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "then", text)


def test_editions_and_feedback_are_looked_at_and_fetched(run: Run, mongo_db: Any, tmp_path: Path) -> None:
    """What is there, a pack as a file, and what readers said without their remarks; what is not there is told."""
    directory = MongoDirectory(mongo_db, Stamp("directory", "test", SystemClock(), new_id))
    packs = MongoPacks(mongo_db, directory.stamp)
    made = build_packs(packs, towns(directory)[0], hours_lines, SystemClock().now(), {})
    listed = run("editions", "list").output
    assert all(head.name in listed for head in made)
    file = tmp_path / "pack.json"
    run("editions", "pack", made[0].municipality, made[0].language, str(file))
    assert name_of(file.read_text(encoding="utf-8")) == made[0].name
    brochure = ("editions", "brochure", "raoued", "fr", "pdf", str(tmp_path / "b.pdf"))
    assert "edition_not_ready" in run(*brochure, code=1).output
    assert "wrong_phone" in run("feedback", "choices").output
    assert "0 in all" in run("feedback", "list", "raoued", "--state", "new").output
    assert json.loads(run("feedback", "counts", "raoued").output) == []
    assert json.loads(run("feedback", "reads", "raoued").output) == {"items": []}


def test_what_is_wrong_with_a_file_or_mapping_is_said(run: Run, tmp_path: Path) -> None:
    """A sentence and another exit code, no traceback."""
    bad = tmp_path / "bad"
    bad.write_text("[1", encoding="utf-8")
    assert "not_a_zip" in run("import", "package", str(bad), "--source", "x", code=1).output
    assert "not JSON" in run("import", "csv", str(bad), "--source", "x", "--mapping", str(bad), code=2).output
    assert (
        "unknown_municipality"
        in run("import", "hsds", str(bad), "--source", "x", "--municipality", "nowhere", code=1).output
    )


def test_the_help_of_an_import_is_worth_reading() -> None:
    """As a process of its own, as the operator starts it; it needs no database."""
    words = [sys.executable, "-m", "imigr_directory.cli", "import", "--help"]
    shown = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))
    for said in ("--dry-run", "a zip of CSV files", '{"columns"', "Importing twice changes nothing", "--report"):
        assert said in shown.stdout, shown.stdout + shown.stderr
