"""The table of hard cases of the guichet names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "services" / "guichet" / "CASES.md"
FOLDERS = ("services/guichet/tests", "services/notifications/tests", "gateway/tests", "tests")


def test_every_case_of_the_guichet_names_a_test_that_exists() -> None:
    """A test that is renamed or deleted is missed here, so that no case goes without one."""
    named = set(re.findall(r"`[^`]*\b(test_\w+)::(test_\w+)`", TABLE.read_text(encoding="utf-8")))
    named |= set(re.findall(r"`tests/\w+ (test_\w+)::(test_\w+)`", TABLE.read_text(encoding="utf-8")))
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("test_*.py")]
    there = {
        (path.stem, name)
        for path in files
        for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 50
    assert named - there == set()
