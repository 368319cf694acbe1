"""What the runner says when the machine lacks something."""

from __future__ import annotations

from pathlib import Path

import pytest

from imigr_local import debian, rabbitmq, venv
from imigr_local.errors import RunnerError


def test_a_plain_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without RabbitMQ and without root the answer names the package and the other way, Docker."""
    monkeypatch.setattr(rabbitmq, "PLACES", ())
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(RunnerError) as told:
        rabbitmq.ensure_program(lambda line: None)
    assert "sudo apt-get install rabbitmq-server" in str(told.value)
    assert "docker compose" in str(told.value)


def test_a_virtual_environment_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """IMIGR_VENV is used as it is, never filled."""
    monkeypatch.setenv(venv.SETTING, str(tmp_path / "nowhere"))
    with pytest.raises(RunnerError, match="nowhere"):
        venv.ensure(lambda line: None)


def test_the_given_virtual_environment_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who has an environment of their own may use it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    monkeypatch.setenv(venv.SETTING, str(tmp_path))
    assert venv.ensure(lambda line: None) == tmp_path / "bin" / "python"


def test_installing_a_package_starts_no_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """While apt-get works, Debian's policy says no; afterwards the policy is as it was."""
    policy = tmp_path / "policy-rc.d"
    seen: list[str] = []

    def apt(*words: str) -> bool:
        seen.append(policy.read_text())
        return True

    monkeypatch.setattr(debian, "POLICY", policy)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(debian, "_apt", apt)
    debian.require(["rabbitmq-server"], "It is missing.", lambda line: None)
    assert seen == ["#!/bin/sh\nexit 101\n"]
    assert not policy.exists()
