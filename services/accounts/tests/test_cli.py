"""The command line, as an operator uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imigr_accounts.cli import cli
from imigr_accounts.errors import InvalidToken, WrongCredentials
from imigr_accounts.handlers import Desk, verify_api_token
from imigr_accounts.handlers.signing_in import login
from imigr_kit.secret import Secret

from .conftest import EMAIL, PASSWORD

DATA = Path(__file__).resolve().parents[3] / "data"
Run = Callable[..., Result]


@pytest.fixture
def run(accounts_env: dict[str, str]) -> Run:
    """Call a command; ``input`` answers prompts."""

    def call(*words: str, text: str | None = None) -> Result:
        return CliRunner().invoke(cli, list(words), env=accounts_env, input=text)

    return call


@pytest.fixture
def passwords(tmp_path: Path) -> str:
    """A file with a password for one of the seeded accounts."""
    path = tmp_path / "passwords.json"
    path.write_text(json.dumps({EMAIL: PASSWORD}))
    return str(path)


def test_the_seed_is_stored_once_with_the_passwords_of_the_file(
    run: Run, passwords: str, desk: Desk, mongo_db: Any
) -> None:
    """No password is shown; whoever is not in the file cannot sign in."""
    words = ("seed", "--data", str(DATA), "--passwords", passwords)
    first, second = run(*words), run(*words)
    assert (first.exit_code, first.output) == (0, "staff: 7 new of 7\n")
    assert second.output == "staff: 0 new of 7\n"
    assert mongo_db["staff"].count_documents({"unsent": True, "password_hash": None}) == 6
    assert login(desk, EMAIL, Secret(PASSWORD), "client")["staff"]["display"] == "Mediator, La Marsa"
    with pytest.raises(WrongCredentials):
        login(desk, "admin@demo.invalid", Secret(PASSWORD), "client")


def test_without_a_file_passwords_are_made_and_shown_once(run: Run, desk: Desk) -> None:
    """They work; the next run shows none."""
    lines = run("seed", "--data", str(DATA)).output.splitlines()
    made = dict(line.split("  ") for line in lines[:-1])
    assert len(made) == 7
    assert login(desk, EMAIL, Secret(made[EMAIL]), "client")["token"]
    assert run("seed", "--data", str(DATA)).output == "staff: 0 new of 7\n"


def test_a_town_that_runs_the_service_itself_seeds_its_own_staff(run: Run, passwords: str, mongo_db: Any) -> None:
    """And the admin of everything."""
    words = ("seed", "--data", str(DATA), "--passwords", passwords, "--municipality", "raoued")
    assert run(*words).output == "staff: 4 new of 4\n"
    assert mongo_db["staff"].distinct("grants.municipality") == ["*", "raoued"]


def test_ids_of_the_seed_do_not_follow_from_emails(run: Run, passwords: str, mongo_db: Any) -> None:
    """They stand in events, where whoever guesses an email could check the guess."""
    words = ("seed", "--data", str(DATA), "--passwords", passwords)
    run(*words)
    first = set(mongo_db["staff"].distinct("_id"))
    mongo_db["staff"].delete_many({})
    run(*words)
    assert not first & set(mongo_db["staff"].distinct("_id"))


def test_staff_come_and_go(run: Run, desk: Desk) -> None:
    """add-staff, list, set-password, disable, verify-audit."""
    words = ("add-staff", EMAIL, "--display", "Mediator 3, La Marsa", "--role", "la-marsa:mediator")
    staff_id = run(*words, text=f"{PASSWORD}\n{PASSWORD}\n").output.splitlines()[-1]
    assert login(desk, EMAIL, Secret(PASSWORD), "client")["staff"]["id"] == staff_id
    listed = run("list", "la-marsa").output
    assert listed.split() == [staff_id, "active", "la-marsa:mediator", EMAIL, "Mediator", "3,", "La", "Marsa"]
    assert run("set-password", EMAIL, "--password-file", "-", text="another good password\n").output == "changed\n"
    assert login(desk, EMAIL, Secret("another good password"), "client")["token"]
    assert run("disable", "la-marsa", staff_id, "--reason", "left").output == "disabled\n"
    with pytest.raises(WrongCredentials):
        login(desk, EMAIL, Secret("another good password"), "client")
    assert "disabled" in run("list", "la-marsa").output
    assert run("verify-audit").output == "the audit trail holds\n"


def test_tokens_come_and_go(run: Run, desk: Desk) -> None:
    """add-token shows it once; list-tokens does not."""
    token_id, token = run("add-token", "importer", "--role", "la-marsa:editor").output.split()
    assert verify_api_token(desk, Secret(token))["id"] == token_id
    listed = run("list-tokens", "la-marsa").output
    assert token_id in listed
    assert token not in listed
    assert run("revoke-token", "la-marsa", token_id, "--reason", "leaked").output == "revoked\n"
    with pytest.raises(InvalidToken):
        verify_api_token(desk, Secret(token))


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        (("set-password", "nobody@demo.invalid"), f"{PASSWORD}\n{PASSWORD}\n", "accounts.unknown_staff"),
        (("add-staff", EMAIL, "--display", "Editor", "--role", "la-marsa:editor"), "short\nshort\n", "weak_password"),
        (("add-staff", EMAIL, "--display", "Editor", "--role", "editor"), "", "municipality:role"),
        (("disable", "la-marsa", "nobody"), None, "accounts.unknown_staff"),
        (("disable", "la-marsa", "x", "--reason", "he was rude"), None, "left"),
        (("revoke-token", "la-marsa", "nothing"), None, "accounts.unknown_token"),
    ],
)
def test_what_does_not_work_is_said_in_a_line(run: Run, words: tuple[str, ...], text: str | None, said: str) -> None:
    """Without a traceback."""
    result = run(*words, text=text)
    assert result.exit_code != 0
    assert said in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_an_audit_trail_that_was_tampered_with_fails_the_check(run: Run, mongo_db: Any) -> None:
    """Exit code 1, and the number of the row."""
    run("add-token", "importer", "--role", "la-marsa:editor")
    run("add-token", "other", "--role", "la-marsa:editor")
    mongo_db["audit"].update_one({"_id": 1}, {"$set": {"actor": "somebody"}})
    result = run("verify-audit")
    assert (result.exit_code, "broken at row 1" in result.output) == (1, True)
