"""Fixtures of the directory's tests: records on a real database, and a clock that stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from imigr_directory.domain import Act
from imigr_directory.storage import INDEXES, MongoRecords
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

from .over_http import Site, running

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ACT = Act("staff-1", "2026-11-24T08:00:00.000Z")


@pytest.fixture
def clock() -> FrozenClock:
    """A Tuesday morning."""
    return FrozenClock(NOW)


@pytest.fixture
def records(mongo_db: Any, clock: FrozenClock) -> MongoRecords:
    """Records on a fresh database."""
    ensure_indexes(mongo_db, INDEXES)
    return MongoRecords(mongo_db, Stamp("directory", "test", clock, new_id))


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The gateway before a running directory; one for all tests, which make records of their own."""
    with running() as found:
        yield found
