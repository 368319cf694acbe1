"""The stages of an instance: what starts, in which order, with which environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from imigr_local import mongod, ports, rabbitmq
from imigr_local.options import Options
from imigr_local.places import MARK, REPOSITORY, Instance
from imigr_local.ports import HOST
from imigr_local.processes import TaskSpec
from imigr_local.progress import Say
from imigr_local.rabbitmq import BrokerPorts
from imigr_local.supervisor import Stage
from imigr_provision.server_secrets import BROKER_ADMIN, MONGO_ADMIN, ensure_server_secrets

SERVER_PORTS = {"amqp": 5673, "broker_management": 15673, "mongod": 27018, "broker_distribution": 0, "epmd": 0}


@dataclass(frozen=True)
class Programs:
    """What had to be found or downloaded before anything starts."""

    python: Path
    mongod: Path
    broker: Path


@dataclass(frozen=True)
class Plan:
    """Stages to run and the addresses to tell."""

    stages: tuple[Stage, ...]
    ports: dict[str, int]
    addresses: dict[str, str]


def find_programs(python: Path, say: Say) -> Programs:
    """Downloads and installs what is missing."""
    return Programs(python, mongod.ensure_program(python, say), rabbitmq.ensure_program(say))


def base_environment(instance: Instance) -> dict[str, str]:
    """Nothing of the caller's environment but what programs cannot do without."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1", MARK: str(instance.folder)}


def make(instance: Instance, options: Options, programs: Programs) -> Plan:
    """Chooses the ports and writes the files the servers start from."""
    ensure_server_secrets(instance.secrets)
    wanted = dict.fromkeys(SERVER_PORTS, 0) if options.any_ports else SERVER_PORTS
    chosen = ports.choose({**wanted, **options.ports})
    stages = _server_stages(instance, programs, chosen)
    return Plan(tuple(stages), chosen, _server_addresses(chosen))


def _server_stages(instance: Instance, programs: Programs, chosen: dict[str, int]) -> list[Stage]:
    base = base_environment(instance)
    broker = broker_ports(chosen)
    first: Stage = (
        rabbitmq.name_server(instance, broker, base),
        mongod.process(instance, programs.mongod, chosen["mongod"], base),
    )
    second: Stage = (
        rabbitmq.process(instance, programs.broker, broker, base),
        _mongo_task(instance, programs, chosen["mongod"], base),
    )
    return [first, second]


def _mongo_task(instance: Instance, programs: Programs, port: int, base: dict[str, str]) -> TaskSpec:
    argv = [str(programs.python), "-m", "imigr_provision", "mongo", "--secrets", str(instance.secrets)]
    argv += ["--host", HOST, "--port", str(port)]
    env = {**base, "PYTHONPATH": str(REPOSITORY / "deploy" / "provision")}
    log = instance.logs / "provision.log"
    return TaskSpec("replica set", tuple(argv), env, REPOSITORY, log, seconds=90)


def broker_ports(chosen: dict[str, int]) -> BrokerPorts:
    return BrokerPorts(
        amqp=chosen["amqp"],
        management=chosen["broker_management"],
        distribution=chosen["broker_distribution"],
        epmd=chosen["epmd"],
    )


def _server_addresses(chosen: dict[str, int]) -> dict[str, str]:
    return {
        "broker": f"amqp://{HOST}:{chosen['amqp']}",
        "broker management": f"http://{HOST}:{chosen['broker_management']}",
        "database": f"mongodb://{HOST}:{chosen['mongod']}",
    }


def admin_addresses(instance: Instance, chosen: dict[str, int]) -> dict[str, str]:
    """The environment of a test run: the servers with their administrators' passwords."""
    broker = (instance.secrets / BROKER_ADMIN).read_text()
    mongo = (instance.secrets / MONGO_ADMIN).read_text()
    login = f"{rabbitmq.ADMIN}:{broker}@{HOST}"
    database = f"mongodb://admin:{mongo}@{HOST}:{chosen['mongod']}/"
    return {
        "IMIGR_TEST_AMQP_URI": f"amqp://{login}:{chosen['amqp']}//",
        "IMIGR_TEST_AMQP_ADMIN": f"http://{login}:{chosen['broker_management']}",
        "IMIGR_TEST_MONGO_URI": f"{database}?authSource=admin&replicaSet={mongod.REPLICA_SET}",
    }
