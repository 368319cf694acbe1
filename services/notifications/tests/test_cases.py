"""The table of hard cases in docs/notifications.md names tests that exist, and leaves out no case."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CASES = set(range(1, 36))


def test_every_case_names_tests_that_exist() -> None:
    """A file without its folder lies here; a test without its file lies in the one named before it."""
    covered: set[int] = set()
    for line in (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8").splitlines():
        numbers = re.match(r"\| ([\d, ]+) \|", line)
        if numbers is None or "test_" not in line:
            continue
        covered |= {int(one) for one in numbers[1].split(",")}
        path = Path()
        for file, test in re.findall(r"`([\w/]+\.py)?(?:::(test_\w+))?`", line):
            if file:
                path = ROOT / file if "/" in file else Path(__file__).parent / file
            assert path.is_file(), line
            assert not test or f"def {test}(" in path.read_text(encoding="utf-8"), (line, test)
    assert covered >= CASES
