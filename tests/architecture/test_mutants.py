"""The list of mutants speaks of lines that are there; `make mutants` replays them."""

from __future__ import annotations

import pytest

from tools.mutants import ROOT, Mutant, mutants


@pytest.mark.parametrize("one", mutants(), ids=lambda one: one.name)
def test_a_mutant_still_finds_its_line(one: Mutant) -> None:
    """Whoever changes a guarded line changes its mutant too, or the guard is no longer tried."""
    assert one.is_current()
    assert all((ROOT / word.partition("::")[0]).exists() for word in one.tests.split())
