"""Commands of the local runner, as `make` calls them."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from imigr_local import kannel, plan, tell, venv
from imigr_local.errors import RunnerError
from imigr_local.options import Options
from imigr_local.places import REPOSITORY, Instance
from imigr_local.platform import Platform
from imigr_local.progress import Progress
from imigr_local.server_stages import Programs
from imigr_local.state import State, read_state, take_lock
from imigr_local.supervisor import Supervisor

ONE_BY_ONE = ("tests/runner", "tests/attack", "tests/e2e", "tests/chaos")
MOST_WORKERS = 4
"""Test processes at most, since they share one broker and one database server."""

Run = Callable[[argparse.Namespace], int]


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

    def add(name: str, run: Run, text: str, instance: str | None = "dev") -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text)
        if instance is not None:
            command.add_argument("--instance", default=instance, help="name of the installation")
        command.set_defaults(run=run)
        return command

    up = add("up", _up, "start the whole platform in the background")
    up.add_argument("--without", nargs="*", default=[], metavar="PART", help="parts you start yourself")
    add("down", _down, "stop it")
    add("status", _status, "say what runs")
    add("reset", _reset, "stop it and delete its data")
    logs = add("logs", _logs, "follow the log files")
    logs.add_argument("part", nargs="*", help="only of these parts")
    add("demo", _demo, "play the main job once, step by step")
    servers = add("servers", _servers, "start RabbitMQ and MongoDB only; print their addresses", "servers")
    servers.add_argument("--standard-ports", action="store_true")
    test = add("test", _test, "run pytest on real servers of its own", None)
    test.add_argument("words", nargs=argparse.REMAINDER, metavar="pytest arguments")
    mutants = add("mutants", _mutants, "break guarded lines one by one on real servers; each must be noticed", None)
    mutants.add_argument("words", nargs=argparse.REMAINDER, metavar="names")
    execute = add("exec", _exec, "run a program of the virtual environment", None)
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="program and arguments")
    supervise = commands.add_parser("supervise")
    supervise.add_argument("instance")
    supervise.add_argument("programs", nargs=3, type=Path)
    supervise.set_defaults(run=_supervise)
    return parser


def _up(options: argparse.Namespace) -> int:
    """Interrupting the start stops what has started."""
    given = {name: os.environ[name] for name in ("IMIGR_AMQP_URI", "IMIGR_MONGO_URI") if name in os.environ}
    platform = Platform(options.instance, Options(without=tuple(options.without), given=given))
    try:
        fresh = platform.up()
    except KeyboardInterrupt:
        platform.down()
        raise
    print("\nI-MIGR runs.\n" if fresh else "\nI-MIGR runs already.\n")
    print(tell.addresses(platform))
    return 0


def _down(options: argparse.Namespace) -> int:
    stopped = Platform(options.instance).down()
    print("Everything has stopped." if stopped else f"'{options.instance}' was not running.")
    return 0


def _reset(options: argparse.Namespace) -> int:
    Platform(options.instance).forget()
    print(f"'{options.instance}' is stopped and its data deleted.")
    return 0


def _status(options: argparse.Namespace) -> int:
    platform = Platform(options.instance)
    state = read_state(platform.instance)
    if state is None or not platform.is_running():
        print(f"'{options.instance}' is not running.")
        return 1
    print(tell.processes(state))
    print(tell.addresses(platform))
    return 0


def _logs(options: argparse.Namespace) -> int:
    platform = Platform(options.instance)
    names = options.part or list(platform.state.processes)
    files = [str(platform.log(name)) for name in names]
    return subprocess.call(["tail", "-n", "20", "-F", *files])


def _demo(options: argparse.Namespace) -> int:
    """Against this machine's platform, or the one named by IMIGR_DEMO_URL and its like."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "deploy" / "demo")}
    if "IMIGR_DEMO_URL" not in environment:
        platform = Platform(options.instance)
        platform.up()
        environment |= tell.demo_environment(platform)
    command = [str(venv.ensure(Progress())), "-m", "imigr_demo"]
    return subprocess.call(command, cwd=REPOSITORY, env=environment)


def _servers(options: argparse.Namespace) -> int:
    platform = Platform(options.instance, Options(only_servers=True, any_ports=not options.standard_ports))
    platform.up()
    for name, value in platform.admin_environment().items():
        print(f"export {name}='{value}'")
    return 0


def _test(options: argparse.Namespace) -> int:
    pytest = [str(venv.ensure(Progress())), "-m", "pytest"]
    runs = [_words(options)] if _words(options) else _everything()
    return _on_servers([[*pytest, *words] for words in runs])


def _mutants(options: argparse.Namespace) -> int:
    program = [str(venv.ensure(Progress())), str(REPOSITORY / "tools" / "mutants.py")]
    return _on_servers([[*program, *_words(options)]])


def _on_servers(commands: list[list[str]]) -> int:
    """The servers are this run's own, so that runs may follow or overlap each other."""
    servers = Options(only_servers=True, any_ports=True, owner=os.getpid())
    platform = Platform(f"test-{os.getpid()}", servers)
    signal.signal(signal.SIGTERM, _interrupt)
    kannel.ensure(Progress())
    try:
        platform.up()
        environment = {**os.environ, **platform.admin_environment()}
        codes = [subprocess.call(words, cwd=REPOSITORY, env=environment) for words in commands]
        return max(codes, key=abs)
    finally:
        platform.forget()


def _everything() -> list[list[str]]:
    """All tests in two runs: side by side what has a broker's vhost and a database of its own, then one by one what
    starts whole platforms and kills them."""
    workers = str(max(2, min(os.cpu_count() or 2, MOST_WORKERS)))
    side_by_side = ["-n", workers, "--dist", "loadfile", *(f"--ignore={folder}" for folder in ONE_BY_ONE)]
    return [side_by_side, list(ONE_BY_ONE)]


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _exec(options: argparse.Namespace) -> int:
    words = _words(options)
    if not words:
        raise RunnerError("say which program: exec python --version")
    folder = venv.ensure(Progress()).parent
    program = shutil.which(words[0], path=f"{folder}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        raise RunnerError(f"no program '{words[0]}', neither in {folder} nor on the path")
    return subprocess.call([program, *words[1:]], cwd=REPOSITORY)


def _words(options: argparse.Namespace) -> list[str]:
    words: list[str] = options.words
    return words[1:] if words[:1] == ["--"] else words


def _supervise(options: argparse.Namespace) -> int:
    """Runs in the background, started by `up`; holds the instance's lock while it lives."""
    instance = Instance.named(options.instance)
    lock = take_lock(instance.lock_file, seconds=3.0)
    if lock is None:
        raise RunnerError(f"'{instance.name}' is already running")
    chosen = Options.read(instance.options_file)
    made = plan.make(instance, chosen, Programs(*options.programs))
    state = State(instance.name, ports=made.ports, addresses=made.addresses)
    return Supervisor(instance, state, owner=chosen.owner).run(made.stages)
