"""Library of the runner: tests start a platform of their own and hurt it as they like."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imigr_local import control, leftovers, plan, rabbitmq, venv
from imigr_local.control import Request
from imigr_local.errors import RunnerError
from imigr_local.options import Options
from imigr_local.places import MARK, REPOSITORY, Instance, shown
from imigr_local.processes import signal_group, tail
from imigr_local.progress import Progress, Say
from imigr_local.rabbitmq import BrokerPorts
from imigr_local.server_stages import Programs, base_environment
from imigr_local.state import ProcessState, State, is_running, read_state

RUN = REPOSITORY / "deploy" / "local" / "run.py"
START_SECONDS, STOP_SECONDS = 240.0, 90.0


@dataclass(frozen=True)
class Credentials:
    """What a person needs to sign in; `staff` is password by address."""

    staff: dict[str, str]
    follower_amqp_uri: str


class Platform:
    """One instance, seen from outside its supervisor."""

    def __init__(self, name: str = "dev", options: Options | None = None, say: Say | None = None) -> None:
        self.instance = Instance.named(name)
        self.options = options or Options()
        self._child: subprocess.Popen[bytes] | None = None
        self._say: Say = say or Progress()

    # Life of the whole

    def up(self) -> bool:
        """Starts and waits until everything is ready; False when it ran already."""
        if is_running(self.instance):
            if self.state.status != "running":
                self._follow()
            return False
        programs = plan.find_programs(venv.ensure(self._say), self.options, self._say)
        self.instance.make()
        leftovers.end(self.instance.folder)
        self.instance.state_file.unlink(missing_ok=True)
        self.options.save(self.instance.options_file)
        self._start_supervisor(programs)
        self._follow()
        return True

    def _start_supervisor(self, programs: Programs) -> None:
        log = self.instance.logs / "supervisor.log"
        argv = [sys.executable, str(RUN), "supervise", self.instance.name]
        argv += [str(programs.python), str(programs.mongod), str(programs.broker)]
        env = {**os.environ, MARK: str(self.instance.folder)}
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def _follow(self) -> None:
        """Repeats the supervisor's progress until the start is over."""
        shown_lines, deadline = 0, time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            state = read_state(self.instance)
            for line in state.progress[shown_lines:] if state else []:
                self._say(line)
            shown_lines = len(state.progress) if state else 0
            if state and state.status == "running":
                return
            if state and state.status in {"failed", "stopped"}:
                raise RunnerError(state.problem or "the platform was stopped while it started")
            self._check_supervisor(state)
            time.sleep(0.1)
        raise RunnerError(f"the platform did not start within {START_SECONDS:.0f} s")

    def _check_supervisor(self, state: State | None) -> None:
        child = self._child
        if child is not None and child.poll() is not None and (state is None or state.status == "starting"):
            log = self.instance.logs / "supervisor.log"
            raise RunnerError(f"the supervisor ended (exit {child.returncode}); see {shown(log)}\n{tail(log)}")

    def down(self) -> bool:
        """Stops everything, also what a killed supervisor left; False when nothing ran."""
        return self._end("shutdown")

    def _end(self, verb: str) -> bool:
        ran = is_running(self.instance)
        if ran:
            self.wait(lambda: self._asked_to_end(verb), STOP_SECONDS, "the end of the supervisor")
        if self._child is not None:
            self._child.wait(timeout=STOP_SECONDS)
        return leftovers.end(self.instance.folder) > 0 or ran

    def _asked_to_end(self, verb: str) -> bool:
        """Asks again: a supervisor that has just started, or is dying, does not listen."""
        try:
            self._ask(verb)
        except OSError:
            pass
        return not is_running(self.instance)

    def forget(self) -> None:
        """Stops it without saving anything and deletes its data, secrets and logs."""
        self._end("abandon")
        shutil.rmtree(self.instance.folder, ignore_errors=True)

    def __enter__(self) -> Platform:
        self.up()
        return self

    def __exit__(self, *exception: object) -> None:
        self.down()

    # What it says about itself

    @property
    def state(self) -> State:
        state = read_state(self.instance)
        if state is None:
            raise RunnerError(f"the instance '{self.instance.name}' has never run")
        return state

    def is_running(self) -> bool:
        return is_running(self.instance)

    def port(self, name: str) -> int:
        """Port of a part, for instance `gateway`, `amqp`, `mongod`."""
        return self.state.ports[name]

    def process(self, name: str) -> ProcessState:
        """Raises RunnerError for a name that does not run here."""
        try:
            return self.state.processes[name]
        except KeyError:
            known = ", ".join(self.state.processes)
            raise RunnerError(f"there is no process '{name}'; there are {known}") from None

    def log(self, name: str) -> Path:
        return REPOSITORY / self.process(name).log

    def admin_environment(self) -> dict[str, str]:
        """IMIGR_TEST_* variables for this instance's servers."""
        return plan.admin_addresses(self.instance, self.state.ports)

    def credentials(self) -> Credentials:
        """The drawn passwords of the demo staff, and the way of the demo's follower to the broker."""
        folder = self.instance.secrets
        staff = folder / "accounts" / "staff_passwords.json"
        follower = folder / "demo" / "amqp_uri"
        return Credentials(
            staff=json.loads(staff.read_text()) if staff.exists() else {},
            follower_amqp_uri=follower.read_text() if follower.exists() else "",
        )

    # Hurting it

    def kill(self, name: str) -> int:
        """kill -9 of the process and all its children; the supervisor restarts it. Returns the old pid."""
        pid = self._pid(name)
        signal_group(pid, signal.SIGKILL)
        return pid

    def freeze(self, name: str) -> None:
        """SIGSTOP: it keeps its connections and answers nothing until `thaw`."""
        signal_group(self._pid(name), signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        signal_group(self._pid(name), signal.SIGCONT)

    def stop(self, name: str) -> None:
        """Stops it politely and keeps it down until `start`."""
        self._ask("stop", name)
        self.wait(lambda: self.process(name).pid is None, STOP_SECONDS, f"the end of {name}")

    def kill_and_hold(self, name: str) -> None:
        """kill -9 without a restart, until `start`."""
        self._ask("hold", name)
        self.kill(name)
        self.wait(lambda: self.process(name).pid is None, STOP_SECONDS, f"the death of {name}")

    def start(self, name: str) -> None:
        """Starts a stopped process and waits until it is ready."""
        self._ask("start", name)
        self.wait_ready(name)

    def restart(self, name: str) -> None:
        """A polite stop, then a start."""
        self.stop(name)
        self.start(name)

    restart_server = restart

    def rabbitmqctl(self, *words: str) -> str:
        """For instance `set_disk_free_limit 1000000GB`, which raises the disk alarm: the broker blocks publishers."""
        ports = BrokerPorts.among(self.state.ports)
        return rabbitmq.control(self.instance, ports, base_environment(self.instance), words)

    def wait_ready(self, name: str, seconds: float = 90.0, *, after: int | None = None) -> None:
        """Waits until it is ready, as another process than `after` when that is given."""

        def ready() -> bool:
            one = self.process(name)
            return one.state == "ready" and one.pid is not None and one.pid != after

        self.wait(ready, seconds, f"{name} to be ready")

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Polls; raises RunnerError when the deadline passes."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RunnerError(f"waited {seconds:.0f} s in vain for {what}")
            time.sleep(0.05)

    def _pid(self, name: str) -> int:
        self.wait(lambda: self.process(name).pid is not None, 15.0, f"{name} to have a process")
        pid = self.process(name).pid
        if pid is None:
            raise RunnerError(f"{name} died at this very moment")
        return pid

    def _ask(self, verb: str, name: str = "") -> None:
        answer = control.ask(self.instance.folder, Request(verb, name))
        if not answer.accepted:
            raise RunnerError(answer.text)
