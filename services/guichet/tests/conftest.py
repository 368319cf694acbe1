"""Fixtures of the guichet's tests: a plan, use cases on a real database, and a running service."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imigr_guichet.building import Bookings, assemble
from imigr_guichet.domain.guichet import Guichet, opened
from imigr_guichet.handlers.booking import Booking
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.orientation import Counsel
from imigr_guichet.handlers.tickets import Hall
from imigr_guichet.ports.appointments import Command
from imigr_guichet.storage.collections import INDEXES
from imigr_guichet.storage.orientation import INDEXES as ORIENTATION_INDEXES
from imigr_guichet.storage.orientation import MongoOrientations, MongoReferrals
from imigr_guichet.storage.tickets import INDEXES as TICKET_INDEXES
from imigr_guichet.storage.tickets import MongoTickets, mongo_demands
from imigr_guichet.written import guichet_of
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.keyed import keyed_hash
from imigr_kit.mongo import ensure_indexes
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

ROOT = Path(__file__).resolve().parents[3]
OFTEN = int(os.environ.get("IMIGR_EXAMPLES", "1"))
"""How many times as many examples the searching tests try; more for a long run."""
KEY = Secret(bytes(range(32)))
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday, nine o'clock in Tunis."""
THURSDAY = datetime(2026, 11, 26, 7, 30, tzinfo=UTC)
"""The first slot of La Marsa's next guichet day."""


@pytest.fixture(scope="session")
def kept_db() -> Iterator[Any]:
    """One database for all tests, since making its indexes takes longer than most of them."""
    with fresh_database() as db:
        yield db


@pytest.fixture
def mongo_db(kept_db: Any) -> Any:
    """It, with nothing in it but indexes."""
    for name in kept_db.list_collection_names():
        kept_db[name].delete_many({})
    return kept_db


@pytest.fixture
def la_marsa() -> Guichet:
    """The seeded guichet of La Marsa."""
    rows = json.loads((ROOT / "data" / "guichets.json").read_text(encoding="utf-8"))["guichets"]
    return next(guichet_of(row) for row in rows if row["municipality"] == "la-marsa")


@pytest.fixture
def clock() -> FrozenClock:
    """A Monday morning."""
    return FrozenClock(NOW)


@pytest.fixture
def bookings(mongo_db: Any, clock: FrozenClock, la_marsa: Guichet) -> Bookings:
    """The use cases of slots, appointments and plans on a fresh database which holds La Marsa's guichet."""
    return bookings_on(mongo_db, clock, la_marsa)


@pytest.fixture
def office(bookings: Bookings) -> Office:
    """What most use cases need."""
    return bookings.office


def bookings_on(db: Any, clock: FrozenClock, *guichets: Guichet) -> Bookings:
    """The use cases on a database which holds these guichets. A place that is given back is free at once, as if
    chance had said so."""
    ensure_indexes(db, INDEXES)
    made = assemble(db, Stamp("guichet", "test", clock, new_id), clock, new_id, KEY)
    for guichet in guichets:
        made.office.plans.put(guichet, [opened(guichet, first=True)])  # type: ignore[attr-defined]  # not of the port
    return replace(made, office=replace(made.office, chance=lambda: 0.0))


@pytest.fixture
def booking(la_marsa: Guichet) -> Callable[..., tuple[Booking, Command]]:
    """A booking by one visitor (told by a name that only the test knows), and its command."""

    def make(who: str, start: datetime = THURSDAY, **changes: Any) -> tuple[Booking, Command]:
        wanted: dict[str, Any] = {
            "municipality": "la-marsa",
            "guichet_id": la_marsa.id,
            "start": start,
            "topic": "information",
            "language": "fr",
            "manage_hash": manage_hash(who),
            "contact_id": None,
            "channel": None,
            "message_language": "fr",
        }
        return Booking(**(wanted | changes)), Command(f"key-{who}", f"body-{who}-{start}")

    return make


def manage_hash(who: str) -> str:
    """The hash of a visitor's link."""
    return hashlib.sha256(who.encode()).hexdigest()


@pytest.fixture
def guichet_env(amqp_uri: str, mongo_uri: str, mongo_db: Any) -> dict[str, str]:
    """Settings of a guichet process on the test's servers."""
    return {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_GUICHET_KEY": base64.b64encode(KEY.reveal()).decode(),
    }


STAFF = {"id": "s1", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "mediator"}]}
"""A mediator of La Marsa, as the gateway hands her over."""


@pytest.fixture
def hall(mongo_db: Any, office: Office) -> Hall:
    """The use cases of the waiting room on the same database."""
    ensure_indexes(mongo_db, TICKET_INDEXES)
    stamp = Stamp("guichet", "test", office.clock, new_id)
    return Hall(
        plans=office.plans,
        tickets=MongoTickets(mongo_db, stamp),
        demands=mongo_demands(mongo_db, stamp),
        appointments=office.appointments,
        clock=office.clock,
        new_id=new_id,
        hashed=office.hashed,
    )


@pytest.fixture
def counsel(mongo_db: Any, office: Office) -> Counsel:
    """The use cases of orientation on the same database."""
    ensure_indexes(mongo_db, ORIENTATION_INDEXES)
    stamp = Stamp("guichet", "test", office.clock, new_id)
    return Counsel(
        plans=office.plans,
        orientations=MongoOrientations(mongo_db, stamp),
        referrals=MongoReferrals(mongo_db, stamp),
        clock=office.clock,
        new_id=new_id,
        hashed=office.hashed,
        token=lambda purpose, text: keyed_hash(KEY, purpose, text)[:32],
    )
