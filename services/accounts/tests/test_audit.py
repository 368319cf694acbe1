"""The audit chain: what was tampered with is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from imigr_accounts.building import build_desk, build_trail
from imigr_accounts.domain import Grant, Staff
from imigr_accounts.errors import EmailTaken
from imigr_accounts.handlers import Desk, create_staff
from imigr_accounts.ports import Command
from imigr_accounts.settings import AccountsSettings
from imigr_accounts.storage import AuditTrail, Break
from imigr_accounts.storage.audit import KEPT, SIGNED
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

from .conftest import PASSWORD, actor


@pytest.fixture
def rows(add_staff: Callable[..., Staff], mongo_db: Any, clock: FrozenClock) -> Any:
    """The collection with five rows, a day apart."""
    for number in range(5):
        add_staff(f"staff-{number}@demo.invalid")
        clock.advance(days=1)
    return mongo_db["audit"]


def test_an_untouched_chain_holds(rows: Any, trail: AuditTrail) -> None:
    """Each row carries the hash of the one before."""
    stored = list(rows.find().sort("_id", 1))
    assert [row["previous"] for row in stored[1:]] == [row["hash"] for row in stored[:-1]]
    assert trail.check() is None


def test_an_empty_chain_holds(desk: Desk, trail: AuditTrail) -> None:
    """Nothing was done yet."""
    assert trail.check() is None


@pytest.mark.parametrize("field", [name for name in SIGNED if name not in {"number", "previous_at", "at"}])
def test_a_changed_field_is_found(rows: Any, trail: AuditTrail, field: str) -> None:
    """Whichever it is."""
    rows.update_one({"_id": 3}, {"$set": {field: "somebody else"}})
    broken = trail.check()
    assert broken is not None
    assert (broken.number, broken.what) == (3, "altered")


def test_a_changed_time_is_found(rows: Any, trail: AuditTrail) -> None:
    """By a second."""
    row = rows.find_one({"_id": 2})
    rows.update_one({"_id": 2}, {"$set": {"at": row["at"] + timedelta(seconds=1)}})
    broken = trail.check()
    assert broken is not None
    assert broken.number == 2


@pytest.mark.parametrize(("gone", "expected"), [(1, 2), (3, 4), (5, 5)])
def test_a_removed_row_is_found(rows: Any, trail: AuditTrail, gone: int, expected: int) -> None:
    """The first, one in the middle, the last."""
    rows.delete_one({"_id": gone})
    broken = trail.check()
    assert broken is not None
    assert broken.number == expected
    assert "missing" in broken.what


def test_all_rows_removed_are_found(rows: Any, trail: AuditTrail) -> None:
    """The head remembers that there were some."""
    rows.delete_many({})
    broken = trail.check()
    assert broken is not None
    assert (broken.number, broken.what) == (5, "all rows are missing")


def test_a_removed_head_is_found(rows: Any, trail: AuditTrail, mongo_db: Any) -> None:
    """It is a part of the chain."""
    mongo_db["audit_head"].delete_many({})
    assert trail.check() is not None


def test_rows_that_change_places_are_found(rows: Any, trail: AuditTrail) -> None:
    """Each is genuine, their order is not."""
    second, third = rows.find_one({"_id": 2}), rows.find_one({"_id": 3})
    rows.replace_one({"_id": 2}, third | {"_id": 2})
    rows.replace_one({"_id": 3}, second | {"_id": 3})
    broken = trail.check()
    assert broken is not None
    assert broken.number == 2


def test_a_genuine_row_of_another_history_is_found(
    rows: Any, trail: AuditTrail, mongo_db: Any, add_staff: Callable[..., Staff]
) -> None:
    """Rows 3 to 5 are written anew after a backup of row 2 was put back; then the old row 4 takes its place again."""
    old = rows.find_one({"_id": 4})
    second = rows.find_one({"_id": 2})
    rows.delete_many({"_id": {"$gt": 2}})
    head = {name: second[name] for name in ("number", "hash", "at")}
    mongo_db["audit_head"].replace_one({"_id": "head"}, head)
    for number in range(3):
        add_staff(f"anew-{number}@demo.invalid")
    assert trail.check() is None
    rows.replace_one({"_id": 4}, old)
    broken = trail.check()
    assert broken is not None
    assert (broken.number, broken.what) == (4, "rows before it are missing or replaced")


def test_a_row_put_in_with_hashes_computed_without_the_key_is_found(
    rows: Any, trail: AuditTrail, mongo_db: Any, clock: FrozenClock
) -> None:
    """Who can write to the database cannot mend the chain."""
    forger = AuditTrail(mongo_db, clock, lambda text: text[:64])
    row = rows.find_one({"_id": 5}) | {"actor": "somebody else"}
    row["hash"] = forger._hash(row)
    rows.replace_one({"_id": 5}, row)
    mongo_db["audit_head"].update_one({"_id": "head"}, {"$set": {"hash": row["hash"]}})
    broken = trail.check()
    assert broken is not None
    assert broken.number == 5


def test_rows_that_reached_their_age_may_go(rows: Any, trail: AuditTrail, clock: FrozenClock) -> None:
    """Two of five are over a year old and deleted by the database; a third that went with them is missed."""
    clock.advance(seconds=(KEPT - timedelta(days=3, hours=2)).total_seconds())
    rows.delete_many({"_id": {"$lte": 2}})
    assert trail.check() is None
    rows.delete_one({"_id": 3})
    broken = trail.check()
    assert broken is not None
    assert (broken.number, broken.what) == (4, "rows before it are missing")


def test_after_a_quiet_year_nothing_is_left_and_the_chain_goes_on(
    rows: Any, trail: AuditTrail, clock: FrozenClock, add_staff: Callable[..., Staff]
) -> None:
    """Numbers are not given twice."""
    clock.advance(days=400)
    rows.delete_many({})
    assert trail.check() is None
    add_staff("later@demo.invalid")
    assert [row["number"] for row in rows.find()] == [6]
    assert trail.check() is None


def test_the_database_deletes_rows_after_twelve_months(rows: Any) -> None:
    """A TTL index."""
    assert rows.index_information()["expiry"]["expireAfterSeconds"] == 366 * 24 * 3600


def test_a_change_that_fails_leaves_no_row(rows: Any, add_staff: Callable[..., Staff]) -> None:
    """The row is in the transaction of the change: here the email is taken."""
    rows.database["receipts"].delete_many({})
    with pytest.raises(EmailTaken):
        add_staff("staff-1@demo.invalid")
    assert rows.count_documents({}) == 5


@pytest.fixture
def kept(settings: AccountsSettings, mongo_db: Any, clock: FrozenClock, tmp_path: Path) -> AccountsSettings:
    """Settings with a head outside of the database, and four rows under it."""
    outside = replace(settings, audit_head=tmp_path / "head.json")
    desk = build_desk(outside, mongo_db, Stamp("accounts", "test", clock, new_id), clock, new_id)
    for number in range(4):
        staff = Staff(new_id(), f"s{number}@demo.invalid", "Editor", (Grant("la-marsa", "editor"),), False, 1)
        create_staff(desk, actor("la-marsa", "admin"), "la-marsa", staff, Secret(PASSWORD), Command(f"{number}", "b"))
    return outside


def test_a_cut_end_is_found_though_the_head_in_the_database_was_set_back(
    kept: AccountsSettings, mongo_db: Any, clock: FrozenClock
) -> None:
    """Who can write to the database sets both; the head outside tells, also after the trail went on."""
    trail = build_trail(kept, mongo_db, clock)
    assert trail.check() is None
    set_back(mongo_db, 2)
    assert trail.check() == Break(4, "the last rows are missing or replaced")
    desk = build_desk(kept, mongo_db, Stamp("accounts", "test", clock, new_id), clock, new_id)
    for number in range(4):
        staff = Staff(new_id(), f"n{number}@demo.invalid", "Editor", (Grant("la-marsa", "editor"),), False, 1)
        create_staff(desk, actor("la-marsa", "admin"), "la-marsa", staff, Secret(PASSWORD), Command(f"n{number}", "b"))
    assert trail.check() == Break(4, "the last rows are missing or replaced")
    trail.accept()
    assert trail.check() is None


def test_a_row_whose_process_died_before_it_kept_the_head_is_taken_in(
    kept: AccountsSettings, mongo_db: Any, clock: FrozenClock, settings: AccountsSettings, add_staff: Any
) -> None:
    """Written without the file, as kill -9 would leave it: no alarm, and from the next start on it cannot be cut."""
    add_staff("late@demo.invalid")
    trail = build_trail(kept, mongo_db, clock)
    assert trail.check() is None
    trail.keep_head()
    set_back(mongo_db, 4)
    assert trail.check() == Break(5, "the last rows are missing or replaced")


def test_after_a_quiet_year_the_head_goes_on(kept: AccountsSettings, mongo_db: Any, clock: FrozenClock) -> None:
    """All rows have expired; what is written then follows the head."""
    clock.advance(days=KEPT.days + 1)
    mongo_db["audit"].delete_many({})
    trail = build_trail(kept, mongo_db, clock)
    assert trail.check() is None
    desk = build_desk(kept, mongo_db, Stamp("accounts", "test", clock, new_id), clock, new_id)
    staff = Staff(new_id(), "later@demo.invalid", "Editor", (Grant("la-marsa", "editor"),), False, 1)
    create_staff(desk, actor("la-marsa", "admin"), "la-marsa", staff, Secret(PASSWORD), Command("later", "b"))
    assert trail.check() is None
    assert '"number": 5' in (kept.audit_head or Path()).read_text()


def set_back(db: Any, number: int) -> None:
    """Cut the end of the trail, and let the head document say so."""
    db["audit"].delete_many({"_id": {"$gt": number}})
    last = db["audit"].find_one({"_id": number})
    db["audit_head"].update_one({"_id": "head"}, {"$set": {name: last[name] for name in ("number", "hash", "at")}})
