"""The command line, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from imigr_events.cli import cli
from imigr_events.ports import Command
from imigr_events.sealing import ContactSeal
from imigr_events.storage import MongoEvents

from .conftest import KEY, make_event

DATA = Path(__file__).resolve().parents[3] / "data"
Run = Callable[..., str]


@pytest.fixture
def run(mongo_uri: str, mongo_db: Any) -> Run:
    """Run a command; its output."""
    environment = {
        "IMIGR_AMQP_URI": "amqp://unused",
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_EVENTS_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "IMIGR_EVENTS_SIGNING_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    }

    def command(*arguments: str) -> str:
        result = CliRunner().invoke(cli, arguments, env=environment, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return command


def test_seeding_twice_changes_nothing(run: Run, mongo_db: Any) -> None:
    """Every event is published once, with one event in its outbox."""
    rows = json.loads((DATA / "events.json").read_text(encoding="utf-8"))["events"]
    assert run("seed", "--data", str(DATA)) == f"events: {len(rows)} new of {len(rows)}\n"
    before = list(mongo_db["events"].find())
    assert run("seed", "--data", str(DATA)) == f"events: 0 new of {len(rows)}\n"
    assert list(mongo_db["events"].find()) == before
    assert [len(one["outbox"]) for one in before] == [1] * len(rows)
    assert {one["state"] for one in before} == {"published"}


def test_a_seed_that_was_cut_off_is_finished(run: Run, mongo_db: Any) -> None:
    """A draft that was stored and not yet published."""
    run("seed", "--data", str(DATA))
    first = mongo_db["events"].find_one()
    draft = {"state": "draft", "version": 1, "sequence": 0, "outbox": [], "claims": first["claims"][:2]}
    mongo_db["events"].update_one({"_id": first["_id"]}, {"$set": draft})
    run("seed", "--data", str(DATA))
    assert mongo_db["events"].find_one({"_id": first["_id"]})["state"] == "published"


def test_a_town_that_runs_events_itself_gets_its_own(run: Run, mongo_db: Any) -> None:
    """And no other town's."""
    run("seed", "--data", str(DATA), "--municipality", "raoued")
    assert mongo_db["events"].distinct("municipality") == ["raoued"]


def test_the_list_has_one_line_for_each_event(run: Run, mongo_db: Any) -> None:
    """Also for one that has no French title."""
    run("seed", "--data", str(DATA), "--municipality", "raoued")
    draft = make_event(id="e", title={"ar": "يوم مفتوح"}, starts_at=_far(), ends_at=_far(1))
    MongoEvents(mongo_db, lambda _: [], ContactSeal(KEY)).add(draft, Command("k", "x"))
    mongo_db["events"].update_one({"_id": "e"}, {"$set": {"state": "published"}})
    lines = run("list").splitlines()
    assert len(lines) == 2
    assert any("150 free" in line for line in lines)
    assert any(line.endswith("يوم مفتوح") for line in lines)


def test_an_operator_publishes_widens_and_calls_off(run: Run, mongo_db: Any) -> None:
    """Each step on the version that stands; the numbers are shown, and each step is an event."""
    draft = make_event(1, starts_at=_far(), ends_at=_far(1), registration="code")
    MongoEvents(mongo_db, lambda _: [], ContactSeal(KEY)).add(draft, Command("k", "x"))
    assert json.loads(run("publish", "event-1"))["state"] == "published"
    assert json.loads(run("capacity", "event-1", "7"))["free_places"] == 7
    assert len(json.loads(run("codes", "event-1", "--number", "3"))["codes"]) == 3
    assert json.loads(run("postpone", "event-1"))["state"] == "postponed"
    dates = ("--starts-at", "2099-12-20T10:00+0100", "--ends-at", "2099-12-20T12:00+0100")
    assert json.loads(run("postpone", "event-1", *dates))["starts_at"] == "2099-12-20T09:00:00Z"
    assert json.loads(run("answers", "event-1"))["questions"] == []
    assert run("registrations", "event-1") == ""
    assert json.loads(run("cancel", "event-1", "--yes"))["state"] == "cancelled"
    assert json.loads(run("show", "event-1"))["sequence"] == 5


def test_a_refusal_is_told_by_its_code(run: Run, mongo_db: Any) -> None:
    """With exit code 1, and nothing changed."""
    for arguments in (("show", "nowhere"), ("publish", "nowhere")):
        with pytest.raises(AssertionError, match=r"events\.unknown_event"):
            run(*arguments)


def _far(hours: int = 0) -> Any:
    return make_event().starts_at.replace(year=2099, hour=9 + hours)
