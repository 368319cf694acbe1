"""The ways of messages, as staff look them up: without content, by reference, in their own town."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from imigr_kit.access import NotAllowed
from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers
from imigr_notifications.domain import Matter
from imigr_notifications.handlers import Desk
from imigr_notifications.handlers.reading import search_messages
from imigr_notifications.ports import Receipt
from imigr_notifications.schemas.told import path_out
from imigr_notifications.storage import MongoFigures

MEDIATOR = {"roles": [{"role": "mediator", "municipality": "la-marsa"}]}


@pytest.fixture
def sent(desk: Desk, mongo_db: Any, matter: Callable[..., Matter], give: Callable[..., None]) -> Desk:
    """A confirmation that left, a reminder that waits."""
    give()
    with mongo_db.client.start_session() as session:
        handlers.plan(desk, matter(), "booked", 1, session)
    handlers.deliver_due(desk, "sms")
    return desk


def test_the_way_of_each_message(sent: Desk) -> None:
    """By the appointment's id or the message's own: steps, provider, cost; neither place nor number."""
    found = search_messages(sent, MEDIATOR, "la-marsa", "appointment-1")
    assert [one.kind for one in found] == ["confirmation", "reminder"]
    way = path_out(found[0])
    assert [step["step"] for step in way["steps"]] == ["due", "handed_over", "sent"]
    assert (way["provider"], way["parts"], way["answer"]) == ("sms", 1, None)
    assert "La Marsa" not in str(way)
    assert "216" not in str(way["steps"]) + str(way["subject"])
    one = search_messages(sent, MEDIATOR, "la-marsa", "appointment-1:reminder:1:eve")
    assert [row.rule for row in one] == ["eve"]


def test_other_towns_see_nothing(sent: Desk) -> None:
    """Neither with the wrong role nor with the wrong town."""
    raoued = {"roles": [{"role": "manager", "municipality": "raoued"}]}
    assert search_messages(sent, raoued, "raoued", "appointment-1") == []
    with pytest.raises(NotAllowed):
        search_messages(sent, raoued, "la-marsa", "appointment-1")


def test_what_each_channel_did(sent: Desk, mongo_db: Any, matter: Callable[..., Matter], clock: FrozenClock) -> None:
    """Sums by channel and provider: taken, arrived, failed, time and cost; nothing of other towns, or of before."""
    clock.advance(seconds=30)
    handlers.plan(sent, matter(subject="two"), "booked", 1, None)
    handlers.plan(sent, matter(subject="three", municipality="raoued"), "booked", 1, None)
    clock.advance(seconds=20)
    handlers.deliver_due(sent, "sms")
    handlers.take_receipts(sent, [Receipt("fake-1", None, delivered=True), Receipt("fake-2", None, delivered=False)])
    figures = MongoFigures(mongo_db)
    (row,) = figures.channels("la-marsa", clock.now() - timedelta(days=1))
    assert (row["channel"], row["provider"]) == ("sms", "sms")
    counts = [row[name] for name in ("messages", "sent", "delivered", "failed", "parts", "cost")]
    assert counts == [2, 1, 1, 1, 2, 0]
    assert (row["left_within_10_s"], row["left_within_60_s"], row["seconds_to_leave"]) == (1, 2, 10.0)
    assert row["seconds_to_arrive"] == 50.0
    assert figures.channels("la-marsa", clock.now()) == []
