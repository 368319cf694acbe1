"""The supervisor with small programs instead of servers."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

RUN = """
import sys
from pathlib import Path
from imigr_local.places import Instance
from imigr_local.processes import ProcessSpec, TaskSpec
from imigr_local.state import State
from imigr_local.supervisor import Supervisor

folder = Path(sys.argv[1])
(folder / "logs").mkdir()
instance = Instance("trial", folder)

def program(name, code, check=lambda: True, **more):
    argv = (sys.executable, "-u", "-c", code)
    return ProcessSpec(name, argv, {{}}, folder, folder / "logs" / f"{{name}}.log", check, **more)

def task(name, code):
    return TaskSpec(name, (sys.executable, "-c", code), {{}}, folder, folder / "logs" / f"{{name}}.log", seconds=10)

SLEEP = "import time; time.sleep(60)"
{stages}
sys.exit(Supervisor(instance, State("trial"), owner=None).run(stages))
"""


def _run(folder: Path, stages: str) -> subprocess.CompletedProcess[str]:
    """Runs a supervisor until it ends by itself."""
    script = RUN.format(stages=textwrap.dedent(stages))
    paths = ":".join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env={"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_failed_task_stops_the_start_and_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """Nobody has to look for the reason."""
    done = _run(tmp_path, "stages = [[program('first', SLEEP), task('seed', 'raise SystemExit(\"no data here\")')]]")
    assert done.returncode == 1
    assert "seed failed (exit 1)" in done.stdout
    assert "no data here" in done.stdout
    assert "everything has stopped" in done.stdout


def test_a_program_that_dies_while_starting_is_named(tmp_path: Path) -> None:
    """A missing setting must not look like a slow machine."""
    done = _run(tmp_path, "stages = [[program('guichet', 'raise SystemExit(\"IMIGR_X is missing\")', lambda: False)]]")
    assert done.returncode == 1
    assert "guichet stopped while starting (exit 1)" in done.stdout
    assert "IMIGR_X is missing" in done.stdout


def test_a_program_that_never_gets_ready_ends_the_start(tmp_path: Path) -> None:
    """Every wait has a limit."""
    done = _run(tmp_path, "stages = [[program('slow', SLEEP, lambda: False, ready_seconds=0.3)]]")
    assert done.returncode == 1
    assert "slow was not ready after" in done.stdout


def test_stages_follow_each_other(tmp_path: Path) -> None:
    """What a stage needs has finished before it starts."""
    stages = """
    note = "open('order', 'a').write('{}')"
    stages = [[task('a', note.format(1))], [task('b', note.format(2))], [task('c', 'raise SystemExit(3)')]]
    """
    assert _run(tmp_path, stages).returncode == 1
    assert (tmp_path / "order").read_text() == "12"


@pytest.mark.parametrize("signal_name", ["SIGTERM", "SIGINT"])
def test_a_signal_stops_everything_in_order(tmp_path: Path, signal_name: str) -> None:
    """Clients stop before their servers, and the exit is a success."""
    stages = f"""
    import os, signal
    note = "import signal,sys,time;" \\
        "signal.signal(signal.SIGTERM, lambda *_: (open('order','a').write('{{}} '), sys.exit()));" \\
        "open('up-{{}}', 'w'); time.sleep(60)"
    up = lambda name: (lambda: (folder / f'up-{{name}}').exists())
    names = ['mongod', 'guichet']
    stages = [[program(name, note.format(name, name), up(name))] for name in names]
    stages.append([task('end', f'import os; os.kill({{os.getpid()}}, {{int(signal.{signal_name})}})')])
    """
    done = _run(tmp_path, stages)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "order").read_text() == "guichet mongod "


def test_a_program_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    """`down` ends, whatever a program does with SIGTERM."""
    stages = """
    import os
    deaf = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('up','w'); time.sleep(60)"
    stages = [[program('deaf', deaf, lambda: (folder / 'up').exists(), stop_seconds=0.3)]]
    stages.append([task('end', f'import os; os.kill({os.getpid()}, 15)')])
    """
    done = _run(tmp_path, stages)
    assert done.returncode == 0
    assert "deaf did not stop by itself and was killed" in done.stdout
