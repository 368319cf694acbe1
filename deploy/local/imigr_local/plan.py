"""The stages of an instance: what starts, in which order, on which ports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imigr_local import mongod, parts, ports, printing, rabbitmq
from imigr_local.options import Options
from imigr_local.parts import Surroundings
from imigr_local.places import REPOSITORY, Instance
from imigr_local.ports import HOST
from imigr_local.processes import Step
from imigr_local.progress import Say
from imigr_local.server_stages import AMQP, MONGO, PORTS, Programs, ServerStages, base_environment
from imigr_local.supervisor import Stage
from imigr_provision import catalogue
from imigr_provision.catalogue import VHOST, Catalogue, OwnPart, Part
from imigr_provision.files import write_private
from imigr_provision.server_secrets import BROKER_ADMIN, MONGO_ADMIN, ensure_server_secrets

ROUTES = REPOSITORY / "deploy" / "gateway" / "routes.json"
NONE_NEEDED = Path("/nonexistent")


@dataclass(frozen=True)
class Plan:
    """Stages to run and what to tell about them."""

    stages: tuple[Stage, ...]
    ports: dict[str, int]
    addresses: dict[str, str]


def find_programs(python: Path, options: Options, say: Say) -> Programs:
    """Downloads and installs what is missing of what this instance needs."""
    database = NONE_NEEDED if MONGO in options.given else mongod.ensure_program(python, say)
    broker = NONE_NEEDED if AMQP in options.given else rabbitmq.ensure_program(say)
    printing.ensure(say)
    return Programs(python, database, broker)


def make(instance: Instance, options: Options, programs: Programs) -> Plan:
    """Chooses the ports and writes the files the servers start from."""
    ensure_server_secrets(instance.secrets)
    own = [OwnPart(one.name, one.of, one.municipalities) for one in options.own]
    everything = catalogue.read(own=own)
    chosen = _choose_ports(options, everything)
    servers = ServerStages(instance, programs, chosen, options)
    addresses = _server_addresses(options, chosen)
    if options.only_servers:
        return Plan(servers.all(), chosen, addresses)
    around = _surroundings(instance, options, programs, chosen)
    pages = {
        "home page": f"{around.public_url}/",
        "API documentation": f"{around.public_url}/api/v1/docs",
        "received messages": f"{around.received_url}/",
    }
    seeds, services = _part_stages(everything, around)
    return Plan((*servers.all(), (*servers.demo(), *seeds), services), chosen, pages | addresses)


def _choose_ports(options: Options, everything: Catalogue) -> dict[str, int]:
    wanted = dict(PORTS)
    if not options.only_servers:
        wanted |= {part.name: part.port for part in (*everything.services, everything.gateway, everything.streams)}
        wanted |= everything.peer_ports
    if options.any_ports:
        wanted = dict.fromkeys(wanted, 0)
    return ports.choose(wanted | options.ports)


def _surroundings(instance: Instance, options: Options, programs: Programs, chosen: Mapping[str, int]) -> Surroundings:
    routes = instance.folder / "routes.json"
    content = json.loads(ROUTES.read_text(encoding="utf-8")) | options.routes
    write_private(routes, json.dumps(content, indent=2).encode())
    return Surroundings(instance, options, programs.python, chosen, base_environment(instance), routes)


def _part_stages(everything: Catalogue, around: Surroundings) -> tuple[Stage, Stage]:
    def runs(part: Part) -> bool:
        return part.name not in around.options.without

    services = [part for part in everything.services if runs(part)]
    first: list[Step] = [parts.seed(part, around) for part in services if parts.arguments_of_seed(part, around)]
    if runs(everything.peers):
        first.append(parts.peers(everything.peers, around))
    second: list[Step] = [parts.service(part, around) for part in services]
    if runs(everything.gateway):
        second.append(parts.gateway(everything.gateway, around))
    if runs(everything.streams):
        second.append(parts.streams(everything.streams, around))
    return (first, second)


def _server_addresses(options: Options, chosen: Mapping[str, int]) -> dict[str, str]:
    """Of our own servers only: a given address may hold a password."""
    broker = {
        "broker": f"amqp://{HOST}:{chosen['amqp']}/{VHOST}",
        "broker management": f"http://{HOST}:{chosen['broker_management']}",
    }
    database = {"database": f"mongodb://{HOST}:{chosen['mongod']}"}
    return ({} if AMQP in options.given else broker) | ({} if MONGO in options.given else database)


def admin_addresses(instance: Instance, chosen: Mapping[str, int]) -> dict[str, str]:
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
