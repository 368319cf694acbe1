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


ON_THE_COMMAND_LINE = {
    "get /events": "own",
    "post /events": "create",
    "post /events/import": "import-calendar",
    "get /events/{event_id}": "show",
    "patch /events/{event_id}": "edit",
    "post /events/{event_id}/publish": "publish",
    "post /events/{event_id}/postpone": "postpone",
    "post /events/{event_id}/cancel": "cancel",
    "post /events/{event_id}/sessions": "add-session",
    "patch /events/{event_id}/sessions/{session_id}": "change-session",
    "post /events/{event_id}/sessions/{session_id}/cancel": "cancel-session",
    "post /events/{event_id}/codes": "codes",
    "get /events/{event_id}/answers": "answers",
    "get /events/{event_id}/registrations": "registrations",
    "post /events/{event_id}/registrations": "register-for",
    "post /events/{event_id}/registrations/{registration_id}/approve": "approve",
    "post /events/{event_id}/registrations/{registration_id}/reject": "reject",
    "post /events/{event_id}/registrations/{registration_id}/cancel": "cancel-registration",
    "post /events/{event_id}/registrations/{registration_id}/no-show": "no-show",
    "post /events/{event_id}/registrations/{registration_id}/merge": "merge",
    "post /events/{event_id}/scans": "scans",
    "get /events/{event_id}/attendance": "attendance",
    "post /events/{event_id}/attendance/corrections": "correct-entry",
    "get /events/{event_id}/certificate-rule": "certificate-rule",
    "put /events/{event_id}/certificate-rule": "set-certificate-rule",
    "post /certificates/{number}/revoke": "revoke-certificate",
    "get /pathways": "pathways",
    "post /pathways": "create-pathway",
    "get /pathways/{pathway_id}": "pathway",
    "put /pathways/{pathway_id}": "change-pathway",
    "post /pathways/{pathway_id}/coaching/{coaching_id}/done": "coaching-done",
    "get /pathways/{pathway_id}/evaluation": "evaluation",
}


def test_whatever_staff_do_over_http_has_a_command() -> None:
    """Every staff operation of events in OpenAPI; each command explains itself."""
    prefix, path, found = "/api/v1/staff/{municipality}", "", set()
    for line in (DATA.parent / "contracts" / "openapi.yaml").read_text(encoding="utf-8").splitlines():
        if line.startswith("  /"):
            path = line.strip().rstrip(":")
        verb = line.strip().rstrip(":")
        is_ours = path.startswith(tuple(f"{prefix}/{one}" for one in ("events", "certificates", "pathways")))
        if is_ours and line.startswith("    ") and verb in ("get", "post", "put", "patch", "delete"):
            found.add(f"{verb} {path.removeprefix(prefix)}")
    assert found == set(ON_THE_COMMAND_LINE)
    assert all(cli.commands[name].help for name in ON_THE_COMMAND_LINE.values())


def test_a_training_is_led_from_the_command_line(run: Run, tmp_path: Path) -> None:
    """Create, two sessions, registrations decided, scanned and corrected, the rule of its certificates: the shapes and
    answers of HTTP."""

    def told(name: str, *arguments: Any, body: Any = None) -> Any:
        file = tmp_path / "body.json"
        file.write_text(json.dumps(body), encoding="utf-8")
        return json.loads(run(name, *(str(file) if one is FILE else str(one) for one in arguments)))

    town = ("--municipality", "la-marsa")
    event = {
        "municipality": "la-marsa", "title": {"fr": "Formation"}, "place": {"fr": "Mairie"}, "capacity": 3,
        "registration": "approval", "starts_at": f"{_far():%Y-%m-%dT%H:%M:%SZ}",
        "ends_at": f"{_far(5):%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
    made = told("create", FILE, "--key", "one", body=event)
    assert told("create", FILE, "--key", "one", body=event)["id"] == made["id"]
    event_id = made["id"]
    with pytest.raises(AssertionError, match=r"events\.invalid_input.*ends_at"):
        told("create", FILE, body=event | {"ends_at": event["starts_at"]})
    sitting = {"title": {"fr": "Jour 1"}, "room": {}, "starts_at": event["starts_at"], "ends_at": event["ends_at"]}
    made = told("add-session", event_id, FILE, "--version", 1, body=sitting)
    session = made["sessions"][0]["id"]
    changed = told("change-session", event_id, session, FILE, "--version", 2, body={"room": {"fr": "Salle 2"}})
    assert changed["sessions"][0]["room"] == {"fr": "Salle 2"}
    told("publish", event_id)
    assert told("own", *town)["total"] == 1
    first, second = (told("register-for", event_id, *town, "--key", key) for key in "ab")
    assert told("cancel-registration", event_id, second["reference"], *town)["state"] == "cancelled"
    with pytest.raises(AssertionError, match=r"registration_not_changeable"):
        told("approve", event_id, first["reference"], *town)
    look = {"id": "scan-0001", "session_id": session, "people": 2, "door": "north", "scanner": "phone"}
    outcome = told("scans", event_id, *town, FILE, body=[look])["items"][0]
    assert outcome["reason"] == "outside_session"
    with pytest.raises(AssertionError, match=r"events\.unknown_entry"):
        told("correct-entry", event_id, *town, "--scan", "scan-0001", "--people", 0, "--reason", "wrong_count")
    assert told("set-certificate-rule", event_id, *town, "--minimum-percent", 80)["gives_certificates"]
    assert told("revoked-certificates", *town)["statement"]["revoked"] == []
    pathway = {"title": {"fr": "Parcours"}, "event_ids": [event_id], "places": 25}
    planned = told("create-pathway", FILE, *town, body=pathway)
    assert told("pathway", planned["id"], *town)["places"] == 25
    assert told("cancel-session", event_id, session, "--version", 4, "--yes")["sessions"][0]["state"] == "cancelled"


FILE = object()
"""Stands for the file of a body among arguments."""


def test_a_refusal_is_told_by_its_code(run: Run, mongo_db: Any) -> None:
    """With exit code 1, and nothing changed."""
    for arguments in (("show", "nowhere"), ("publish", "nowhere")):
        with pytest.raises(AssertionError, match=r"events\.unknown_event"):
            run(*arguments)


def _far(hours: int = 0) -> Any:
    return make_event().starts_at.replace(year=2099, hour=9 + hours)
