"""Which provider carries a message: fail-over, probes, weights, municipalities (acceptance: notifications 28, 31)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers
from imigr_notifications.domain import Matter, Message, State
from imigr_notifications.handlers import DEFAULT, Desk, Provider, Way, Ways
from imigr_notifications.ports import NotNow, Throttled, Uncertain, Unreachable
from imigr_notifications.senders import Singly
from imigr_notifications.testing import FakeSender

MakeMatter = Callable[..., Matter]


@pytest.fixture
def first() -> FakeSender:
    """The provider that is preferred."""
    return FakeSender()


@pytest.fixture
def second() -> FakeSender:
    """The one behind it."""
    return FakeSender()


@pytest.fixture
def two(desk: Desk, first: FakeSender, second: FakeSender) -> Desk:
    """A then B, everywhere."""
    return replace(desk, ways=ways(first, second))


def ways(first: FakeSender, second: FakeSender, **more: Any) -> Ways:
    one, other = Provider("a", Singly(first)), Provider("b", Singly(second), **more)
    return Ways({DEFAULT: {"sms": [Way(one, 1), Way(other, 2)]}})


@pytest.fixture
def plan(desk: Desk, give: Callable[..., None], matter: MakeMatter) -> Callable[..., None]:
    """Plan the confirmations of some appointments."""

    def planned(*subjects: str, **changes: Any) -> None:
        give()
        for subject in subjects:
            handlers.plan(desk, matter(subject=subject, **changes), "booked", 1, None)

    return planned


def subjects(sender: FakeSender) -> list[str]:
    return [one.message_id.split(":")[0] for one in sender.taken]


def message(desk: Desk, subject: str) -> Message:
    return next(one for one in desk.messages.of_subject(subject) if one.kind == "confirmation")


def test_the_next_provider_takes_over_and_the_first_comes_back_by_a_probe(
    two: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender, clock: FrozenClock
) -> None:
    """Case 31: the circuit of A opens, B carries; after a pause one message goes to A alone, then all do."""
    plan("s1")
    first.answers = [Unreachable("away")]
    handlers.deliver_due(two, "sms")
    assert (subjects(first), subjects(second)) == ([], ["s1"])
    plan("s2")
    handlers.deliver_due(two, "sms")
    assert subjects(second) == ["s1", "s2"]
    clock.advance(seconds=2)
    plan("s3", "s4", "s5")
    handlers.deliver_due(two, "sms")
    assert subjects(first) == ["s3"]
    assert subjects(second) == ["s1", "s2", "s4", "s5"]
    plan("s6", "s7")
    handlers.deliver_due(two, "sms")
    assert subjects(first) == ["s3", "s6", "s7"]
    assert (message(two, "s1").provider, message(two, "s3").provider) == ("b", "a")


def test_a_probe_that_fails_keeps_the_circuit_open_for_longer(
    two: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender, clock: FrozenClock
) -> None:
    """One message at a time finds out, and goes to the other provider at once."""
    first.answers = [Unreachable("away")] * 3
    for number, seconds in enumerate((0, 2, 3, 5)):
        clock.advance(seconds=seconds)
        plan(f"s{number}", f"t{number}")
        handlers.deliver_due(two, "sms")
    assert len(first.answers) == 0
    assert len(first.taken) + len(second.taken) == 8
    assert all(message(two, f"{letter}{number}").state is State.SENT for letter in "st" for number in range(4))


def test_a_message_in_doubt_with_one_provider_is_not_given_to_the_other(
    two: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender, clock: FrozenClock
) -> None:
    """Case 31: never on both at once."""
    plan("s1")
    first.answers = [Uncertain("no_answer"), *[Unreachable("away")] * 9]
    handlers.deliver_due(two, "sms")
    for _ in range(4):
        clock.advance(seconds=10)
        handlers.settle_stranded(two)
        handlers.deliver_due(two, "sms")
    assert message(two, "s1").in_doubt
    assert second.taken == []


def test_a_message_of_which_a_part_was_taken_stays_with_its_provider(
    two: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender, clock: FrozenClock
) -> None:
    """The phone could not put parts of two centres together."""
    plan("s1")
    first.answers = [Throttled("slow", taken=["p-1"]), Unreachable("away")]
    handlers.deliver_due(two, "sms")
    for _ in range(3):
        clock.advance(seconds=5)
        handlers.deliver_due(two, "sms")
    assert second.taken == []
    assert first.taken[0].taken == ("p-1",)


def test_a_pause_that_was_asked_for_moves_nothing_to_the_other_provider(
    two: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender, clock: FrozenClock
) -> None:
    """Case 28: Retry-After is kept to the second."""
    plan("s1", "s2")
    first.answers = [Throttled("http_429", wait=timedelta(seconds=40))]
    handlers.deliver_due(two, "sms")
    clock.advance(seconds=39)
    handlers.deliver_due(two, "sms")
    assert (subjects(first), subjects(second)) == (["s2"], [])
    clock.advance(seconds=1)
    handlers.deliver_due(two, "sms")
    assert (subjects(first), subjects(second)) == (["s2", "s1"], [])


def test_a_pause_of_an_hour_counts_as_out_of_order(
    two: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender, clock: FrozenClock
) -> None:
    """Nobody waits an hour for a confirmation while another way is open."""
    plan("s1")
    first.answers = [Throttled("http_429", wait=timedelta(hours=3))]
    handlers.deliver_due(two, "sms")
    plan("s2")
    handlers.deliver_due(two, "sms")
    assert subjects(second) == ["s2"]


def test_many_answers_of_not_now_open_the_circuit(
    two: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender
) -> None:
    """A provider that takes nothing is as good as away."""
    first.answers = [NotNow("smpp_0x08")] * 5
    plan(*[f"s{number}" for number in range(5)])
    handlers.deliver_due(two, "sms")
    plan("last")
    handlers.deliver_due(two, "sms")
    assert subjects(second) == ["last"]


def test_a_provider_that_recognises_a_message_is_given_it_again_in_doubt(
    desk: Desk, plan: Callable[..., None], second: FakeSender, clock: FrozenClock
) -> None:
    """An idempotency key ends the doubt: no receipt has to be waited for, and nobody gets two."""
    own = replace(desk, ways=Ways({DEFAULT: {"sms": [Way(Provider("b", Singly(second), repeats_safely=True))]}}))
    plan("s1")
    second.answers = [Uncertain("http_no_answer")]
    handlers.deliver_due(own, "sms")
    handlers.settle_stranded(own)
    handlers.deliver_due(own, "sms")
    assert subjects(second) == ["s1"]
    assert (message(own, "s1").state, message(own, "s1").repeated) == (State.SENT, True)


def test_weights_share_the_load(desk: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender) -> None:
    """Three to one, within what chance allows."""
    shared = [Way(Provider("a", Singly(first)), 1, 3), Way(Provider("b", Singly(second)), 1, 1)]
    own = replace(desk, ways=Ways({DEFAULT: {"sms": shared}}))
    plan(*[f"s{number}" for number in range(120)])
    while handlers.deliver_due(own, "sms"):
        pass
    counts = Counter({"a": len(first.taken), "b": len(second.taken)})
    assert counts.total() == 120
    assert 65 <= counts["a"] <= 113


def test_each_municipality_has_its_own_providers(
    desk: Desk, plan: Callable[..., None], first: FakeSender, second: FakeSender, clock: FrozenClock
) -> None:
    """The trouble of one town's provider leaves the others alone, and its messages are not even taken up."""
    routes = {
        DEFAULT: {"sms": [Way(Provider("a", Singly(first)))]},
        "raoued": {"sms": [Way(Provider("b", Singly(second)))]},
    }
    own = replace(desk, ways=Ways(routes))
    first.answers = [Unreachable("away")]
    plan("m1")
    handlers.deliver_due(own, "sms")
    plan("m2")
    plan("r1", municipality="raoued")
    assert handlers.deliver_due(own, "sms") == 1
    assert (subjects(first), subjects(second)) == ([], ["r1"])
    clock.advance(seconds=2)
    handlers.deliver_due(own, "sms")
    assert sorted(subjects(first)) == ["m1", "m2"]


def test_a_town_without_providers_waits(desk: Desk, plan: Callable[..., None]) -> None:
    """Nothing is lost: a provider may be added."""
    own = replace(desk, ways=Ways({"raoued": {}}))
    plan("s1")
    assert handlers.deliver_due(own, "sms") == 0
    assert message(own, "s1").state is State.PLANNED
