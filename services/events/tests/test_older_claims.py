"""Claims of a large event that were moved beside it: still found, still once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imigr_events import handlers
from imigr_events.domain import Event
from imigr_events.errors import KeyReused
from imigr_events.handlers import Desk
from imigr_events.storage import claims
from imigr_kit.testing import FrozenClock

from .conftest import manage_hash, wanted

PEOPLE = 14


@pytest.fixture
def crowded(desk: Desk, publish: Callable[..., Event], monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """An event with more registrations than its document keeps claims of; what each was answered."""
    monkeypatch.setattr(claims, "KEPT", 4)
    monkeypatch.setattr(claims, "MOVED", 6)
    publish(50)
    return {who: handlers.register(desk, *wanted(who)) for who in map(str, range(PEOPLE))}


def lying(db: Any) -> tuple[list[str], list[str]]:
    """Keys and links in the event's document, and beside it."""
    rows = list(db["events"].find({}, {"claims": 1, claims.OF: 1}))
    inside = [one for row in rows if claims.OF not in row for one in row["claims"]]
    beside = [one for row in rows if claims.OF in row for one in row["claims"]]
    return [one for one in inside if one.startswith(("key:", "manage:"))], beside


def test_the_document_keeps_the_newest_and_each_is_there_once(crowded: dict[str, Any], mongo_db: Any) -> None:
    """Some hundred at most, however many come."""
    inside, beside = lying(mongo_db)
    assert len(inside) < 4 + 6 + 2
    assert len({*inside, *beside}) == len(inside) + len(beside) == 2 * PEOPLE


def test_old_keys_and_links_still_find_their_registration(desk: Desk, crowded: dict[str, Any]) -> None:
    """A repeated command gets the same answer, a link shows and changes what is behind it."""
    assert handlers.register(desk, *wanted("0")) == crowded["0"]
    found = handlers.get_registration(desk, "la-marsa", manage_hash("1"))
    assert found["id"] == crowded["1"]["id"]
    gone = handlers.cancel_registration(desk, "la-marsa", manage_hash("1"), wanted("cancels")[1])
    assert gone["state"] == "cancelled"


def test_an_old_key_is_refused_at_another_event(
    desk: Desk, crowded: dict[str, Any], publish: Callable[..., Event]
) -> None:
    """Moved or not, a key belongs to one command."""
    publish(50, id="event-2")
    with pytest.raises(KeyReused):
        handlers.register(desk, *wanted("0", event_id="event-2", manage_hash=manage_hash("another")))


def test_nothing_of_them_is_left_when_the_event_is_archived(
    desk: Desk, crowded: dict[str, Any], clock: FrozenClock, mongo_db: Any
) -> None:
    """Thirty days after the end only numbers are kept."""
    clock.advance(days=100)
    for _ in range(3):
        handlers.keep_time(desk)
    assert lying(mongo_db) == ([], [])
    assert mongo_db["events"].count_documents({}) == 1
