"""Keys that are really thrown away: made once, found by all, destroyed when their time is over."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imigr_kit.rotating import OCTETS, Destruction, Period, RotatingKeys, Rotation
from imigr_kit.testing import FrozenClock, wait_until

DAILY = Rotation("client", Period.DAY)
MONTHLY = Rotation("contact", Period.MONTH, overlap=1)
NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    """Ten seconds before a day, a month and a year end."""
    return FrozenClock(NEW_YEARS_EVE)


@pytest.fixture
def keys(tmp_path: Path, clock: FrozenClock) -> RotatingKeys:
    """In a folder that nobody has made yet."""
    return RotatingKeys(tmp_path / "keys", clock, (DAILY, MONTHLY))


def names(tmp_path: Path) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in (tmp_path / "keys").iterdir())


def test_all_processes_find_the_same_key(keys: RotatingKeys, tmp_path: Path, clock: FrozenClock) -> None:
    """The first to need it makes it; the file is readable by its owner only, and nothing half-made is left."""
    others = [RotatingKeys(tmp_path / "keys", clock, (DAILY,)) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        found = {key.reveal() for key in pool.map(lambda one: one.current(DAILY), others)}
    assert found == {keys.current(DAILY).reveal()}
    assert names(tmp_path) == ["client.2026-12-31.key"]
    assert (tmp_path / "keys" / "client.2026-12-31.key").stat().st_mode & 0o777 == 0o600


def test_keys_of_two_uses_and_two_periods_are_different(keys: RotatingKeys, clock: FrozenClock) -> None:
    """Drawn, not computed from one another."""
    first = (keys.current(DAILY).reveal(), keys.current(MONTHLY).reveal())
    clock.advance(seconds=20)
    assert len({*first, keys.current(DAILY).reveal(), keys.current(MONTHLY).reveal()}) == 4


def test_yesterdays_octets_are_gone_when_the_clock_has_turned(
    keys: RotatingKeys, tmp_path: Path, clock: FrozenClock
) -> None:
    """Not only the name: whoever held the file open, or had another name of it, reads zeros."""
    key = keys.current(DAILY).reveal()
    path, second = tmp_path / "keys" / "client.2026-12-31.key", tmp_path / "second-name"
    os.link(path, second)
    assert second.read_bytes() == key
    clock.advance(seconds=20)
    assert keys.destroy_outlived() == ["client.2026-12-31.key"]
    assert second.read_bytes() == bytes(OCTETS)
    assert names(tmp_path) == []
    assert keys.current(DAILY).reveal() != key


def test_a_key_recognises_for_one_more_month_and_then_is_gone(
    keys: RotatingKeys, tmp_path: Path, clock: FrozenClock
) -> None:
    """In January what was made in December is still recognised; in February nothing is left of it."""
    december = keys.current(MONTHLY).reveal()
    clock.advance(seconds=20)
    assert keys.destroy_outlived() == []
    assert [one.reveal() for one in keys.earlier(MONTHLY)] == [december]
    assert keys.current(MONTHLY).reveal() != december
    clock.advance(days=31)
    assert keys.destroy_outlived() == ["contact.2026-12.key"]
    assert december not in [one.reveal() for one in keys.earlier(MONTHLY)]


def test_a_process_that_was_away_for_days_destroys_at_its_start(tmp_path: Path, clock: FrozenClock) -> None:
    """The job runs at once and needs no traffic; what an interrupted maker left goes too."""
    RotatingKeys(tmp_path / "keys", clock, (DAILY,)).current(DAILY)
    (tmp_path / "keys" / "client.2026-12-31.key.0123456789abcdef").write_bytes(b"half")
    clock.advance(days=9)
    job = Destruction(RotatingKeys(tmp_path / "keys", clock, (DAILY,)))
    job.start()
    try:
        wait_until(lambda: not names(tmp_path), 10, "the old keys to be destroyed")
    finally:
        job.stop()


def test_a_new_key_is_never_made_beside_one_whose_time_is_over(
    keys: RotatingKeys, tmp_path: Path, clock: FrozenClock
) -> None:
    """Even where the job does not run, the first use of a new day destroys the old one."""
    keys.current(DAILY)
    clock.advance(seconds=20)
    keys.current(DAILY)
    assert names(tmp_path) == ["client.2027-01-01.key"]


def test_the_octets_of_a_key_under_destruction_are_no_key(tmp_path: Path, clock: FrozenClock) -> None:
    """Zeros would be a key that everybody knows."""
    keys = RotatingKeys(tmp_path / "keys", clock, (MONTHLY,))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "contact.2026-11.key").write_bytes(bytes(OCTETS))
    assert keys.earlier(MONTHLY) == []


def test_files_of_others_are_left_alone(keys: RotatingKeys, tmp_path: Path) -> None:
    """Only names of known uses are destroyed."""
    keys.current(DAILY)
    (tmp_path / "keys" / "hash_key.2020-01-01.key").write_bytes(b"k" * OCTETS)
    assert keys.destroy_outlived() == []


def test_what_a_killed_destruction_left_is_destroyed_by_the_next(tmp_path: Path, clock: FrozenClock) -> None:
    """Killed between the overwriting and the deletion, the name is still there, the octets are not."""
    keys = RotatingKeys(tmp_path / "keys", clock, (DAILY,))
    key = keys.current(DAILY).reveal()
    clock.advance(days=1)
    script = (
        "import os, signal, sys, pathlib; from imigr_kit import rotating as r\n"
        "r.Path.unlink = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "r._destroy(pathlib.Path(sys.argv[1]))"
    )
    path = tmp_path / "keys" / "client.2026-12-31.key"
    subprocess.run([sys.executable, "-c", script, str(path)], timeout=60, check=False)
    assert path.read_bytes() == bytes(OCTETS) != key
    assert keys.destroy_outlived() == [path.name]
