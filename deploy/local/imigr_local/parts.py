"""How each part of the platform is started: command, environment, readiness."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from imigr_local.options import Options
from imigr_local.places import REPOSITORY, Instance
from imigr_local.ports import HOST
from imigr_local.processes import ProcessSpec, TaskSpec
from imigr_local.readiness import Check, accepts, answers, both
from imigr_provision.catalogue import Part

DATA = REPOSITORY / "data"
GUNICORN = REPOSITORY / "deploy" / "gateway" / "gunicorn.conf.py"
PEERS = REPOSITORY / "deploy" / "local" / "peers"
SYSTEM_ID = "imigr"


@dataclass(frozen=True)
class Surroundings:
    """What all parts of one instance have in common."""

    instance: Instance
    options: Options
    python: Path
    ports: Mapping[str, int]
    base: Mapping[str, str]
    routes_file: Path

    @property
    def public_url(self) -> str:
        return f"http://{HOST}:{self.ports['gateway']}"

    @property
    def streams_url(self) -> str:
        return f"http://{HOST}:{self.ports['streams']}"

    @property
    def received_url(self) -> str:
        return f"http://{HOST}:{self.ports['received']}"


def environment(part: Part, around: Surroundings) -> dict[str, str]:
    """Variables of one part: its templates filled, its secrets by file, then what the options add."""
    values = _values(part, around)
    told = {name: template.format(**values) for name, template in part.variables.items()}
    folder = around.instance.secrets / part.name
    secret = {f"{name}_FILE": str(folder / file) for name, file in part.secrets.items()}
    more = around.options.environment
    return {**around.base, **told, **secret, **more.get("*", {}), **more.get(part.name, {})}


def _values(part: Part, around: Surroundings) -> dict[str, object]:
    ports = around.ports
    return {
        "instance": "local",
        "name": part.name,
        "database": part.database,
        "health_host": HOST,
        "health_port": ports.get(part.name, 0),
        "log_level": "INFO",
        "retry_delays": "1s,10s,1m,10m",
        "public_url": around.public_url,
        "received_url": around.received_url,
        "received_port": ports["received"],
        "gateway_bind": f"{HOST}:{ports['gateway']}",
        "streams_bind": f"{HOST}:{ports['streams']}",
        "streams_url": around.streams_url,
        # Whoever sits at this machine may stand for any visitor, as the proxy of a deployment does.
        "trusted_proxies": HOST,
        "routes_file": around.routes_file,
        "senders_file": around.instance.secrets / part.name / "senders.json",
        "peers_host": HOST,
        "smpp_host": HOST,
        "smpp_port": ports["smpp"],
        "smpp_system_id": SYSTEM_ID,
        "smtp_host": HOST,
        "smtp_port": ports["smtp"],
        "smtp_from": "commune@localhost",
        "sms_sender": "Commune",  # neutral: nothing in a message says what the desk is for
        "channels": os.environ.get("IMIGR_CHANNELS", ""),
        "rotating_keys": around.instance.folder / "rotating-keys",
        "erasure_ledger": around.instance.folder / "erasures.jsonl",
        "audit_head": around.instance.folder / f"{part.name}-audit-head.json",
        "journal": around.instance.folder / "received.jsonl",
    }


def service(part: Part, around: Surroundings) -> ProcessSpec:
    """Ready when its own health says so (servers reached, queues declared)."""
    check = answers(f"http://{HOST}:{around.ports[part.name]}/health/ready")
    return _process(part, around, ("-m", part.module), check)


def gateway(part: Part, around: Surroundings) -> ProcessSpec:
    """Gunicorn with threads, as in a deployment."""
    arguments = ("-m", "gunicorn", "-c", str(GUNICORN), f"{part.module}.wsgi:app")
    return _process(part, around, arguments, answers(f"{around.public_url}/health/live"))


def streams(part: Part, around: Surroundings) -> ProcessSpec:
    """The process of the long-lived streams, beside the gateway."""
    return _process(part, around, ("-m", part.module), answers(f"{around.streams_url}/health/live"))


def peers(part: Part, around: Surroundings) -> ProcessSpec:
    """What receives the messages on this machine: SMS centre, mail sink and their page."""
    ports = around.ports
    page = answers(f"{around.received_url}/api/messages")
    check = both(both(accepts(HOST, ports["smpp"]), accepts(HOST, ports["smtp"])), page)
    return _process(part, around, ("-m", part.module), check, {"PYTHONPATH": str(PEERS)})


def _process(
    part: Part,
    around: Surroundings,
    arguments: Iterable[str],
    check: Check,
    more: Mapping[str, str] | None = None,
) -> ProcessSpec:
    return ProcessSpec(
        name=part.name,
        argv=(str(around.python), *arguments),
        env={**environment(part, around), **(more or {})},
        cwd=around.instance.folder,
        log=around.instance.logs / f"{part.name}.log",
        check=check,
        ready_seconds=60,
        stop_seconds=20,
    )


def arguments_of_seed(part: Part, around: Surroundings) -> tuple[str, ...]:
    """What the part's command line is told to bring in; empty for nothing."""
    return part.demonstration if around.options.demonstration else part.seed


def seed(part: Part, around: Surroundings) -> TaskSpec:
    """Brings in the data of the repository; the same data again changes nothing."""
    passwords = around.instance.secrets / "accounts" / "staff_passwords.json"
    words = (word.format(data=DATA, staff_passwords=passwords) for word in arguments_of_seed(part, around))
    argv = (str(around.python), "-m", f"{part.module}.cli", *words)
    log = around.instance.logs / f"{part.name}-seed.log"
    name = f"seed of {part.name}"
    return TaskSpec(name, argv, environment(part, around), around.instance.folder, log, seconds=120)
