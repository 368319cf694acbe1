"""The first stages of an instance: the two servers, and what prepares them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from imigr_local import mongod, rabbitmq
from imigr_local.options import Options
from imigr_local.parts import DATA
from imigr_local.places import MARK, REPOSITORY, Instance
from imigr_local.ports import HOST
from imigr_local.processes import ProcessSpec, Step, TaskSpec
from imigr_local.rabbitmq import BrokerPorts
from imigr_local.supervisor import Stage

PORTS = {"amqp": 5673, "broker_management": 15673, "mongod": 27018, "broker_distribution": 0, "epmd": 0}
AMQP, MONGO = "IMIGR_AMQP_URI", "IMIGR_MONGO_URI"


@dataclass(frozen=True)
class Programs:
    """What had to be found or downloaded before anything starts."""

    python: Path
    mongod: Path
    broker: Path


def base_environment(instance: Instance) -> dict[str, str]:
    """Nothing of the caller's environment but what programs cannot do without."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1", MARK: str(instance.folder)}


class ServerStages:
    """Starts a server of each kind unless the options name one that runs elsewhere."""

    def __init__(self, instance: Instance, programs: Programs, ports: Mapping[str, int], options: Options) -> None:
        self._instance, self._programs, self._ports, self._options = instance, programs, ports, options
        self._base = base_environment(instance)
        self._mongo = ("--mongo", f"{HOST}:{ports['mongod']}")

    def all(self) -> tuple[Stage, ...]:
        """The broker takes longest, so what MongoDB needs happens meanwhile."""
        first: list[Step] = []
        second: list[Step] = []
        if AMQP not in self._options.given:
            name_server, broker = self._broker()
            first.append(name_server)
            second.append(broker)
        if MONGO not in self._options.given:
            first.append(mongod.process(self._instance, self._programs.mongod, self._ports["mongod"], self._base))
            second.append(self._task("replica set", "mongo", *self._mongo))
        if self._options.only_servers:
            return (first, second)
        return (first, [*second, self._keys()], [self._provision()])

    def _broker(self) -> tuple[ProcessSpec, ProcessSpec]:
        ports = BrokerPorts.among(self._ports)
        name_server = rabbitmq.name_server(self._instance, ports, self._base)
        return name_server, rabbitmq.process(self._instance, self._programs.broker, ports, self._base)

    def _keys(self) -> TaskSpec:
        staff = DATA / "staff.json"
        return self._task("keys", "keys", *(("--staff", str(staff)) if staff.exists() else ()))

    def _provision(self) -> TaskSpec:
        """Users, rights and exchanges; with given servers only the exchanges."""
        return self._task("users and rights", "servers", *self._mongo, *self._broker_admin())

    def demo(self) -> Stage:
        """The demo's follower can only be made on a broker of our own."""
        if AMQP in self._options.given:
            return []
        return [self._task("follower of the demo", "follower", *self._broker_admin())]

    def _broker_admin(self) -> tuple[str, ...]:
        management = f"http://{HOST}:{self._ports['broker_management']}"
        return ("--broker-management", management, "--amqp", f"{HOST}:{self._ports['amqp']}")

    def _task(self, name: str, command: str, *arguments: str) -> TaskSpec:
        own = json.dumps([asdict(one) for one in self._options.own])
        argv = [str(self._programs.python), "-m", "imigr_provision", command, *arguments]
        argv += ["--secrets", str(self._instance.secrets), "--own", own]
        env = {**self._base, **self._options.given, "PYTHONPATH": str(REPOSITORY / "deploy" / "provision")}
        log = self._instance.logs / "provision.log"
        return TaskSpec(name, tuple(argv), env, REPOSITORY, log, seconds=90)
