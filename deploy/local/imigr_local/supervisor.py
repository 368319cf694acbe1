"""The one background process of an instance: starts everything, watches it, stops it in order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from imigr_local import control
from imigr_local.places import Instance, shown
from imigr_local.processes import Managed, ProcessSpec, Step, TaskSpec, signal_group, spawn, tail
from imigr_local.state import ProcessState, State

Stage = Sequence[Step]
POLL_SECONDS = 0.1


class Stop(Exception):
    """Somebody asked the platform to stop."""


class StartFailed(Exception):
    """A sentence: which part did not come up, with the end of its log."""


class Supervisor:
    """Runs stages in order; the parts of one stage start together."""

    def __init__(self, instance: Instance, state: State, *, owner: int | None) -> None:
        self._instance, self._state, self._owner = instance, state, owner
        self._processes: dict[str, Managed] = {}
        self._stopping = self._in_a_hurry = False
        self._saved = ""
        self._control = control.Server(instance.folder, self._answer)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def run(self, stages: Sequence[Stage]) -> int:
        """Returns the exit code once everything has stopped."""
        failed = False
        try:
            for stage in stages:
                self._run_stage(stage)
            self._state.status = "running"
            self._say("everything runs")
            while True:
                self._tick(self._watch)
        except Stop:
            self._say("stopping")
        except StartFailed as problem:
            failed = True
            self._state.problem = str(problem)
            self._say(str(problem))
        self._stop_all("failed" if failed else "stopped")
        return 1 if failed else 0

    # Starting

    def _run_stage(self, stage: Stage) -> None:
        tasks = [(spec, spawn(spec)) for spec in stage if isinstance(spec, TaskSpec)]
        fresh = [Managed(spec) for spec in stage if isinstance(spec, ProcessSpec)]
        for one in fresh:
            self._processes[one.spec.name] = one
            one.start()
        begun = time.monotonic()
        while tasks or not all(one.ready for one in fresh):
            self._tick(lambda: None)
            passed = time.monotonic() - begun
            tasks = [(spec, child) for spec, child in tasks if not self._task_done(spec, child, passed)]
            for one in fresh:
                self._await_ready(one, passed)

    def _task_done(self, spec: TaskSpec, child: subprocess.Popen[bytes], passed: float) -> bool:
        code = child.poll()
        if code is None and passed > spec.seconds:
            signal_group(child.pid, signal.SIGKILL)
            raise StartFailed(f"{spec.name} was not done after {spec.seconds:.0f} s; see {shown(spec.log)}")
        if code:
            raise StartFailed(f"{spec.name} failed (exit {code}); see {shown(spec.log)}\n{tail(spec.log)}")
        if code == 0:
            self._say(f"{spec.name}: done")
        return code == 0

    def _await_ready(self, one: Managed, passed: float) -> None:
        name, log = one.spec.name, one.spec.log
        if one.ready:
            return
        if one.has_died():
            raise StartFailed(f"{name} stopped while starting (exit {one.last_exit}); see {shown(log)}\n{tail(log)}")
        if one.spec.check():
            one.ready = True
            self._say(f"{name}: ready")
        elif passed > one.spec.ready_seconds:
            raise StartFailed(f"{name} was not ready after {passed:.0f} s; see {shown(log)}\n{tail(log)}")

    # Watching

    def _watch(self) -> None:
        now = time.monotonic()
        for one in self._processes.values():
            if one.has_died():
                self._report_death(one, now)
            if one.popen is None and one.wanted and now >= one.retry_at:
                one.restarts += 1
                one.start()
            elif one.popen and not one.ready and one.spec.check():
                one.ready = True
                self._say(f"{one.spec.name}: ready again")

    def _report_death(self, one: Managed, now: float) -> None:
        if one.wanted:
            delay = one.plan_restart(now)
            what = f"{one.spec.name} died (exit {one.last_exit}); it starts again in {delay:.1f} s"
        else:
            what = f"{one.spec.name} stopped (exit {one.last_exit})"
        self._say(f"{what}; log: {shown(one.spec.log)}")

    def _tick(self, work: Callable[[], None]) -> None:
        if self._stopping or self._owner_is_gone():
            raise Stop
        work()
        self._save()
        self._control.serve(POLL_SECONDS)

    def _owner_is_gone(self) -> bool:
        return self._owner is not None and not Path(f"/proc/{self._owner}").exists()

    def _asked_to_stop(self, number: int, frame: object) -> None:
        self._stopping = True

    # Requests through the control socket

    def _answer(self, request: control.Request) -> control.Answer:
        if request.verb in {"shutdown", "abandon"}:
            self._stopping, self._in_a_hurry = True, request.verb == "abandon"
            return control.Answer(True, "stopping")
        one = self._processes.get(request.name)
        if one is None:
            return control.Answer(False, f"there is no process '{request.name}' in {self._instance.name}")
        if request.verb == "stop":
            one.wanted = False
            one.ask_to_stop()
        elif request.verb == "hold":
            one.wanted = False
        elif request.verb == "start":
            one.wanted, one.retry_at = True, 0.0
        return control.Answer(True, request.verb)

    # Stopping and telling

    def _stop_all(self, status: str) -> None:
        self._state.status = "stopping"
        self._save()
        for one in reversed(self._processes.values()):
            one.wanted = False
        for group in self._stop_order():
            for one in group:
                one.ask_to_stop()
            for one in group:
                if not one.reap(0.0 if self._in_a_hurry else one.spec.stop_seconds) and not self._in_a_hurry:
                    self._say(f"{one.spec.name} did not stop by itself and was killed")
        self._state.status, self._state.pid = status, None
        self._say("everything has stopped")
        self._save()
        self._control.close()

    def _stop_order(self) -> list[list[Managed]]:
        """Clients of the servers first, together; then the servers; the name server last."""
        servers = {"mongod", "rabbitmq"}
        every = list(self._processes.values())
        clients = [one for one in every if one.spec.name not in servers | {"epmd"}]
        backs = [one for one in every if one.spec.name in servers]
        return [clients, backs, [one for one in every if one.spec.name == "epmd"]]

    def _say(self, line: str) -> None:
        stamp = time.strftime("%H:%M:%S")
        print(f"{stamp} {line}", flush=True)
        self._state.progress.append(line)
        del self._state.progress[:-500]

    def _save(self) -> None:
        self._state.pid = os.getpid() if self._state.status in {"starting", "running", "stopping"} else None
        self._state.processes = {name: _described(one) for name, one in self._processes.items()}
        picture = repr(self._state)
        if picture != self._saved:
            self._state.save(self._instance.state_file)
            self._saved = picture


def _described(one: Managed) -> ProcessState:
    alive = "ready" if one.ready else "starting"
    absent = "restarting" if one.wanted else "stopped"
    word = alive if one.popen else absent
    return ProcessState(word, one.pid, one.restarts, one.last_exit, shown(one.spec.log))
