"""The copy in memory: it follows what any process writes, record by record, and pages need no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandListener

from imigr_directory.domain import Record, Service, record_of
from imigr_directory.handlers import Command
from imigr_directory.reading import Snapshot, code_of
from imigr_directory.reading.snapshot import SWEEP_SECONDS
from imigr_directory.schemas import page_out
from imigr_directory.search import Query
from imigr_directory.seeding import read
from imigr_directory.storage import INDEXES, MongoDirectory
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

from .conftest import ACT

DATA = Path(__file__).resolve().parents[3] / "data"


class Calls(CommandListener):
    """Counts commands to the database."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: Any) -> None:
        """One more."""
        self.names.append(event.command_name)

    def succeeded(self, event: Any) -> None:
        """Counted before."""

    def failed(self, event: Any) -> None:
        """Counted before."""


class Time:
    """A monotonic clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.now


@pytest.fixture
def calls() -> Calls:
    """What the watched client asks for."""
    return Calls()


@pytest.fixture
def directory(mongo_uri: str, mongo_db: Any, clock: FrozenClock, calls: Calls) -> Iterator[MongoDirectory]:
    """The seed, on a client that is watched."""
    client: MongoClient[dict[str, Any]] = MongoClient(mongo_uri, event_listeners=[calls])
    ensure_indexes(mongo_db, INDEXES)
    made = MongoDirectory(client[mongo_db.name], Stamp("directory", "test", clock, new_id))
    found = read(DATA)
    made.seed(found.municipalities, found.terms, found.services)
    yield made
    client.close()


def found(snapshot: Snapshot, text: str) -> list[str]:
    """Ids of what the words find."""
    return [hit.service.id for hit in snapshot.services.find(Query(q=text)).hits]


def added(directory: MongoDirectory, identity: str, name: str) -> Record:
    """A new public service."""
    record = record_of(Service(identity, "raoued", {"fr": name}, ("health",)), ACT)
    assert directory.records.add(record, [record.fact("published", {})], Command(f"add-{identity}", ""))
    return record


def renamed(directory: MongoDirectory, old: Record, name: str) -> Record:
    """The same service with another name."""
    new, facts = old.written({**(old.content or {}), "name": {"fr": name}}, ACT)
    assert directory.records.replace(old, new, facts)
    return new


def test_two_processes_follow_what_any_of_them_writes(directory: MongoDirectory) -> None:
    """Added, changed, withdrawn: each is seen by both after their next look, and nothing is built anew."""
    both = [Snapshot(directory), Snapshot(directory)]
    built = [one.services for one in both]
    old = added(directory, "one", "Clinique Quxifrel")
    for one in both:
        one.refresh()
        assert found(one, "quxifrel") == ["one"]
    new = renamed(directory, old, "Dispensaire Blomdryk")
    for one in both:
        one.refresh()
        assert (found(one, "quxifrel"), found(one, "blomdryk")) == ([], ["one"])
    gone, facts = new.withdrawn(ACT)
    assert directory.records.replace(new, gone, facts)
    for one, services in zip(both, built, strict=True):
        one.refresh()
        assert found(one, "blomdryk") == []
        assert "one" not in one.records["service"]
        assert one.services is services


def test_a_change_costs_the_same_few_calls_however_large_the_directory(directory: MongoDirectory, calls: Calls) -> None:
    """A look when nothing has changed is one call; a look after a change reads what was touched, never everything."""
    snapshot = Snapshot(directory)
    calls.names.clear()
    snapshot.refresh()
    assert calls.names == ["find"]
    added(directory, "one", "Clinique Quxifrel")
    calls.names.clear()
    snapshot.refresh()
    assert found(snapshot, "quxifrel") == ["one"]
    assert len(calls.names) <= 12  # state, towns, themes, calendars (2), five kinds, perhaps a second batch


@pytest.mark.parametrize("per_page", [1, 20, 100])
def test_no_page_asks_the_database(directory: MongoDirectory, calls: Calls, per_page: int) -> None:
    """Whatever is asked and however long the page, with facets or without: ten calls would be allowed, none is made."""
    snapshot = Snapshot(directory)
    calls.names.clear()
    near = {"lat": 36.88, "lon": 10.33}
    for query in (
        Query(per_page=per_page, facets=True),
        Query(q="pharmacie", per_page=per_page, taxonomy="health", facets=True),
        Query(near=near, radius_km=5, sort="distance", per_page=per_page),
        Query(sort="name", languages=("ar",), per_page=per_page, page=2),
    ):
        page = page_out(snapshot.services.find(query), query, snapshot.version)
        assert len(page["items"]) <= per_page
    assert snapshot.services.get(next(iter(snapshot.records["service"]))) is not None
    assert calls.names == []


def test_what_was_written_without_being_announced_is_found_by_the_sweep(
    directory: MongoDirectory, mongo_db: Any
) -> None:
    """A process may die between its write and the announcement."""
    time = Time()
    snapshot = Snapshot(directory, time)
    before = mongo_db["state"].find_one({"_id": "version"})
    added(directory, "one", "Clinique Quxifrel")
    mongo_db["state"].replace_one({"_id": "version"}, before)
    snapshot.refresh()
    assert found(snapshot, "quxifrel") == []
    time.now += SWEEP_SECONDS + 1
    snapshot.refresh()
    assert found(snapshot, "quxifrel") == ["one"]


def test_a_wish_to_rebuild_makes_everything_anew(directory: MongoDirectory) -> None:
    """The command line says so to every process."""
    snapshot = Snapshot(directory)
    built = snapshot.services
    directory.order_rebuilding()
    snapshot.refresh()
    assert snapshot.services is not built
    assert len(snapshot.services) == len(built)


def test_new_themes_and_names_of_towns_are_taken_in(directory: MongoDirectory) -> None:
    """A theme's further word finds its services as soon as it is stored."""
    snapshot = Snapshot(directory)
    term = snapshot.terms["health.pharmacy"]
    directory.seed((), [replace(term, words={"fr": ["apothicairerie"]})], ())
    snapshot.refresh()
    assert found(snapshot, "apothicairerie")


def test_a_service_is_found_by_the_code_of_its_links(directory: MongoDirectory) -> None:
    """Codes follow from ids, so they hold as long as the service; all of the seed differ."""
    snapshot = Snapshot(directory)
    added(directory, "one", "Clinique Quxifrel")
    snapshot.refresh()
    shared = snapshot.shared(code_of("one"))
    assert shared is not None
    assert shared.id == "one"
    assert snapshot.shared("nothing") is None
    assert len({code_of(one) for one in snapshot.records["service"]}) == len(snapshot.services)
    assert code_of("one") == "bg7er7cpxq"


def test_records_share_what_they_have_in_common(directory: MongoDirectory) -> None:
    """Names of fields, short words and what is empty are one object for all, and each record says what it said."""
    snapshot = Snapshot(directory)
    kept = snapshot.records["service"]
    for record in directory.records.published("service"):
        assert kept[record.id] == record
    first, second = list(kept.values())[:2]
    assert first.content is not None
    assert second.content is not None
    assert all(one is other for one, other in zip(first.content, second.content, strict=True))
    assert first.content["costs"] is second.content["costs"]
