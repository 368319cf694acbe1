"""The head of a chain outside of its database: behind by what a crash left at most, never ahead, never mended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imigr_kit.chain_head import ChainHead, Head

AT = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
Rows = dict[int, str]


@pytest.fixture
def rows() -> Rows:
    """Three rows by number with their hashes."""
    return {1: "a", 2: "b", 3: "c"}


@pytest.fixture
def head(tmp_path: Path, rows: Rows) -> ChainHead:
    """The head of the three."""
    made = ChainHead(tmp_path / "head.json")
    for number, row_hash in rows.items():
        made.advance(number, row_hash, AT, rows.get)
    return made


def test_a_whole_chain_has_its_head(head: ChainHead, rows: Rows) -> None:
    """The last row."""
    assert head.read() == Head(3, "c", AT.isoformat())
    assert head.missing(rows.get) is None


def test_rows_of_a_process_that_died_are_taken_in(head: ChainHead, rows: Rows) -> None:
    """kill -9 between a row and its head: no false alarm, and the next head is the last row."""
    rows |= {4: "d", 5: "e"}
    assert head.missing(rows.get) is None
    head.advance(5, "e", AT, rows.get)
    assert head.read() == Head(5, "e", AT.isoformat())


def test_a_cut_end_is_told_and_stays_told(head: ChainHead, rows: Rows) -> None:
    """Rows that are written afterwards, beyond the old number too, do not hide it."""
    del rows[3]
    assert head.missing(rows.get) == Head(3, "c", AT.isoformat())
    for number in (3, 4):
        rows[number] = f"new-{number}"
        head.advance(number, rows[number], AT, rows.get)
    assert head.missing(rows.get) == Head(3, "c", AT.isoformat())


def test_a_replaced_row_is_told(head: ChainHead, rows: Rows) -> None:
    """Another row under the number of the head."""
    rows[3] = "forged"
    assert head.missing(rows.get) is not None


def test_an_operator_accepts_what_a_backup_has(head: ChainHead, rows: Rows) -> None:
    """After a restore the chain goes on from the last row that is left, or from nothing."""
    del rows[3]
    head.replace(Head(2, "b", AT.isoformat()))
    assert head.missing(rows.get) is None
    head.replace(None)
    assert head.read() is None


def test_many_writers_leave_the_last_one(tmp_path: Path) -> None:
    """Of all processes that share the folder, in whatever order they come."""
    rows = {number: f"h{number}" for number in range(1, 41)}
    head = ChainHead(tmp_path / "head.json")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: head.advance(number, rows[number], AT, rows.get), sorted(rows, key=hash)))
    assert head.read() == Head(40, "h40", AT.isoformat())


def test_a_write_that_was_cut_leaves_the_head_before(head: ChainHead, tmp_path: Path, rows: Rows) -> None:
    """The new one is written beside it and takes its place whole."""
    (tmp_path / "head.json.new").write_text('{"number": 9, "ha')
    assert head.read() == Head(3, "c", AT.isoformat())
    head.advance(4, "d", AT, (rows | {4: "d"}).get)
    assert head.read() == Head(4, "d", AT.isoformat())


def test_without_a_file_nothing_is_kept() -> None:
    """As on a developer's machine."""
    head = ChainHead(None)
    head.advance(1, "a", AT, {1: "a"}.get)
    assert (head.read(), head.missing(lambda _: None)) == (None, None)
