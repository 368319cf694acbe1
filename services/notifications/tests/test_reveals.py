"""Who is shown an address: noted before, one row for each contact, so many in an hour, under a head outside."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from imigr_kit.chain_head import ChainHead
from imigr_kit.commands import Command, KeyReused
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers
from imigr_notifications.domain import Matter
from imigr_notifications.errors import TooManyReveals
from imigr_notifications.handlers import Desk
from imigr_notifications.storage import MESSAGES, REVEALS, MongoReveals

from .conftest import HASH_KEY

MEDIATOR: dict[str, Any] = {
    "id": "staff-1",
    "kind": "staff",
    "roles": [{"municipality": "la-marsa", "role": "mediator"}, {"municipality": "raoued", "role": "mediator"}],
}
Show = Callable[..., str]


@pytest.fixture
def reveals(mongo_db: Any, clock: FrozenClock, tmp_path: Path) -> MongoReveals:
    """The chain, with three addresses an hour for each of the staff."""
    stamp = Stamp("notifications", "test", clock, new_id)
    head = ChainHead(tmp_path / "head.json")
    return MongoReveals(mongo_db, Secret(HASH_KEY), most=3, head=head, stamp=stamp)


@pytest.fixture
def show(desk: Desk, reveals: MongoReveals, give: Callable[..., None], matter: Callable[..., Matter]) -> Show:
    """Show the address behind one of five appointments, two of them in Raoued."""
    for number in range(5):
        give(f"contact-{number}", f"+2162012345{number}")
        town = "la-marsa" if number < 3 else "raoued"
        made = matter(subject=f"appointment-{number}", contact_id=f"contact-{number}", municipality=town)
        handlers.plan(desk, made, "booked", 1, None)

    def shown(number: int, key: str = "k", actor: dict[str, Any] = MEDIATOR, body: str | None = None) -> str:
        town = "la-marsa" if number < 3 else "raoued"
        command = Command(key, body or f"{actor['id']} {number}")
        found = handlers.reveal_contact(desk, reveals, actor, town, f"appointment-{number}", "safety", command)
        return str(found.address.reveal())

    return shown


def test_one_key_shows_one_contact(show: Show, mongo_db: Any) -> None:
    """The same again is the same answer and no other row; another appointment, town or person is refused."""
    assert show(0) == show(0)
    for number, actor in ((1, MEDIATOR), (3, MEDIATOR), (0, MEDIATOR | {"id": "staff-2"})):
        with pytest.raises(KeyReused):
            show(number, actor=actor)
    (row,) = mongo_db[REVEALS].find()
    assert (row["contact_id"], row["actor"]) == ("contact-0", "staff-1")


def test_another_contact_behind_the_same_appointment_has_a_row_of_its_own(show: Show, mongo_db: Any) -> None:
    """Even for the very same command: by now it would show another number."""
    show(0)
    mongo_db[MESSAGES].update_many({"subject": "appointment-0"}, {"$set": {"contact_id": "contact-1"}})
    with pytest.raises(KeyReused):
        show(0)
    show(0, key="another")
    assert [row["contact_id"] for row in mongo_db[REVEALS].find().sort("_id", 1)] == ["contact-0", "contact-1"]


def test_one_of_the_staff_is_shown_so_many_in_an_hour(
    show: Show, reveals: MongoReveals, clock: FrozenClock, mongo_db: Any
) -> None:
    """In all towns together; the first refusal is a row that managers see, and an event; an hour later it goes on."""
    for number in (0, 1, 3):
        show(number, key=f"k{number}")
    for key in ("k4", "k5"):
        with pytest.raises(TooManyReveals) as refused:
            show(2, key=key)
    assert refused.value.retry_after == 3600
    assert show(0, key="k0")
    show(2, key="k4", actor=MEDIATOR | {"id": "staff-2"}, body="other")
    rows = list(mongo_db[REVEALS].find({"actor": "staff-1"}).sort("_id", 1))
    assert [row["outcome"] for row in rows] == ["shown", "shown", "shown", "refused"]
    (event,) = rows[-1]["outbox"]
    assert (event["type"], event["municipality"]) == ("tn.imigr.notifications.reveal.capped.v1", "la-marsa")
    assert event["data"] == {"staff_id": "staff-1", "number": 4}
    assert reveals.of_municipality("la-marsa", 10)[1]["outcome"] == "refused"
    assert reveals.break_at(clock.now()) is None
    clock.advance(minutes=61)
    assert show(2, key="k9")


def test_a_crowd_of_calls_is_shown_no_more_than_that(show: Show, reveals: MongoReveals, mongo_db: Any) -> None:
    """The limit is exact, however many come at once."""

    def one(number: int) -> bool:
        try:
            show(number % 5, key=f"k{number}")
        except TooManyReveals:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(one, range(24)))
    assert sum(done) == 3
    assert mongo_db[REVEALS].count_documents({"outcome": "shown"}) == 3


def test_the_sent_event_of_a_refusal_does_not_break_the_chain(
    show: Show, reveals: MongoReveals, clock: FrozenClock, mongo_db: Any
) -> None:
    """What the relay does to the outbox is no part of what the hash covers."""
    for number in (0, 1, 3):
        show(number, key=f"k{number}")
    with pytest.raises(TooManyReveals):
        show(2, key="k4")
    mongo_db[REVEALS].update_one({"_id": 4}, {"$set": {"outbox": []}, "$unset": {"unsent": ""}})
    assert reveals.break_at(clock.now()) is None
    mongo_db[REVEALS].update_one({"_id": 4}, {"$set": {"outcome": "shown"}})
    assert reveals.break_at(clock.now()) == 4


def test_a_cut_end_is_found_by_the_head_outside(
    show: Show, reveals: MongoReveals, clock: FrozenClock, mongo_db: Any, tmp_path: Path
) -> None:
    """What is left in the database is a shorter chain that holds; the file knows how long it was."""
    show(0, key="k0")
    show(1, key="k1")
    mongo_db[REVEALS].delete_one({"_id": 2})
    assert reveals.break_at(clock.now()) == 2
    show(2, key="k2")
    assert reveals.break_at(clock.now()) == 2
    reveals.accept()
    assert reveals.break_at(clock.now()) is None


def test_a_row_that_a_dead_process_left_is_taken_in(
    show: Show, reveals: MongoReveals, clock: FrozenClock, mongo_db: Any, tmp_path: Path
) -> None:
    """kill -9 between the row and its head: no alarm; after the next start it cannot be cut."""
    show(0, key="k0")
    before = (tmp_path / "head.json").read_text()
    show(1, key="k1")
    (tmp_path / "head.json").write_text(before)
    assert reveals.break_at(clock.now()) is None
    reveals.take_in()
    mongo_db[REVEALS].delete_one({"_id": 2})
    assert reveals.break_at(clock.now()) == 2
