"""Fixtures of the events service's tests: use cases on a real database with one published event."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from imigr_events.domain import Event, EventState, Seats
from imigr_events.handlers import Desk, Turns, Wanted, publish_event
from imigr_events.ports import Command
from imigr_events.sealing import ContactSeal
from imigr_events.storage import INDEXES, MongoEvents
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.keyed import keyed_hash, short_reference
from imigr_kit.mongo import ensure_indexes
from imigr_kit.pressure import Gate
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

KEY = Secret(bytes(range(32)))
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MANAGER = {"id": "m", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
ADMIN = {"id": "a", "kind": "staff", "roles": [{"municipality": "*", "role": "admin"}]}


def make_event(capacity: int = 50, **changes: Any) -> Event:
    """An open day of La Marsa in three weeks, still a draft."""
    values: dict[str, Any] = {
        "id": "event-1",
        "municipality": "la-marsa",
        "title": {"fr": "Journée portes ouvertes"},
        "summary": {},
        "place": {"fr": "Mairie"},
        "address": {},
        "location": None,
        "starts_at": datetime(2026, 12, 12, 9, 0, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 12, 12, 0, tzinfo=UTC),
        "timezone": "Africa/Tunis",
        "capacity": capacity,
        "languages": ("fr",),
        "registration": "open",
        "state": EventState.DRAFT,
        "version": 1,
    }
    return Event(**(values | changes))


@pytest.fixture
def clock() -> FrozenClock:
    """A Monday morning."""
    return FrozenClock(NOW)


@pytest.fixture
def desk(mongo_db: Any, clock: FrozenClock) -> Desk:
    """The use cases on a fresh database."""
    ensure_indexes(mongo_db, INDEXES)
    stamp = Stamp("events", "test", clock, new_id)
    events = MongoEvents(mongo_db, stamp, ContactSeal(KEY))
    return Desk(
        events=events,
        turns=Turns(events, clock),
        clock=clock,
        new_id=new_id,
        reference=lambda one: short_reference(KEY, one),
        hashed=lambda purpose, text: keyed_hash(KEY, purpose, text),
        gate=Gate(mongo_db),
    )


@pytest.fixture
def publish(desk: Desk) -> Callable[..., Event]:
    """Store and publish an event."""

    def make(capacity: int = 50, **changes: Any) -> Event:
        draft = make_event(capacity, **changes)
        desk.events.add(draft, Command(f"add-{draft.id}", "x"))
        return publish_event(desk, ADMIN, draft.id, 1, Command(f"publish-{draft.id}", "x"))

    return make


@pytest.fixture
def events_env(amqp_uri: str, mongo_uri: str, mongo_db: Any) -> dict[str, str]:
    """Settings of an events process on the test's servers."""
    return {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_EVENTS_KEY": base64.b64encode(KEY.reveal()).decode(),
        "IMIGR_EVENTS_SIGNING_KEY": base64.b64encode(KEY.reveal()).decode(),
    }


def manage_hash(who: str) -> str:
    """The hash of somebody's link."""
    return hashlib.sha256(who.encode()).hexdigest()


def wanted(
    who: str, places: int = 1, kinds: dict[str, int] | None = None, sessions: tuple[str, ...] = (), **changes: Any
) -> tuple[Wanted, Command]:
    """A registration by somebody, and its command."""
    values: dict[str, Any] = {
        "municipality": "la-marsa",
        "event_id": "event-1",
        "seats": Seats(places, kinds or {}, sessions),
        "manage_hash": manage_hash(who),
        "contact_id": None,
        "channel": None,
        "message_language": "fr",
    }
    return Wanted(**(values | changes)), Command(f"key-{who}", f"body-{who}-{places}")
