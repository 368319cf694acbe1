"""What has grown old: told once as an event, and listed for those who can look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from imigr_directory.domain import KINDS, Record
from imigr_directory.domain.freshness import LIFETIME_DAYS
from imigr_directory.handlers.ports import Desk
from imigr_directory.handlers.records import READERS, home_of
from imigr_kit.access import require

BATCH = 200
AHEAD_DAYS = 30
LISTED = 100


@dataclass(frozen=True)
class Task:
    """Something to do about a record: ``review`` what was proposed, ``verify`` what is old or soon will be (``due``, a
    day; None when nobody ever has), ``translate`` what is outdated or made by a machine."""

    what: str
    record: Record
    due: str | None = None


def expire(desk: Desk) -> int:
    """Tell of records whose lifetime is over, each once however many processes look; how many. The rest of a large
    heap waits for the next time."""
    today = desk.clock.now().date().isoformat()
    told = 0
    for kind in KINDS:
        for record in desk.records.due(kind, today, BATCH):
            new, facts = record.ran_out()
            told += desk.records.replace(record, new, facts)
    return told


def list_tasks(desk: Desk, actor: Mapping[str, Any], municipality: str | None) -> list[Task]:
    """What waits in a town (or in what is common to all), at most a hundred of each sort and kind."""
    require(actor, READERS, home_of(municipality))
    return list(_tasks(desk, municipality))


def _tasks(desk: Desk, municipality: str | None) -> Iterator[Task]:
    soon = (desk.clock.now().date() + timedelta(days=AHEAD_DAYS)).isoformat()
    for kind in KINDS:
        waiting, _ = desk.records.find(kind, municipality, "in_review", None, (1, LISTED))
        yield from (Task("review", record) for record in waiting)
        if LIFETIME_DAYS[kind] is not None:
            old = desk.records.ageing(kind, municipality, soon, LISTED)
            yield from (Task("verify", record, record.expires_on) for record in old)
        stale = desk.records.to_translate(kind, municipality, LISTED)
        yield from (Task("translate", record) for record in stale)
