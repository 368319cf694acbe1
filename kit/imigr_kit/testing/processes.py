"""A service in a process of its own, for tests that kill, freeze and restart it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from imigr_kit.testing.servers import trusted

START_SECONDS = 40.0
STOP_SECONDS = 20.0


class ServiceHandle:
    """One running ``python -m <module>``; its output goes to a file that is shown when it fails to start."""

    def __init__(self, module: str, env: Mapping[str, str]) -> None:
        self.module = module
        self.port = free_port()
        self.log = Path(tempfile.mkdtemp(prefix="imigr-test-")) / f"{module}.log"
        own = {"IMIGR_HEALTH_PORT": str(self.port), "IMIGR_INSTANCE": "test"}
        if "IMIGR_AMQP_URI" in env:
            own["IMIGR_SENDERS"] = str(trusted(env["IMIGR_AMQP_URI"]))
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module], env=os.environ | own | dict(env), stdout=output, stderr=output
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Until /health/ready says ok; fails with the end of its log."""
        deadline = time.monotonic() + seconds
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.module} did not start:\n{self.output()[-4000:]}")
            time.sleep(0.05)

    def ready(self) -> bool:
        """True when the process says that it and its parts are well."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except (OSError, ValueError):
            return False

    def health(self) -> dict[str, object]:
        """The health report, whether ok or degraded."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=4) as answer:
                report = json.load(answer)
        except urllib.error.HTTPError as error:
            report = json.load(error)
        return dict(report)

    def output(self) -> str:
        """All it has written so far."""
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """kill -9, and wait for the end."""
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def freeze(self) -> None:
        """SIGSTOP."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM; the exit code. Fails when it does not end in time."""
        if self._process.poll() is None:
            self.thaw()
            self._process.terminate()
        return self._process.wait(STOP_SECONDS)

    def discard(self) -> None:
        """End it whatever its state."""
        if self._process.poll() is None:
            self.thaw()
            self.kill()


def free_port() -> int:
    """A TCP port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
