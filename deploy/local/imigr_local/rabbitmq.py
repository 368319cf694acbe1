"""A private RabbitMQ node from the distribution's package; a system broker is never touched."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from imigr_local import debian
from imigr_local.errors import RunnerError
from imigr_local.places import Instance
from imigr_local.ports import HOST
from imigr_local.processes import ProcessSpec
from imigr_local.progress import Say
from imigr_local.readiness import accepts, answers, both, greets_amqp

ADMIN = "admin"
PLACES = ("/usr/lib/rabbitmq/lib", "/usr/local/lib/rabbitmq/lib", "/opt/rabbitmq/lib")

CONFIGURATION = """\
listeners.tcp.default = {host}:{amqp}
management.tcp.ip = {host}
management.tcp.port = {management}
default_user = {admin}
default_pass = {password}
default_user_tags.administrator = true
loopback_users.guest = true
log.console = false
log.file.level = warning
vm_memory_high_watermark.absolute = 512MiB
disk_free_limit.absolute = 50MB
collect_statistics_interval = 2000
raft.wal_max_size_bytes = 33554432
management_agent.disable_metrics_collector = false
"""
# Few schedulers and small allocators: the node is for one person or one test run. Schedulers without work sleep at once
# instead of turning for a while: the processor is shared with everything else.
# The distribution, through which whoever has the cookie commands the node, stays on this machine; the command line is a
# node as well.
LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"
ERLANG_ARGUMENTS = "+S 2:2 +SDcpu 1:1 +SDio 4 +MMscs 64 +sbwt none +sbwtdcpu none +sbwtdio none"


@dataclass(frozen=True)
class BrokerPorts:
    """Every port the node listens on, its name service included."""

    amqp: int
    management: int
    distribution: int
    epmd: int

    @classmethod
    def among(cls, ports: Mapping[str, int]) -> BrokerPorts:
        """Picked from the ports of an instance."""
        names = ("amqp", "broker_management", "broker_distribution", "epmd")
        return cls(*(ports[name] for name in names))


def ensure_program(say: Say) -> Path:
    """Folder of the real programs (not the distribution's wrappers, which switch user)."""
    found = _folder()
    if found is None:
        why = "RabbitMQ (package rabbitmq-server) is not installed."
        debian.require(["rabbitmq-server"], why, say)
        debian.keep_service_off("rabbitmq-server.service", "epmd.socket", "epmd.service")
        found = _folder()
    if found is None:
        raise RunnerError("rabbitmq-server is installed, but its programs were not found under /usr/lib/rabbitmq.")
    return found


def _folder() -> Path | None:
    if shutil.which("erl") is None or shutil.which("epmd") is None:
        return None
    folders = [folder for place in PLACES for folder in Path(place).glob("*/sbin")]
    usable = [folder for folder in folders if os.access(folder / "rabbitmq-server", os.X_OK)]
    return max(usable, default=None)


def environment(instance: Instance, ports: BrokerPorts, base: Mapping[str, str]) -> dict[str, str]:
    """Everything that keeps this node apart from any other; rabbitmqctl needs the same."""
    home = instance.folder / "rabbitmq"
    return {
        **base,
        "HOME": str(home),
        "RUNNING_UNDER_SYSTEMD": "true",  # start the Erlang machine itself, without a shell around it
        "RABBITMQ_CONF_ENV_FILE": str(home / "no-environment-file"),
        "RABBITMQ_NODENAME": f"imigr-{instance.name}@localhost",
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "no-advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(instance.logs / "rabbitmq"),
        "RABBITMQ_DIST_PORT": str(ports.distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-start_epmd false {LOOPBACK} {ERLANG_ARGUMENTS}",
        "RABBITMQ_CTL_ERL_ARGS": LOOPBACK,
        "ERL_EPMD_PORT": str(ports.epmd),
        "ERL_EPMD_ADDRESS": HOST,
    }


def control(instance: Instance, ports: BrokerPorts, base: Mapping[str, str], words: Sequence[str]) -> str:
    """Runs rabbitmqctl against this node and returns what it printed; raises RunnerError when it failed."""
    program = str((_folder() or Path("/nonexistent")) / "rabbitmqctl")
    env = environment(instance, ports, base)
    done = subprocess.run(
        [program, *words], check=False, env=env, cwd=instance.folder, capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        raise RunnerError(f"rabbitmqctl {' '.join(words)} failed:\n{(done.stdout + done.stderr).strip()}")
    return done.stdout


def write_files(instance: Instance, ports: BrokerPorts) -> None:
    """Configuration, plugins and cookie; the password is only used by the first start on empty data."""
    home = instance.folder / "rabbitmq"
    (home / "conf.d").mkdir(mode=0o700, parents=True, exist_ok=True)
    password = (instance.secrets / "broker" / "admin_password").read_text()
    text = CONFIGURATION.format(host=HOST, amqp=ports.amqp, management=ports.management, admin=ADMIN, password=password)
    _private(home / "rabbitmq.conf", text)
    _private(home / "enabled_plugins", "[rabbitmq_management].\n")
    _private(home / ".erlang.cookie", (instance.secrets / "broker" / "erlang_cookie").read_text(), mode=0o400)


def _private(path: Path, text: str, mode: int = 0o600) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def name_server(instance: Instance, ports: BrokerPorts, base: Mapping[str, str]) -> ProcessSpec:
    """An epmd of our own: the broker would otherwise start one that nobody stops."""
    argv = (shutil.which("epmd") or "epmd", "-port", str(ports.epmd), "-address", HOST)
    log = instance.logs / "epmd.log"
    return ProcessSpec("epmd", argv, base, instance.folder, log, accepts(HOST, ports.epmd), stop_seconds=5)


def process(instance: Instance, sbin: Path, ports: BrokerPorts, base: Mapping[str, str]) -> ProcessSpec:
    """The node; ready when both AMQP and the management interface answer."""
    write_files(instance, ports)
    management = answers(f"http://{HOST}:{ports.management}/")
    return ProcessSpec(
        name="rabbitmq",
        argv=(str(sbin / "rabbitmq-server"),),
        env=environment(instance, ports, base),
        cwd=instance.folder,
        log=instance.logs / "rabbitmq.log",
        check=both(greets_amqp(HOST, ports.amqp), management),
        ready_seconds=90,
        stop_seconds=30,
    )
