"""kill -9 between the write and the answer: the same key again says what the first run would have said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import get_appointment, move_appointment
from imigr_guichet.handlers.office import Office
from imigr_guichet.ports.appointments import Command
from imigr_kit.testing import FrozenClock

from .conftest import NOW, THURSDAY, bookings_on, manage_hash

Maker = Callable[..., tuple[Booking, Command]]
LATER = THURSDAY.replace(hour=8, minute=30)
DYING = """
import os, signal, sys
from datetime import datetime
from pymongo import MongoClient
sys.path.insert(0, {here!r})
from conftest import KEY, manage_hash
from imigr_guichet.building import assemble
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import move_appointment
from imigr_guichet.ports.appointments import Command
from imigr_guichet.storage.occupancy import MongoOccupancy
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.testing import FrozenClock
MongoOccupancy.note = lambda self, appointment: os.kill(os.getpid(), signal.SIGKILL)
clock = FrozenClock(datetime.fromisoformat({now!r}))
db = MongoClient({uri!r}, tz_aware=True, w="majority", journal=True)[{db!r}]
office = assemble(db, Stamp("guichet", "test", clock, new_id), clock, new_id, KEY).office
start = datetime.fromisoformat({start!r})
if {move!r}:
    move_appointment(office, "la-marsa", manage_hash("v"), start, Command("move-v", "body"))
wanted = Booking("la-marsa", {guichet!r}, start, "information", "fr", manage_hash("v"), None, None, "fr")
book_appointment(office, wanted, Command("key-v", "body-v-" + str(start)))
"""
"""A process that dies at the very moment its write is answered; ``note`` is what it does first with the answer."""


@pytest.mark.parametrize("move", [False, True])
def test_the_same_key_after_a_death_between_write_and_answer(
    mongo_db: Any, mongo_uri: str, la_marsa: Guichet, booking: Maker, *, move: bool
) -> None:
    """Case 18 with a death, and case 15: one appointment, one event for each command, exactly one place; the answer
    of the repetition is what is stored."""
    office = bookings_on(mongo_db, FrozenClock(NOW), la_marsa).office
    before = book_appointment(office, *booking("v")) if move else None
    start = LATER if move else THURSDAY
    _die(mongo_db.name, mongo_uri, la_marsa.id, start.isoformat(), move=move)
    assert mongo_db["appointments"].count_documents({}) == 1
    answer = _again(office, booking, move=move)
    assert answer == get_appointment(office, "la-marsa", manage_hash("v")) == _again(office, booking, move=move)
    assert before is None or (answer["id"], answer["start"]) == (before["id"], "2026-11-26T08:30:00Z")
    row = mongo_db["appointments"].find_one({})
    assert [event["type"].split(".")[-2] for event in row["outbox"]] == ["booked", *(["moved"] if move else [])]
    assert len([one for one in row["claims"] if one.startswith("place:")]) == 4


def _again(office: Office, booking: Maker, *, move: bool) -> dict[str, Any]:
    if move:
        return move_appointment(office, "la-marsa", manage_hash("v"), LATER, Command("move-v", "body"))
    return book_appointment(office, *booking("v"))


def _die(db: str, uri: str, guichet: str, start: str, *, move: bool) -> None:
    here = str(Path(__file__).parent)
    code = DYING.format(here=here, now=NOW.isoformat(), uri=uri, db=db, start=start, move=move, guichet=guichet)
    died = subprocess.run([sys.executable, "-c", code], env=os.environ, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
