"""A running instance seen from outside: started twice, hurt, stopped. It runs one real server, MongoDB."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from imigr_local import leftovers
from imigr_local.errors import RunnerError
from imigr_local.options import Options
from imigr_local.platform import Platform


@pytest.fixture(scope="module")
def platform(broker_uri: str) -> Iterator[Platform]:
    given = {"IMIGR_AMQP_URI": broker_uri}
    options = Options(only_servers=True, any_ports=True, owner=os.getpid(), given=given)
    one = Platform(f"runner-{os.getpid()}", options, say=lambda line: None)
    one.up()
    yield one
    one.forget()


def _database(platform: Platform) -> MongoClient[dict[str, object]]:
    return MongoClient(platform.admin_environment()["IMIGR_TEST_MONGO_URI"])


def test_a_given_server_is_not_started_again(platform: Platform) -> None:
    """With IMIGR_AMQP_URI there is no broker of our own."""
    assert list(platform.state.processes) == ["mongod"]


def test_starting_twice_changes_nothing(platform: Platform) -> None:
    """The second `up` says that it runs and leaves the processes alone."""
    before = platform.process("mongod").pid
    assert platform.up() is False
    assert platform.process("mongod").pid == before


def test_a_killed_process_comes_back_with_its_data(platform: Platform) -> None:
    """After kill -9 the supervisor restarts it, says so, and what was written is still there."""
    with _database(platform) as client:
        client.trial.notes.insert_one({"_id": "kept"})
    before = platform.process("mongod").restarts
    old = platform.kill("mongod")
    platform.wait_ready("mongod", after=old)
    assert platform.process("mongod").restarts == before + 1
    assert any("mongod died" in line for line in platform.state.progress)
    with _database(platform) as client:
        assert client.trial.notes.find_one({"_id": "kept"}) is not None


def test_a_frozen_process_answers_nothing_until_it_is_thawed(platform: Platform) -> None:
    """Freezing keeps the process and its connections, thawing gives it back."""
    uri = platform.admin_environment()["IMIGR_TEST_MONGO_URI"]
    platform.freeze("mongod")
    try:
        with pytest.raises(PyMongoError), MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=300) as client:
            client.admin.command("ping")
    finally:
        platform.thaw("mongod")
    with MongoClient[dict[str, object]](uri) as client:
        assert client.admin.command("ping")["ok"] == 1.0


def test_a_stopped_process_stays_down_until_it_is_started(platform: Platform) -> None:
    """A test may take a part away for as long as it needs."""
    platform.kill_and_hold("mongod")
    assert platform.process("mongod").state == "stopped"
    platform.start("mongod")
    assert platform.process("mongod").state == "ready"


def test_a_name_that_does_not_run_is_refused(platform: Platform) -> None:
    """A typing error in a test is told at once."""
    with pytest.raises(RunnerError, match="there is no process 'mongo'"):
        platform.kill("mongo")


def test_secrets_are_for_their_owner_only(platform: Platform) -> None:
    """No file of passwords can be read by anybody else."""
    files = [path for path in platform.instance.secrets.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if path.stat().st_mode & 0o077] == []
    assert platform.instance.folder.stat().st_mode & 0o077 == 0


def test_nothing_is_left_when_even_the_supervisor_was_killed(platform: Platform, broker_uri: str) -> None:
    """A supervisor that died without a word takes its children along, and `down` makes sure."""
    options = Options(only_servers=True, any_ports=True, given={"IMIGR_AMQP_URI": broker_uri})
    other = Platform(f"orphan-{os.getpid()}", options, say=lambda line: None)
    other.up()
    folder = other.instance.folder
    try:
        assert leftovers.find(folder)
        os.kill(other.state.pid or 0, signal.SIGKILL)
        other.down()
        assert leftovers.find(folder) == []
    finally:
        other.forget()
    assert not folder.exists()
