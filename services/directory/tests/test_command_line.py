"""Every command on records, hours, calendars, texts and tasks, run as the operator runs it, on a real database."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imigr_directory.cli import cli
from imigr_directory.storage import MongoDirectory
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id

from .over_http import TERMS, TOWNS

Run = Callable[..., str]


@pytest.fixture
def attempt(mongo_uri: str, mongo_db: Any) -> Callable[..., Result]:
    """One command; its outcome."""
    MongoDirectory(mongo_db, Stamp("directory", "test", SystemClock(), new_id)).seed(TOWNS, TERMS, [])
    env = {
        "IMIGR_AMQP_URI": "amqp://nowhere",
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_DIRECTORY_KEY": base64.b64encode(bytes(32)).decode(),
    }
    return lambda *arguments, text="": CliRunner().invoke(cli, list(arguments), env=env, input=text)


@pytest.fixture
def run(attempt: Callable[..., Result]) -> Run:
    """One command that must succeed; what it says."""

    def said(*arguments: str, text: str = "") -> str:
        result = attempt(*arguments, text=text)
        assert result.exit_code == 0, (arguments, result.output, result.exception)
        return result.output

    return said


def opened(run: Run, kind: str = "service", state: str = "published", /, **content: Any) -> str:
    """A new record of Raoued; its id."""
    body = content or {"name": {"fr": "Accueil"}, "taxonomy": ["legal"]}
    made = json.loads(run("records", "open", kind, "raoued", "-", "--state", state, text=json.dumps(body)))
    identity: str = made["id"]
    return identity


def test_a_record_goes_through_review(run: Run, attempt: Callable[..., Result]) -> None:
    """Opened, declined, submitted, published, written, verified, restored, withdrawn; refusals end with their code."""
    made = opened(run, "service", "in_review")
    of = ("service", made)
    assert json.loads(run("records", "decline", *of, "unclear"))["waiting"] == "draft"
    assert json.loads(run("records", "submit", *of))["waiting"] == "in_review"
    assert json.loads(run("records", "publish", *of))["version"] == 1
    other = json.dumps({"name": {"fr": "Autre"}, "taxonomy": ["legal"]})
    assert json.loads(run("records", "write", *of, "-", "--state", "published", text=other))["version"] == 2
    assert json.loads(run("records", "verify", *of, "--on", "2026-11-01"))["verified_on"] == "2026-11-01"
    assert json.loads(run("records", "restore", *of, "1"))["name"] == {"fr": "Accueil"}
    assert run("records", "versions", *of).startswith("v4")
    assert json.loads(run("records", "show", *of))["state"] == "published"
    assert made in run("records", "list", "service", "raoued", "--state", "published")
    assert json.loads(run("records", "withdraw", *of))["state"] == "withdrawn"
    assert attempt("records", "withdraw", *of).exit_code != 0
    organization = opened(run, "organization", name={"fr": "Association"})
    run("records", "entrust", organization, "staff-9")
    run("records", "release", organization, "staff-9")


@pytest.mark.parametrize("kind", ["article", "alert", "location"])
def test_other_kinds_are_written_too(run: Run, kind: str) -> None:
    """Articles, alerts and locations with the same commands."""
    name = "name" if kind == "location" else "title"
    made = opened(run, kind, "published", **{name: {"fr": "Neuf"}})
    assert json.loads(run("records", "withdraw", kind, made))["state"] == "withdrawn"


def test_hours_are_set_and_days_are_excepted(run: Run, attempt: Callable[..., Result], tmp_path: Path) -> None:
    """From a template, paused and resumed, closed for a day, open on another, as usual again."""
    made = opened(run)
    rows = run("hours", "template", "tunisian_administration")
    file = tmp_path / "rows.json"
    file.write_text(rows, encoding="utf-8")
    assert "1 schedules" in run("hours", "check", str(file))
    assert json.loads(run("hours", "read", "Lun-Ven", "8h-17h"))[0]["rules"]
    assert run("hours", "set", made, "-", text=rows) == f"{made}: version 2\n"
    run("hours", "pause", made, "2026-01-01", "--reason", "works")
    assert json.loads(run("hours", "show", made))["why_closed"]["code"] == "paused"
    run("hours", "resume", made)
    run("hours", "except", made, "2026-12-24", "--last", "2026-12-26", "--reason", "event")
    run("hours", "except", made, "2026-12-27", "--open", "09:00-12:00")
    overlapping = attempt("hours", "except", made, "2026-12-25", "--last", "2026-12-28")
    assert (overlapping.exit_code, "directory.invalid_hours" in overlapping.output) == (1, True)
    content = json.loads(run("records", "show", "service", made))["content"]
    assert [one["first"] for one in content["schedules"][0]["one_offs"]] == ["2026-12-24", "2026-12-27"]
    run("hours", "as-usual", made, "2026-12-24")
    for wrong in (("as-usual", made, "2026-12-24"), ("pause", "nobody", "2026-01-01"), ("set", made, "-")):
        assert attempt("hours", *wrong, text="[{}, 1]").exit_code == 1
    assert attempt("hours", "except", made, "2026-12-30", "--open", "9 to 5").exit_code == 2


def test_a_calendar_is_settled(run: Run) -> None:
    """A feast confirmed and restored, removed; a holiday added; Ramadan settled and forgotten; the town closed."""
    shown = run("calendar", "show", "raoued")
    feast = next(line.split() for line in shown.splitlines() if " estimated " in line and "eid" in line)
    run("calendar", "confirm", "raoued", feast[2], feast[0])
    assert f"{feast[0]}  confirmed" in run("calendar", "show", "raoued")
    run("calendar", "restore", "raoued", feast[2])
    run("calendar", "remove", "raoued", feast[2])
    run("calendar", "add", "raoued", "2027-06-02", "--name", "fr=Fête de la ville")
    month = next(line.split() for line in shown.splitlines() if line.endswith("ramadan"))
    run("calendar", "period", "raoued", "ramadan", month[0], month[2])
    run("calendar", "forget", "raoued", "ramadan", month[0])
    run("calendar", "close", "raoued", "2027-06-03", "2027-06-04", "--reason", "weather")
    closure = next(line.split() for line in run("calendar", "show", "raoued").splitlines() if " closed " in line)
    run("calendar", "reopen", "raoued", closure[4])
    assert " closed " not in run("calendar", "show", "raoued")


def test_texts_tasks_and_links(run: Run, attempt: Callable[..., Result], tmp_path: Path) -> None:
    """A translation set by hand and by file; what waits; addresses collected without looking at any."""
    made = opened(run)
    assert json.loads(run("texts", "set", "service", made, "ar", "name=استقبال", "--state", "machine"))["version"] == 2
    listed = run("texts", "list", "service", made)
    assert "fr source, ar machine" in listed
    assert {line.split()[0] for line in run("tasks", "raoued").splitlines()} == {"verify", "translate"}
    assert attempt("texts", "set", "service", made, "ar", "nothing=x").exit_code == 1
    file = tmp_path / "raoued.xlf"
    assert "1 texts" in run("translations", "export", "raoued", "ar", str(file), "--kind", "service")
    assert json.loads(run("translations", "import", "raoued", str(file)))["unchanged"] == 1
    assert "0 addresses, 0 looked at" in run("links", "check")
    assert run("links", "broken", "raoued") == ""
    assert run("expire") == "0 told\n"
    assert "rebuilt" in run("rebuild")
