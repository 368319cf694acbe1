"""Running a program of the virtual environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from imigr_local import cli, venv


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A virtual environment that exists already, with one program."""
    program = tmp_path / "greet"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setattr(venv, "ensure", lambda progress: tmp_path / "python")
    return tmp_path


def test_a_program_of_the_environment_is_found() -> None:
    """Its exit code is the command's."""
    assert cli.main(["exec", "greet"]) == 7


def test_other_programs_are_looked_for_on_the_path() -> None:
    """What the environment does not bring comes from the machine."""
    assert cli.main(["exec", "true"]) == 0


@pytest.mark.parametrize(("words", "said"), [(["no-such-thing"], "no program 'no-such-thing'"), ([], "which program")])
def test_a_missing_program_is_a_sentence(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    """Not a traceback."""
    assert cli.main(["exec", *words]) == 1
    assert said in capsys.readouterr().err
