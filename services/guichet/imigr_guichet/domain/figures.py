"""Figures for governance: what is counted, and how small counts are hidden so that they cannot be worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SMALL = 5
"""Counts from 1 to 4 are hidden."""
WAIT_BANDS = ((5, "under_5"), (15, "5_to_15"), (30, "15_to_30"), (60, "30_to_60"))
LONGEST = "over_60"


class Measure(StrEnum):
    """What is counted, by month and guichet."""

    WAIT = "wait"
    """Visits of walk-ins by band of waiting time."""
    NEEDS = "needs"
    """Outcomes by theme; a visit with two needs counts in both."""
    UNSERVED = "unserved"
    """Languages asked for in vain."""
    TICKETS = "tickets"
    """Walk-ins by what became of them: served, missed, left."""
    APPOINTMENTS = "appointments"
    """Appointments by what became of them: done, no_show, cancelled, moved."""


@dataclass(frozen=True)
class Count:
    """Add ``step`` to one cell."""

    measure: Measure
    code: str
    step: int = 1


@dataclass(frozen=True)
class Table:
    """Cells by code and their sum; None where hidden."""

    cells: Mapping[str, int | None]
    total: int | None


def band(minutes: int) -> str:
    """The band of a waiting time."""
    return next((name for limit, name in WAIT_BANDS if minutes < limit), LONGEST)


def publish(counts: Mapping[str, int]) -> Table:
    """The table as it may be shown.

    Counts from 1 to 4 are hidden. So that the sum does not give them away, further cells are hidden, smallest first,
    until at least two are, and until their sum is neither so small nor so large that all of them would follow from
    it; with nothing left to hide, the sum is hidden too. Negative counts (a correction before its cause) count as 0.
    """
    cells = {code: max(0, number) for code, number in counts.items() if number > 0}
    hidden = {code for code, number in cells.items() if number < SMALL}
    if not hidden:
        return Table(dict(sorted(cells.items())), sum(cells.values()))
    small = len(hidden)
    rest = sorted((code for code in cells if code not in hidden), key=lambda code: (cells[code], code))
    while not _safe(cells, hidden, small) and rest:
        smallest = cells[rest[0]]
        # Equal ones go together: which of them was taken would follow from the order of the codes.
        hidden |= {code for code in rest if cells[code] == smallest}
        rest = [code for code in rest if cells[code] != smallest]
    total = sum(cells.values()) if _safe(cells, hidden, small) else None
    return Table({code: None if code in hidden else cells[code] for code in sorted(cells)}, total)


def _safe(cells: Mapping[str, int], hidden: set[str], small: int) -> bool:
    """Whether the hidden cells cannot be worked out from their sum: there are two, the sum is not small itself, and
    either a large one is among them or their mean lies between 2 and 3 (all 1 or all 4 would be plain to see)."""
    together = sum(cells[code] for code in hidden)
    if len(hidden) < 2 or together < SMALL:
        return False
    return len(hidden) > small or 2 * small <= together <= 3 * small
