"""Breaks one guarded line at a time and looks whether a test notices: ``python tools/mutants.py [name ...]``.

The list stands in ``tests/mutants.json``: file, the text that guards, what it is replaced by, and the tests that must
fail for it. Each file is put back, also when this program is interrupted. Ends with 1 when a mutant survives, or when
its text is no longer in its file: then the list is out of date.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "mutants.json"
MOST_SECONDS = 600


@dataclass(frozen=True)
class Mutant:
    """One change that breaks a promise."""

    name: str
    breaks: str
    file: str
    old: str
    new: str
    tests: str

    def is_current(self) -> bool:
        """Whether the guarded text stands in its file exactly once."""
        return (ROOT / self.file).read_text(encoding="utf-8").count(self.old) == 1


def mutants(path: Path = LIST) -> list[Mutant]:
    """All of the list."""
    return [Mutant(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


@contextmanager
def changed(one: Mutant) -> Iterator[None]:
    """The file with the guarded line broken."""
    file = ROOT / one.file
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace(one.old, one.new), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(before, encoding="utf-8")


def is_noticed(one: Mutant) -> bool:
    """Whether a test fails for it."""
    with changed(one):
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *one.tests.split()]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    return done.returncode == 1


def main(names: list[str]) -> int:
    """Exit code 0 when every mutant is noticed."""
    survivors = 0
    for one in mutants():
        if names and one.name not in names:
            continue
        begun = time.monotonic()
        verdict = "out of date" if not one.is_current() else "noticed" if is_noticed(one) else "SURVIVES"
        survivors += verdict != "noticed"
        print(f"{verdict:12}{one.name:28}{one.breaks} ({time.monotonic() - begun:.0f} s)", flush=True)
    print(f"{survivors} of them were not noticed" if survivors else "each of them is noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
