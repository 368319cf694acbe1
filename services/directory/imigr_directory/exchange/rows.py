"""Rows of a CSV file as dirty as they come: encodings, delimiters, short rows, cells shifted by a stray comma."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from imigr_directory.errors import BadPackage
from imigr_directory.exchange.ids import as_uuid
from imigr_directory.exchange.report import Report
from imigr_directory.exchange.tables import TABLES, Kind

LONGEST_CELL: Final = 100_000
MOST_ROWS: Final = 500_000
MOST_COLUMNS: Final = 500
MOST_SPLIT: Final = 50
"""Cells that stray commas may have added to one row."""
MISSHAPEN_AT_FIRST: Final = 200
"""When so many rows at the beginning fit the header nowhere, the file is no such table."""
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"^\d{1,2}(:\d{2}){0,2}")
_DELIMITERS = (",", ";", "\t", "|")


@dataclass
class Row:
    """One row by field; ``number`` as a spreadsheet counts (the header is 1). ``made``: the import made it of something
    else, so its id is nobody's mistake."""

    table: str
    number: int | None
    values: dict[str, Any] = field(default_factory=dict)
    made: bool = False

    @property
    def id(self) -> str:
        """Its id, once it has one."""
        return str(self.values.get("id", ""))


def text_of(content: bytes) -> str:
    """The text of a file: UTF-8 (with or without its mark) or UTF-16 with its mark, else Windows-1252, in which every
    byte is something."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read(content: bytes, table: str, renamed: Mapping[str, str], report: Report) -> Iterator[Row]:
    """The rows of a file that the header fits, by present names of fields; the others are told of and stay out."""
    text = text_of(content).replace("\x00", "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    csv.field_size_limit(LONGEST_CELL * 10)
    header = [_named(one, renamed) for one in _header(reader)]
    kinds = _kinds(table, header)
    misshapen = 0
    for cells in _lines(reader, table, report):
        number = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        report.came_in[table] += 1
        fitted = _fitted(cells, header, kinds, table, number, report)
        if fitted is None:
            misshapen += 1
            if misshapen == MISSHAPEN_AT_FIRST == report.came_in[table]:
                raise BadPackage(params={"why": "no_table"})
        else:
            pairs = zip(header, fitted, strict=True)
            yield Row(table, number, {name: cell.strip() for name, cell in pairs if name and cell.strip()})


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        found = next(reader, [])
    except csv.Error as error:
        raise BadPackage(params={"why": "no_table"}) from error
    if len(found) > MOST_COLUMNS:
        raise BadPackage(params={"why": "too_wide"})
    return found


def _lines(reader: Iterator[list[str]], table: str, report: Report) -> Iterator[list[str]]:
    """Each line; a line that is no CSV at all is told of."""
    count = 0
    while count < MOST_ROWS:
        count += 1
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            report.came_in[table] += 1
            report.note("quarantined", "row_misshapen", table, None)
    report.note("left_out", "row_misshapen", table, count)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(_DELIMITERS, key=first.count) if first else ","


def _named(cell: str, renamed: Mapping[str, str]) -> str:
    name = re.sub(r"[\s\-]+", "_", cell.strip().lower())
    return renamed.get(name, name)


def _kinds(table: str, header: Sequence[str]) -> list[Kind]:
    known = TABLES[table].fields if table in TABLES else {}
    return [known.get(name, "text") for name in header]


def _fitted(
    cells: list[str], header: Sequence[str], kinds: Sequence[Kind], table: str, number: int, report: Report
) -> list[str] | None:
    """As many cells as the header has, or None when there is no one way to get there."""
    width = len(header)
    end = len(cells)
    while end > width and not cells[end - 1].strip():
        end -= 1
    cells = cells[:end]
    if len(cells) == width:
        return cells
    if len(cells) < width:
        filled = [*cells, *[""] * (width - len(cells))]
        if len(cells) > 1 and _plausible(filled, kinds):
            report.note("repaired", "row_short", table, number)
            return filled
        report.note("quarantined", "row_misshapen", table, number, sample=",".join(cells))
        return None
    if len(cells) > width + MOST_SPLIT:
        report.note("quarantined", "row_misshapen", table, number, sample=",".join(cells[:MOST_SPLIT]))
        return None
    return _joined(cells, kinds, table, number, report)


def _joined(cells: list[str], kinds: Sequence[Kind], table: str, number: int, report: Report) -> list[str] | None:
    """Put cells together again that an unquoted comma has split, when the typed columns leave one place for it (or
    several within one run of texts, of which the last is taken: the longest text is usually the description)."""
    extra = len(cells) - len(kinds)
    ways = []
    for at, kind in enumerate(kinds):
        if kind == "text":
            tried = [*cells[:at], ",".join(cells[at : at + extra + 1]), *cells[at + extra + 1 :]]
            if _plausible(tried, kinds) and cells[at + 1].startswith(" "):
                ways.append(tried)
    if len(ways) != 1:
        report.note("quarantined", "row_misshapen", table, number, sample=",".join(cells))
        return None
    report.note("repaired", "row_shifted", table, number)
    return ways[0]


def _plausible(cells: Sequence[str], kinds: Iterable[Kind]) -> bool:
    return all(_fits(cell.strip(), kind) for cell, kind in zip(cells, kinds, strict=True))


def _fits(cell: str, kind: Kind) -> bool:
    """Whether a cell can stand in a column of its kind; ids need not be UUIDs but are short and without spaces."""
    if not cell or kind == "text":
        return True
    if kind == "id":
        return as_uuid(cell) is not None or (len(cell) <= 64 and " " not in cell)
    if kind == "number":
        return _is_number(cell)
    if kind in ("date", "moment"):
        return bool(_DATE.match(cell))
    if kind == "time":
        return bool(_TIME.match(cell))
    return "@" in cell if kind == "email" else "." in cell and " " not in cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
