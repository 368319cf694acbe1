"""The ways of messages, as staff look them up: without content, by reference, in their own town."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imigr_kit.access import NotAllowed
from imigr_notifications import handlers
from imigr_notifications.domain import Matter
from imigr_notifications.handlers import Desk
from imigr_notifications.handlers.reading import search_messages
from imigr_notifications.schemas.told import path_out

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
