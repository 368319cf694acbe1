"""Writes the hash-locked requirements of every package from its pyproject.toml (run by ``make lock``).

Each package gets one ``requirements.txt`` with what it and the kit need, nothing more; the repository gets
``requirements-dev.txt`` with everything plus the development tools. No file holds a registry address.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KIT = ROOT / "kit"
OWN = "imigr-"


def requirements(package: Path) -> list[str]:
    """The third-party dependencies that a package declares, its extras included."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    extras = project.get("optional-dependencies", {}).values()
    declared = [*project.get("dependencies", []), *(one for extra in extras for one in extra)]
    return [one for one in declared if not one.startswith(OWN)]


def packages() -> list[Path]:
    """The folders that are installed apart from each other."""
    services = sorted(path.parent for path in ROOT.glob("services/*/pyproject.toml"))
    return [*services, ROOT / "gateway", ROOT / "deploy" / "provision", ROOT / "deploy" / "local" / "peers"]


def stands_on_kit(package: Path) -> bool:
    """Whether the package declares the kit."""
    return "imigr-kit" in (package / "pyproject.toml").read_text()


def compile_lock(wanted: list[str], constraint: Path | None, target: Path) -> None:
    """Resolve ``wanted`` into ``target`` with hashes, keeping to the versions of ``constraint``."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "requirements.in"
        source.write_text("\n".join(sorted(set(wanted))) + "\n")
        command = [
            sys.executable, "-m", "piptools", "compile", "--quiet", "--generate-hashes", "--allow-unsafe",
            "--strip-extras", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-trusted-host",
            "--no-emit-find-links", "--output-file", str(target), str(source),
        ]  # fmt: skip
        if constraint is not None:
            command[-1:-1] = ["--constraint", str(constraint)]
        subprocess.run(command, check=True)
    head = "# Written by `make lock` from the pyproject.toml files; do not edit.\n"
    target.write_text(head + target.read_text())


def main() -> None:
    """Lock everything; the development file first, since it fixes the versions of all others."""
    tools = (ROOT / "requirements-dev.in").read_text().split("\n")
    everything = [line for line in tools if line and not line.startswith("#")]
    for package in [KIT, *packages()]:
        everything += requirements(package)
    whole = ROOT / "requirements-dev.txt"
    compile_lock(everything, None, whole)
    print(f"locked {whole.relative_to(ROOT)}")
    for package in packages():
        target = package / "requirements.txt"
        wanted = requirements(package) + (requirements(KIT) if stands_on_kit(package) else [])
        compile_lock(wanted, whole, target)
        print(f"locked {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
