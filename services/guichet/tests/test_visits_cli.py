"""The command line does what staff do over HTTP, under the same rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imigr_guichet import visits_cli
from imigr_guichet.cli import cli
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.handlers.office import Office

TOWN = ("--municipality", "la-marsa")


@pytest.fixture
def run(guichet_env: dict[str, str], office: Office) -> Any:
    """Run one command of the group on the test's database."""

    def command(*words: str) -> Result:
        return CliRunner().invoke(cli, ["visits", *words], env=guichet_env)

    return command


def test_every_staff_method_is_a_command_with_its_fields(run: Any) -> None:
    """Methods that take an actor, by their name; each explains itself."""
    from imigr_guichet.visits_cli import METHODS, Methods

    known = {method for method, _ in METHODS.values()}
    public = {"get_ticket", "leave_line", "get_board", "join_list", "get_entry", "accept_offer", "decline_offer",
              "leave_list", "fetch_referral", "answer_referral", "get_own_referral", "revoke_own_referral", "get_slip",
              "slip_keys"}  # fmt: skip
    jobs = {"forget_visits", "offer_places", "count_visits"}
    assert {name for name in dir(Methods) if not name.startswith("_")} - public - jobs == known
    for name in METHODS:
        shown = run(name, "--help")
        assert shown.exit_code == 0, shown.output
        assert "--municipality" in shown.output


def test_from_an_outcome_to_a_sent_referral(run: Any, la_marsa: Guichet) -> None:
    """Consent is asked for here as well."""
    noted = json.loads(
        run("record-orientation", *TOWN, "--guichet-id", la_marsa.id, "--needs", "health", "--language", "fr").output
    )
    assert noted["needs"] == ["reserved"]
    made = json.loads(run("propose-referral", *TOWN, "--orientation-id", noted["id"], "--partner", "utss").output)
    assert made["link"].startswith("la-marsa.o-")
    refused = run("send-referral", *TOWN, "--referral-id", made["id"])
    assert (refused.exit_code, "guichet.consent_missing" in refused.output) == (1, True)
    words = ("--how", "spoken", "--text", "2026-1", "--language", "ar")
    assert run("agree-referral", *TOWN, "--referral-id", made["id"], *words).exit_code == 0
    sent = json.loads(run("send-referral", *TOWN, "--referral-id", made["id"]).output)
    assert (sent["state"], len(sent["fetch_token"])) == ("sent", 32)


def test_the_same_key_says_the_same(run: Any, la_marsa: Guichet) -> None:
    """As over HTTP."""
    words = ("note-demand", *TOWN, "--guichet-id", la_marsa.id, "--topic", "health", "--language", "am", "--key", "k")
    assert json.loads(run(*words).output) == json.loads(run(*words).output)


def test_a_day_on_paper_is_merged_from_a_file(run: Any, la_marsa: Guichet, tmp_path: Path) -> None:
    """Bad files and bad fields are named."""
    file = tmp_path / "day.json"
    file.write_text("[]")
    empty = run("merge-day", *TOWN, "--guichet-id", la_marsa.id, "--entries", str(file))
    assert (empty.exit_code, "entries" in empty.output) == (1, True)
    missing = run("merge-day", *TOWN, "--guichet-id", la_marsa.id, "--entries", str(tmp_path / "none"))
    assert missing.exit_code == 2
    entry = {"id": "e1", "kind": "check_in", "at": "2026-11-23T08:00:00Z", "reference": "2222-2222"}
    file.write_text(json.dumps([entry]))
    merged = run("merge-day", *TOWN, "--guichet-id", la_marsa.id, "--entries", str(file))
    assert [one["outcome"] for one in json.loads(merged.output)["items"]] == ["conflict"]


def test_a_rule_that_refuses_is_told_by_its_code(run: Any) -> None:
    """Exit code 1, no traceback."""
    refused = run("list-tickets", *TOWN, "--guichet-id", "nowhere")
    assert (refused.exit_code, "guichet.unknown_guichet" in refused.output) == (1, True)
    assert visits_cli.OPERATOR["id"] == "operator"
