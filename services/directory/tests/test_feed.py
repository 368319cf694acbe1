"""The feed of changes: nothing is missed while many write, deletions are told, cursors are checked."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from imigr_directory.domain import Act, Record, complete
from imigr_directory.errors import BadCursor, CursorUnknown
from imigr_directory.exchange.drafts import Draft, written
from imigr_directory.exchange.feed import INDEXES, Feed
from imigr_directory.storage import MongoRecords
from imigr_kit.mongo import ensure_indexes

ACT = Act("staff-1", "2026-11-24T08:00:00.000Z")


@pytest.fixture
def feed(mongo_db: Any, records: MongoRecords) -> Feed:
    """A feed over records."""
    ensure_indexes(mongo_db, INDEXES)
    return Feed(mongo_db, records)


def added(records: MongoRecords, name: str, municipality: str = "raoued") -> Record:
    """A published service."""
    content = complete("service", {"name": {"fr": name}})
    draft = Draft("service", str(uuid.uuid4()), municipality, content, None, {}, False, True, None)
    record, facts = written(draft, ACT)
    records.insert_all([(record, facts)])
    return record


def renamed(records: MongoRecords, old: Record, name: str) -> Record:
    """The same with another name."""
    new, facts = old.written(complete("service", {"name": {"fr": name}}), ACT)
    assert records.replace(old, new, facts)
    return new


def test_each_entry_comes_once_as_it_is_now_and_deletions_as_tombstones(feed: Feed, records: MongoRecords) -> None:
    """A reader that comes back with its cursor gets what changed since, and nothing else."""
    first, second = added(records, "A"), added(records, "B")
    assert feed.advance() == 2
    changes, cursor, more = feed.after(None, 10, None)
    assert ({one.id for one in changes}, more) == ({first.id, second.id}, False)
    assert feed.after(cursor, 10, None)[0] == []
    first = renamed(records, renamed(records, first, "C"), "D")
    gone, facts = second.withdrawn(ACT)
    assert records.replace(second, gone, facts)
    feed.advance()
    changes, cursor, _ = feed.after(cursor, 10, None)
    told = {one.id: (one.version, one.record and (one.record.content or {})["name"]) for one in changes}
    assert told == {first.id: (3, {"fr": "D"}), second.id: (2, None)}
    assert feed.after(cursor, 10, None)[0] == []


def test_pages_of_a_municipality_lead_through_all_of_it(feed: Feed, records: MongoRecords) -> None:
    """Also when other towns' entries lie between."""
    mine = {added(records, str(n), "raoued" if n % 2 else "la-marsa").id for n in range(6)}
    feed.advance()
    seen: set[str] = set()
    cursor, more = None, True
    while more:
        changes, cursor, more = feed.after(cursor, 2, "raoued")
        assert all(one.municipality == "raoued" for one in changes)
        seen |= {one.id for one in changes}
    assert len(seen) == 3
    assert seen < mine


def test_foreign_and_broken_cursors_are_told_apart(feed: Feed, records: MongoRecords) -> None:
    """One that is none; one of another feed, of before a restore, or from the future: begin again."""
    added(records, "A")
    feed.advance()
    _, cursor, _ = feed.after(None, 10, None)
    for broken in ("x", "é", "YWJj", "a" * 150):
        with pytest.raises(BadCursor):
            feed.after(broken, 10, None)
    with pytest.raises(CursorUnknown):
        feed.after(feed._cursor(99), 10, None)
    feed.renew()
    with pytest.raises(CursorUnknown):
        feed.after(cursor, 10, None)


def test_a_sequencer_that_dies_leaves_nothing_out(feed: Feed, records: MongoRecords, mongo_db: Any) -> None:
    """Numbered but not unmarked: the next one finishes, and the entry is told once."""
    record = added(records, "A")
    rows = list(mongo_db.services.find({"unfed": True}))
    feed._number("service", rows)
    assert feed.advance() == 1
    changes, _, _ = feed.after(None, 10, None)
    assert [one.id for one in changes] == [record.id]
    assert mongo_db.services.count_documents({"unfed": True}) == 0


def test_entries_from_before_the_feed_are_adopted(feed: Feed, records: MongoRecords, mongo_db: Any) -> None:
    """A directory that is older than its feed comes in whole."""
    added(records, "A")
    mongo_db.services.update_many({}, {"$unset": {"unfed": True}})
    assert (feed.adopt(), feed.advance(), feed.adopt()) == (1, 1, 0)


def test_a_reader_misses_no_change_while_many_write_and_number(feed: Feed, records: MongoRecords) -> None:
    """Eight writers, three sequencers and a reader at once: at the end the reader knows every entry's last version."""
    written_all, numbered_all = threading.Event(), threading.Event()
    seen: dict[str, int] = {}

    def write(writer: int) -> dict[str, int]:
        last = {}
        for n in range(6):
            record = added(records, f"{writer}-{n}")
            for turn in range(2):
                record = renamed(records, record, f"{writer}-{n}-{turn}")
            last[record.id] = record.version
        return last

    def number() -> None:
        while not written_all.is_set():
            feed.advance()
        while feed.advance():
            pass

    def read() -> None:
        cursor: str | None = None
        while True:
            over = numbered_all.is_set()
            changes, cursor, more = feed.after(cursor, 5, None)
            seen.update({one.id: one.version for one in changes})
            if over and not more:
                return

    with ThreadPoolExecutor(16) as pool:
        reader = pool.submit(read)
        sequencers = [pool.submit(number) for _ in range(3)]
        writers = [pool.submit(write, n) for n in range(8)]
        wanted = {key: version for one in writers for key, version in one.result(30).items()}
        written_all.set()
        for one in sequencers:
            one.result(30)
        numbered_all.set()
        reader.result(30)
    assert seen == wanted
