"""The command line does what staff do over HTTP, under the same rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imigr_guichet.bookings_cli import METHODS
from imigr_guichet.cli import cli
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.handlers.office import Office

TOWN = ("--municipality", "la-marsa")


@pytest.fixture
def run(guichet_env: dict[str, str], office: Office) -> Any:
    """Run one command of the group on the test's database."""

    def command(*words: str) -> Result:
        return CliRunner().invoke(cli, ["bookings", *words], env=guichet_env)

    return command


def test_every_command_explains_itself(run: Any) -> None:
    """With its fields as options."""
    for name in METHODS:
        shown = run(name, "--help")
        assert shown.exit_code == 0, shown.output


def test_a_plan_is_previewed_changed_and_its_worklist_read(run: Any, la_marsa: Guichet, tmp_path: Path) -> None:
    """From the machine's own clock: a booking on the next guichet day, which is then closed."""
    of = (*TOWN, "--guichet-id", la_marsa.id)
    slots = json.loads(run("list-slots", "--guichet-id", la_marsa.id, "--topic", "information").output)
    day = slots["days"][-1]
    booked = run("book", *of, "--start", day["slots"][0]["start"], "--topic", "information", "--language", "fr")
    assert json.loads(booked.output)["link"].startswith("la-marsa.a-")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"exceptions": [{"date": day["date"]}]}))
    shown = json.loads(run("preview-plan", *of, "--version", "1", "--plan", str(plan)).output)
    assert [one["reason"] for one in shown["stranded"]] == ["plan_changed"]
    changed = json.loads(run("change-plan", *of, "--version", "1", "--plan", str(plan)).output)
    assert changed["version"] == 2
    assert len(json.loads(run("worklist", *of).output)["items"]) == 1
    refused = run("change-plan", *of, "--version", "1", "--plan", str(plan))
    assert refused.exit_code == 1
    assert "guichet.plan_changed" in refused.output


def test_bad_input_is_told_field_by_field(run: Any, la_marsa: Guichet, tmp_path: Path) -> None:
    """Shapes by the schema, contradictions by the plan's own check."""
    of = (*TOWN, "--guichet-id", la_marsa.id)
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"step_minutes": 7}))
    assert "step_minutes" in run("preview-plan", *of, "--version", "1", "--plan", str(plan)).output
    begin = datetime.now(UTC).replace(microsecond=0)
    absence = ("--mediator", "m1", "--start", begin.isoformat(), "--end", (begin - timedelta(hours=1)).isoformat())
    assert "ends before it begins" in run("register-absence", *of, *absence).output
