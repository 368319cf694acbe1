"""The slips of a handler: each event once and in order, with an effect or without."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.client_session import ClientSession

from imigr_kit.events import CloudEvent
from imigr_kit.inbox import COLLECTION, GapFound, Inbox, Verdict
from imigr_kit.senders import Refused
from imigr_kit.testing import FrozenClock

from .conftest import counter_event

CLOCK = FrozenClock(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))


@pytest.fixture
def inbox(mongo_db: Any) -> Inbox:
    """The ordered slips of one handler."""
    return Inbox(mongo_db, "record", CLOCK, ordered=True)


def event(sequence: int) -> CloudEvent:
    return CloudEvent.from_dict(counter_event("one", sequence))


def nothing(_event: CloudEvent, _session: ClientSession) -> None:
    return


def no_call(_event: CloudEvent, _session: ClientSession) -> None:
    raise AssertionError("called for an event that does not concern the handler")


@pytest.mark.parametrize("has_effect", [True, False])
def test_order_gaps_and_duplicates_are_the_same_with_an_effect_and_without(inbox: Inbox, *, has_effect: bool) -> None:
    """The cheap way recognises what the transaction recognises."""
    effect = nothing if has_effect else no_call

    def hear(sequence: int, *, accept_gap: bool = False) -> Verdict:
        return inbox.once(event(sequence), effect, accept_gap=accept_gap, has_effect=has_effect)

    assert [hear(one) for one in (1, 2)] == [Verdict.HANDLED] * 2
    assert [hear(one) for one in (1, 2)] == [Verdict.DUPLICATE] * 2
    with pytest.raises(GapFound):
        hear(4)
    assert hear(4, accept_gap=True) is Verdict.HANDLED
    assert [hear(one) for one in (3, 4)] == [Verdict.DUPLICATE] * 2


def test_a_first_event_that_is_not_the_first_of_its_aggregate_waits_or_goes_on(inbox: Inbox, mongo_db: Any) -> None:
    """A gap at the very beginning."""
    with pytest.raises(GapFound):
        inbox.once(event(3), nothing, has_effect=False)
    assert inbox.once(event(3), nothing, accept_gap=True) is Verdict.HANDLED
    assert mongo_db[COLLECTION].find_one({"_id": "record:one"})["sequence"] == 3


def test_of_many_who_hear_the_same_event_one_handles_it(inbox: Inbox, mongo_db: Any) -> None:
    """Half of them with an effect: one verdict of handled for each event, and at most one effect."""

    def effect(heard: CloudEvent, session: ClientSession) -> None:
        mongo_db["effects"].insert_one({"sequence": heard.sequence}, session=session)

    for sequence in (1, 2, 3):
        with ThreadPoolExecutor(8) as pool:
            verdicts = list(
                pool.map(
                    lambda number, sequence=sequence: inbox.once(event(sequence), effect, has_effect=number % 2 == 0),
                    range(8),
                )
            )
        assert verdicts.count(Verdict.HANDLED) == 1
        assert mongo_db["effects"].count_documents({"sequence": sequence}) <= 1


def test_an_effect_that_fails_leaves_no_slip(inbox: Inbox) -> None:
    """Both or neither."""

    def broken(_event: CloudEvent, _session: ClientSession) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        inbox.once(event(1), broken)
    assert inbox.once(event(1), nothing) is Verdict.HANDLED


def test_events_taken_along_are_told_apart(inbox: Inbox) -> None:
    """Slips written in one command: new ones, known ones and a gap each get their own outcome."""
    assert inbox.once(of("a", 1), nothing) is Verdict.HANDLED
    *found, gap = inbox.note([of("a", 1), of("b", 1), of("a", 2), of("c", 3)])
    assert found == [Verdict.DUPLICATE, Verdict.HANDLED, Verdict.HANDLED]
    assert isinstance(gap, GapFound)
    assert inbox.note([of("b", 2), of("b", 1)]) == [Verdict.HANDLED, Verdict.DUPLICATE]


def test_effects_taken_together_happen_once_each(inbox: Inbox, mongo_db: Any) -> None:
    """One transaction when all are well; when one is known, broken or too early, the others happen all the same."""

    def effect(heard: CloudEvent, session: ClientSession) -> None:
        if heard.subject == "broken":
            raise ZeroDivisionError
        mongo_db["effects"].insert_one({"_id": f"{heard.subject}:{heard.sequence}"}, session=session)

    assert inbox.together([of("a", 1), of("b", 1)], effect) == [Verdict.HANDLED] * 2
    outcomes = inbox.together([of("a", 1), of("c", 1), of("broken", 1), of("d", 2), of("b", 2)], effect)
    assert outcomes[:2] == [Verdict.DUPLICATE, Verdict.HANDLED]
    assert [type(one) for one in outcomes[2:4]] == [ZeroDivisionError, GapFound]
    assert outcomes[4] is Verdict.HANDLED
    assert {row["_id"] for row in mongo_db["effects"].find()} == {"a:1", "b:1", "c:1", "b:2"}
    assert {row["_id"] for row in mongo_db[COLLECTION].find()} == {"record:a", "record:b", "record:c"}


def of(counter: str, sequence: int) -> CloudEvent:
    return CloudEvent.from_dict(counter_event(counter, sequence))


@pytest.mark.parametrize("has_effect", [True, False])
@pytest.mark.parametrize("sequence", [1, 2, 3, 9])
def test_another_town_cannot_go_on_with_an_aggregate(inbox: Inbox, sequence: int, *, has_effect: bool) -> None:
    """Whoever may speak for Raoued only, and knows the id of a record of La Marsa, changes nothing of it."""
    inbox.once(event(1), nothing)
    inbox.once(event(2), nothing)
    foreign = CloudEvent.from_dict(counter_event("one", sequence, municipality="la-marsa"))
    with pytest.raises(Refused):
        inbox.once(foreign, no_call, has_effect=has_effect, accept_gap=True)
    assert isinstance(inbox.together([foreign], no_call)[0], Refused)
    assert isinstance(inbox.note([foreign])[0], Refused | GapFound)
    assert inbox.once(event(3), nothing) is Verdict.HANDLED
