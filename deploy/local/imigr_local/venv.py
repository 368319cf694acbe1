"""The virtual environment in .local/venv, made from the hash-locked requirements."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from imigr_local import debian
from imigr_local.errors import RunnerError
from imigr_local.places import LOCAL, REPOSITORY, shown
from imigr_local.progress import Say

SETTING = "IMIGR_VENV"
"""Set it to use a virtual environment of your own; the runner then installs nothing into it."""
REQUIREMENTS = REPOSITORY / "requirements-dev.txt"
FOLDER = LOCAL / "venv"
SECONDS = 900


def ensure(say: Say) -> Path:
    """The Python of the environment; quick when nothing changed since the last time."""
    own = os.environ.get(SETTING)
    if own:
        return _python_of(Path(own))
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = FOLDER / "stamp"
        wanted = _fingerprint()
        if not stamp.exists() or stamp.read_text() != wanted:
            _build(say)
            stamp.write_text(wanted)
    return _python_of(FOLDER)


def _python_of(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        raise RunnerError(f"{folder} is no virtual environment: {python} does not exist.")
    return python


def packages() -> list[Path]:
    """The folders of our own packages, the kit first."""
    found = [REPOSITORY / "kit", *sorted((REPOSITORY / "services").glob("*")), REPOSITORY / "gateway"]
    return [folder for folder in found if (folder / "pyproject.toml").exists()]


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{sys.version}\n{REPOSITORY}\n".encode())
    for path in (REQUIREMENTS, *(folder / "pyproject.toml" for folder in packages())):
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _build(say: Say) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  whoever starts us may have an older one
        raise RunnerError(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}.")
    if importlib.util.find_spec("ensurepip") is None:
        version = f"python3.{sys.version_info.minor}-venv"
        debian.require([version], f"Python's venv module (package {version}) is missing.", say)
    say(f"making the virtual environment {shown(FOLDER)}")
    shutil.rmtree(FOLDER, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(FOLDER)], "venv")
    pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    say(f"installing the libraries of {shown(REQUIREMENTS)}")
    _run([*pip, "--require-hashes", "-r", str(REQUIREMENTS)], "libraries")
    say("installing the kit, the services and the gateway")
    editable = [part for folder in packages() for part in ("-e", str(folder))]
    _run([*pip, "--no-deps", "--no-build-isolation", *editable], "own packages")


def _run(command: Sequence[str], what: str) -> None:
    done = subprocess.run(command, check=False, cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode != 0:
        raise RunnerError(f"{what}: {' '.join(command[:4])} failed:\n{(done.stdout + done.stderr).strip()}")
