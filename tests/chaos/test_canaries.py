"""The search for canaries itself: what it must find, and what it must not take for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import canaries

WANTED = canaries.needles(["+21627000123"], ["canary.0001@rush.example"])


@pytest.mark.parametrize(
    "content",
    [
        b"27000123",
        b"+21627000123",
        b"0021627000123 called",
        b'{"phone":"27000123"}',
        b"\x02phone\x00\x09\x00\x00\x0027000123\x00",
        b"time=7570127000123000 then 27000123",
        b"to canary.0001@rush.example",
    ],
)
def test_a_canary_is_found_in_every_form(tmp_path: Path, content: bytes) -> None:
    """Alone, with the country code, in JSON, in BSON, and behind a number that only looks like it."""
    (tmp_path / "file").write_bytes(b"before " + content)
    assert canaries.files_with(tmp_path, WANTED) == {"file": 1}


@pytest.mark.parametrize("content", [b"newest_stop_ts=757012700012345", b"127000123", b"270001234", b"2700012"])
def test_digits_inside_a_longer_number_are_no_canary(tmp_path: Path, content: bytes) -> None:
    """Times in nanoseconds hold any eight digits by chance; a number of other length is another number."""
    (tmp_path / "file").write_bytes(content)
    assert canaries.files_with(tmp_path, WANTED) == {}
