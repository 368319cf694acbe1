"""The state file, the lock that says an instance runs, and names of instances."""

from __future__ import annotations

from pathlib import Path

import pytest

from imigr_local.errors import RunnerError
from imigr_local.options import Options, OwnService
from imigr_local.places import Instance
from imigr_local.state import ProcessState, State, is_running, read_state, take_lock


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance("trial", tmp_path)


def test_a_state_is_read_as_it_was_written(instance: Instance) -> None:
    """`status` shows what the supervisor saw."""
    told = State("trial", status="running", pid=7, ports={"gateway": 8080})
    told.processes["guichet"] = ProcessState("ready", 8, restarts=2, last_exit=-9, log="guichet.log")
    told.save(instance.state_file)
    assert read_state(instance) == told


def test_an_instance_that_never_ran_has_no_state(instance: Instance) -> None:
    """There is a difference between stopped and never started."""
    assert read_state(instance) is None


def test_an_instance_runs_as_long_as_its_lock_is_held(instance: Instance) -> None:
    """The lock ends with the process that holds it, whatever kills it, so no stale pid can lie."""
    assert not is_running(instance)
    lock = take_lock(instance.lock_file)
    assert lock is not None
    assert is_running(instance)
    lock.close()
    assert not is_running(instance)


def test_a_lock_is_given_once(instance: Instance) -> None:
    """Two supervisors never share a folder."""
    first = take_lock(instance.lock_file)
    assert first is not None
    assert take_lock(instance.lock_file, seconds=0.05) is None
    first.close()


def test_options_are_read_as_they_were_written(instance: Instance) -> None:
    """The supervisor runs exactly what `up` was asked for."""
    own = OwnService("guichet_raoued", of="guichet", municipalities=("raoued",))
    asked = Options(
        any_ports=True,
        own=(own,),
        routes={"guichet": {"raoued": "guichet_raoued"}},
        without=("gateway",),
        environment={"*": {"IMIGR_LOG_LEVEL": "DEBUG"}},
    )
    asked.save(instance.options_file)
    assert Options.read(instance.options_file) == asked


@pytest.mark.parametrize("name", ["../away", "Dev", "", "a b", "1st"])
def test_a_name_that_could_be_no_folder_is_refused(name: str) -> None:
    """An instance name becomes a folder and a broker node."""
    with pytest.raises(RunnerError, match="instance name"):
        Instance.named(name)
