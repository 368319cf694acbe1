"""Packages of the distribution: what is missing, and installing it when we are root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from imigr_local.errors import RunnerError
from imigr_local.places import LOCAL, shown
from imigr_local.progress import Say

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian's switch for packages that want to start their service while being installed."""
SECONDS = 600


def require(packages: Sequence[str], why: str, say: Say) -> None:
    """Installs the packages when root on Debian or Ubuntu; otherwise says what a person must do."""
    names = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise RunnerError(
            f"{why} Install it with:  sudo apt-get install {names}\n"
            "or run the platform with Docker instead:  docker compose --profile demo up"
        )
    say(f"installing {names} with apt-get")
    _without_starting_services(lambda: _install(packages))


def _install(packages: Sequence[str]) -> None:
    install = ("install", "-y", "--no-install-recommends", *packages)
    if not (_apt(*install) or (_apt("update") and _apt(*install))):
        raise RunnerError(f"apt-get could not install {' '.join(packages)}; see {shown(_log())}")


def _apt(*arguments: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    LOCAL.mkdir(exist_ok=True)
    with _log().open("ab") as log:
        command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *arguments]
        done = subprocess.run(
            command, check=False, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=SECONDS
        )
    return done.returncode == 0


def _log() -> Path:
    return LOCAL / "apt.log"


def _without_starting_services(install: Callable[[], None]) -> None:
    """A freshly installed broker must not run as a system service: only our private node may."""
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        POLICY.chmod(0o755)
    try:
        install()
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)


def keep_service_off(*names: str) -> None:
    """Keeps a service we have just installed from starting at the next boot."""
    if shutil.which("systemctl"):
        for name in names:
            subprocess.run(["systemctl", "disable", "--now", name], check=False, capture_output=True, timeout=60)
