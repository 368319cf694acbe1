"""Commands of the local runner, as `make` calls them."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from imigr_local import plan, venv
from imigr_local.errors import RunnerError
from imigr_local.options import Options
from imigr_local.places import REPOSITORY, Instance, shown
from imigr_local.platform import Platform
from imigr_local.progress import Progress
from imigr_local.state import State, read_state, take_lock
from imigr_local.supervisor import Supervisor


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command; a RunnerError becomes a sentence and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except RunnerError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, run, text in (
        ("down", _down, "stop everything and print that nothing is left"),
        ("status", _status, "say what runs"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--instance", default="dev")
        command.set_defaults(run=run)
    up = commands.add_parser("servers", help="start RabbitMQ and MongoDB only, and print their addresses")
    up.add_argument("--instance", default="servers")
    up.add_argument("--standard-ports", action="store_true")
    up.set_defaults(run=_servers)
    test = commands.add_parser("test", help="run pytest on real servers")
    test.add_argument("pytest", nargs=argparse.REMAINDER)
    test.set_defaults(run=_test)
    supervise = commands.add_parser("supervise")
    supervise.add_argument("instance")
    supervise.add_argument("programs", nargs=3, type=Path)
    supervise.set_defaults(run=_supervise)
    return parser


def _servers(options: argparse.Namespace) -> int:
    chosen = Options(only_servers=True, any_ports=not options.standard_ports)
    platform = Platform(options.instance, chosen)
    platform.up()
    for name, value in platform.admin_environment().items():
        print(f"export {name}='{value}'")
    return 0


def _test(options: argparse.Namespace) -> int:
    """The servers are this run's own, so that runs may follow or overlap each other."""
    rest = options.pytest[1:] if options.pytest[:1] == ["--"] else options.pytest
    servers = Options(only_servers=True, any_ports=True, owner=os.getpid())
    platform = Platform(f"test-{os.getpid()}", servers)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        platform.up()
        environment = {**os.environ, **platform.admin_environment()}
        command = [str(venv.ensure(Progress())), "-m", "pytest", *rest]
        return subprocess.call(command, cwd=REPOSITORY, env=environment)
    finally:
        platform.forget()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _down(options: argparse.Namespace) -> int:
    platform = Platform(options.instance)
    print("everything has stopped" if platform.down() else f"'{options.instance}' was not running")
    return 0


def _status(options: argparse.Namespace) -> int:
    platform = Platform(options.instance)
    state = read_state(platform.instance)
    if state is None or not platform.is_running():
        print(f"'{options.instance}' is not running")
        return 1
    print(f"{state.instance}: {state.status} (supervisor {state.pid})")
    for name, one in state.processes.items():
        restarts = f", restarted {one.restarts} times (last exit {one.last_exit})" if one.restarts else ""
        print(f"  {name:14} {one.state:10} pid {one.pid or '-'}  log {one.log}{restarts}")
    return 0


def _supervise(options: argparse.Namespace) -> int:
    """Runs in the background, started by `up`; holds the instance's lock while it lives."""
    instance = Instance.named(options.instance)
    lock = take_lock(instance.lock_file, seconds=3.0)
    if lock is None:
        raise RunnerError(f"'{instance.name}' is already running")
    chosen = Options.read(instance.options_file)
    made = plan.make(instance, chosen, plan.Programs(*options.programs))
    state = State(instance.name, ports=made.ports, addresses=made.addresses)
    return Supervisor(instance, state, owner=chosen.owner).run(made.stages)
