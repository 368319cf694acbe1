"""Rows of a benchmark: a table for people, and for machines ``bench/out/latest.json`` and a file by its name."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

OUT = Path(__file__).resolve().parent / "out" / "latest.json"


@dataclass(frozen=True)
class Row:
    """One figure. ``ratio`` is value / floor_value; ``aim`` is for the ratio when a floor is named, else for
    the value; ``better`` is ``higher`` or ``lower``."""

    name: str
    value: float
    unit: str
    floor: str | None
    floor_value: float | None
    ratio: float | None
    aim: float | None
    better: str

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None without an aim."""
        if self.aim is None:
            return None
        figure = self.value if self.ratio is None else self.ratio
        return figure >= self.aim if self.better == "higher" else figure <= self.aim


def against(name: str, value: float, unit: str, floor: Row, aim: float | None = None, better: str = "higher") -> Row:
    """A row measured against another row of the same run."""
    return Row(name, value, unit, floor.name, floor.value, value / floor.value, aim, better)


def alone(name: str, value: float, unit: str, aim: float | None = None, better: str = "higher") -> Row:
    """A row that is a floor itself, or has a plain bar."""
    return Row(name, value, unit, None, None, None, aim, better)


def table(rows: list[Row]) -> str:
    """The rows as text in columns."""
    head = ("what", "value", "unit", "floor", "ratio", "aim", "")
    body = [_cells(row) for row in rows]
    widths = [max(len(line[column]) for line in [head, *body]) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in [head, *body]]
    return "\n".join(line.rstrip() for line in lines)


def save(rows: list[Row], name: str) -> None:
    """Write the rows as a list of objects to ``latest.json``, and to ``<name>.json``, which other benchmarks leave."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], indent=2) + "\n"
    for path in (OUT, OUT.with_name(f"{name}.json")):
        path.write_text(text, encoding="utf-8")


def _cells(row: Row) -> tuple[str, ...]:
    sign = "at least" if row.better == "higher" else "at most"
    return (
        row.name,
        f"{row.value:,.1f}",
        row.unit,
        "" if row.floor is None else f"{row.floor} = {row.floor_value:,.1f}",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.aim is None else f"{sign} {row.aim:g}",
        {True: "met", False: "MISSED", None: ""}[row.met],
    )
