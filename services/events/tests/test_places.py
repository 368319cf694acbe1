"""Kinds of places, holds, offers, capacity raised and lowered, companions: the rules on a real database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from imigr_events import handlers
from imigr_events.domain import Event, Group, Seats
from imigr_events.errors import (
    HoldExpired,
    NoPlaces,
    NotOpen,
    RegistrationNotChangeable,
    UnknownRegistration,
)
from imigr_events.handlers import Desk, HoldWanted
from imigr_events.ports import Command
from imigr_kit.errors import Forbidden, TooMany
from imigr_kit.fairness import LANE_LEAST, LIGHT_SOURCE
from imigr_kit.pressure import Asker
from imigr_kit.testing import FrozenClock

from .conftest import MANAGER, NOW, manage_hash, wanted

Publish = Callable[..., Event]
RELEASE = NOW + timedelta(days=10)
WOMEN = Group("women", share=40, released_at=RELEASE)


def states(desk: Desk) -> list[str]:
    """Of all registrations, in order of arrival."""
    book = desk.events.book("event-1")
    assert book is not None
    return [str(one.state) for one in book.registrations]


def state(desk: Desk, who: str) -> str:
    """Of somebody's registration, by the link."""
    return str(handlers.get_registration(desk, "la-marsa", manage_hash(who))["state"])


def cancel(desk: Desk, who: str) -> Any:
    """Somebody gives a registration up."""
    return handlers.cancel_registration(desk, "la-marsa", manage_hash(who), Command(f"cancel-{who}", "x"))


def hold(desk: Desk, name: str, places: int = 1, client: str | None = None) -> dict[str, Any]:
    """Places for ten minutes."""
    asker = Asker(client, client) if client else None
    seats = HoldWanted("la-marsa", "event-1", Seats(places), asker)
    return handlers.hold_places(desk, seats, Command(f"hold-{name}", name))


def edit(desk: Desk, version: int, **values: Any) -> Event:
    """Staff change the event."""
    return handlers.edit_event(desk, MANAGER, "event-1", version, values, Command(f"edit-{version}", str(values)))


def test_places_kept_for_a_kind_are_given_to_that_kind_only(desk: Desk, publish: Publish) -> None:
    """Forty percent of five are two: three are for all, and two wait for women whatever the crowd."""
    publish(5, groups=(WOMEN,))
    for number in range(4):
        handlers.register(desk, *wanted(f"p{number}"))
    handlers.register(desk, *wanted("w1", kinds={"women": 1}))
    handlers.register(desk, *wanted("w2", kinds={"women": 1}))
    handlers.register(desk, *wanted("w3", kinds={"women": 1}))
    assert states(desk) == ["confirmed"] * 3 + ["waiting"] + ["confirmed"] * 2 + ["waiting"]


def test_kept_places_are_released_to_all_at_the_written_hour_in_waiting_order(
    desk: Desk, publish: Publish, clock: FrozenClock
) -> None:
    """Case 32: not a second sooner, then to those who wait, first come first served, before the public."""
    publish(5, groups=(WOMEN,))
    for number in range(3):
        handlers.register(desk, *wanted(f"p{number}"))
    handlers.register(desk, *wanted("group", 3))
    handlers.register(desk, *wanted("next", 1))
    handlers.register(desk, *wanted("last", 1))
    clock.advance(days=10, seconds=-1)
    handlers.keep_time(desk)
    assert states(desk)[3:] == ["waiting"] * 3
    clock.advance(seconds=1)
    assert handlers.register(desk, *wanted("public"))["state"] == "waiting"
    assert states(desk)[3:] == ["waiting", "confirmed", "confirmed", "waiting"]


def test_the_job_releases_kept_places_when_nobody_comes_by(desk: Desk, publish: Publish, clock: FrozenClock) -> None:
    """The next moment is part of the document."""
    publish(2, groups=(Group("women", places=2, released_at=RELEASE),))
    handlers.register(desk, *wanted("a"))
    clock.advance(days=11)
    handlers.keep_time(desk)
    assert states(desk) == ["confirmed"]


def test_a_moment_at_which_nothing_changes_passes_once(desk: Desk, publish: Publish, clock: FrozenClock) -> None:
    """Nobody waits for the places that are released, and the job does not look again and again."""
    publish(2, groups=(Group("women", places=1, released_at=RELEASE),))
    clock.advance(days=11)
    assert list(desk.events.due(clock.now())) == ["event-1"]
    handlers.keep_time(desk)
    assert list(desk.events.due(clock.now())) == []


def test_a_kind_with_a_limit_of_the_room_goes_no_further(desk: Desk, publish: Publish) -> None:
    """Two wheelchair places: a third waits although seats are free."""
    publish(10, groups=(Group("wheelchair", places=2, most=2),))
    said = [handlers.register(desk, *wanted(f"w{n}", kinds={"wheelchair": 1}))["state"] for n in range(3)]
    assert said == ["confirmed", "confirmed", "waiting"]


def test_the_kind_of_a_seat_is_told_to_its_holder_and_to_nobody_else(
    desk: Desk, publish: Publish, mongo_db: Any
) -> None:
    """Not in events, not in the list of staff; staff see sums. When the seat is given up the sum forgets it."""
    publish(5, groups=(WOMEN,))
    handlers.register(desk, *wanted("w", kinds={"women": 1}, contact_id="c-1", channel="sms"))
    assert handlers.get_registration(desk, "la-marsa", manage_hash("w"))["kinds"] == {"women": 1}
    row = mongo_db["events"].find_one()
    assert "c-1" not in str(row["registrations"]), "the database alone does not say whose seat it is"
    assert "women" not in str([one["data"] for one in row["outbox"]])
    assert row["kinds_taken"] == {"women": 1}
    cancel(desk, "w")
    assert mongo_db["events"].find_one()["kinds_taken"] == {}


def test_a_hold_keeps_places_for_ten_minutes_and_becomes_the_registration(
    desk: Desk, publish: Publish, clock: FrozenClock
) -> None:
    """Case 20: good at 9:59."""
    publish(1)
    held = hold(desk, "a")
    assert handlers.register(desk, *wanted("b"))["state"] == "waiting"
    clock.advance(minutes=9, seconds=59)
    assert handlers.register(desk, *wanted("a", hold_id=held["hold_id"]))["state"] == "confirmed"
    assert states(desk) == ["waiting", "confirmed"]


def test_a_hold_that_ran_out_is_told_and_its_place_is_free_at_once(
    desk: Desk, publish: Publish, clock: FrozenClock
) -> None:
    """Cases 13 and 20: at 10:00 it is either good or free, never both; no job is needed."""
    publish(1)
    held = hold(desk, "a")
    clock.advance(minutes=10)
    assert handlers.register(desk, *wanted("b"))["state"] == "confirmed"
    with pytest.raises(HoldExpired):
        handlers.register(desk, *wanted("a", hold_id=held["hold_id"]))
    assert states(desk) == ["confirmed"]


def test_a_hold_is_repeated_released_and_refused_when_full(desk: Desk, publish: Publish) -> None:
    """The same command holds once; given back, the next may hold."""
    publish(2)
    held = hold(desk, "a", 2)
    assert hold(desk, "a", 2) == held
    with pytest.raises(NoPlaces):
        hold(desk, "b")
    for _ in range(2):
        handlers.release_hold(desk, "la-marsa", "event-1", held["hold_id"])
    assert hold(desk, "b")["hold_id"] != held["hold_id"]


def test_a_rush_of_one_address_takes_a_small_share_and_others_go_on(
    desk: Desk, publish: Publish, clock: FrozenClock, mongo_db: Any
) -> None:
    """A script that works out every proof and waits for every ticket gets a lane's worth; no row tells who held."""
    publish(144)
    got = 0
    for _ in range(2):
        for number in range(100):
            with contextlib.suppress(TooMany):
                hold(desk, f"bot-{number}", client="bot")
                got += 1
        clock.advance(minutes=5)
    assert LIGHT_SOURCE <= got <= 2 * (LIGHT_SOURCE + LANE_LEAST)
    assert hold(desk, "other", client="other")
    assert "client" not in str(mongo_db["events"].find_one()["holds"])


def test_a_repeated_command_is_answered_whatever_the_load(desk: Desk, publish: Publish) -> None:
    """Idempotency comes first."""
    publish(50)
    first = hold(desk, "a", client="one")
    for number in range(20):
        with contextlib.suppress(TooMany):
            hold(desk, f"b-{number}", client="one")
    assert hold(desk, "a", client="one") == first


def test_a_freed_place_is_offered_in_order_and_the_offer_holds_it(
    desk: Desk, publish: Publish, clock: FrozenClock, mongo_db: Any
) -> None:
    """Case 30a: to one at a time, for the event's hours; the next only after a refusal or the end of the time."""
    publish(1, offer_hours=24)
    for who in ("a", "b", "c", "d"):
        handlers.register(desk, *wanted(who))
    cancel(desk, "a")
    assert states(desk) == ["cancelled", "offered", "waiting", "waiting"]
    assert handlers.register(desk, *wanted("public"))["state"] == "waiting"
    handlers.decline_offer(desk, "la-marsa", manage_hash("b"), Command("no", "x"))
    assert states(desk)[1:4] == ["declined", "offered", "waiting"]
    clock.advance(hours=24)
    handlers.keep_time(desk)
    assert states(desk)[1:4] == ["declined", "expired", "offered"]
    assert mongo_db["events"].find_one()["taken"] == 1


def test_who_answers_late_is_told_kindly_and_the_next_keeps_the_place(
    desk: Desk, publish: Publish, clock: FrozenClock
) -> None:
    """Case 30; also when no job has run since the offer ran out."""
    publish(1, offer_hours=1)
    for who in ("x", "a", "b"):
        handlers.register(desk, *wanted(who))
    cancel(desk, "x")
    clock.advance(hours=1)
    with pytest.raises(RegistrationNotChangeable) as caught:
        handlers.accept_offer(desk, "la-marsa", manage_hash("a"), Command("late", "x"))
    assert caught.value.params == {"state": "expired"}
    said = handlers.accept_offer(desk, "la-marsa", manage_hash("b"), Command("yes", "x"))
    assert said["state"] == "confirmed"
    assert handlers.accept_offer(desk, "la-marsa", manage_hash("b"), Command("yes", "x")) == said


def test_an_offer_that_is_given_up_goes_to_the_next(desk: Desk, publish: Publish) -> None:
    """Before and after it was accepted."""
    publish(1, offer_hours=24)
    for who in ("x", "a", "b", "c"):
        handlers.register(desk, *wanted(who))
    cancel(desk, "x")
    cancel(desk, "a")
    handlers.accept_offer(desk, "la-marsa", manage_hash("b"), Command("yes", "x"))
    cancel(desk, "b")
    assert states(desk) == ["cancelled", "cancelled", "cancelled", "offered"]


def test_offers_are_shorter_near_the_end_and_none_is_made_when_it_is_too_late(
    desk: Desk, publish: Publish, clock: FrozenClock
) -> None:
    """A third of the time that is left; in the last half hour whoever comes first."""
    event = publish(1, offer_hours=24)
    for who in ("x", "a", "b"):
        handlers.register(desk, *wanted(who))
    clock.advance(seconds=(event.starts_at - NOW).total_seconds() - 6 * 3600)
    cancel(desk, "x")
    offered = handlers.get_registration(desk, "la-marsa", manage_hash("a"))
    assert offered["offer_until"] == (desk.clock.now() + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    clock.advance(hours=5, minutes=45)
    handlers.keep_time(desk)
    assert states(desk) == ["cancelled", "expired", "waiting"]
    assert handlers.register(desk, *wanted("public"))["state"] == "confirmed"


def test_more_places_go_to_the_list_before_the_public(desk: Desk, publish: Publish) -> None:
    """Case 39: ten wait, five places are added: the first five have them, in the same write."""
    publish(1)
    for number in range(11):
        handlers.register(desk, *wanted(f"p{number}"))
    edit(desk, 2, capacity=6)
    assert states(desk) == ["confirmed"] * 6 + ["waiting"] * 5
    assert handlers.register(desk, *wanted("public"))["waiting_position"] == 6


def test_fewer_places_drop_nobody_and_the_list_says_who_is_too_many(desk: Desk, publish: Publish) -> None:
    """Case 14: the latest to come; a place given back is not given on until the number fits."""
    publish(5)
    said = [handlers.register(desk, *wanted(f"p{number}")) for number in range(6)]
    edit(desk, 2, capacity=3)
    assert states(desk) == ["confirmed"] * 5 + ["waiting"]
    listing = handlers.list_registrations(desk, MANAGER, "la-marsa", "event-1")
    assert list(listing.too_many) == [said[4]["id"], said[3]["id"]]
    cancel(desk, "p0")
    assert state(desk, "p5") == "waiting"
    cancel(desk, "p1")
    cancel(desk, "p2")
    assert state(desk, "p5") == "confirmed"


def test_a_registration_is_found_by_the_reference_that_is_read_aloud(desk: Desk, publish: Publish) -> None:
    """However it is spaced, without naming its event; another town's staff, and nonsense, find nothing."""
    publish(5)
    said = handlers.register(desk, *wanted("p0"))
    spoken = said["reference"].lower().replace("-", " ")
    assert handlers.find_registration(desk, MANAGER, "la-marsa", spoken)["id"] == said["id"]
    with pytest.raises(UnknownRegistration):
        handlers.find_registration(desk, MANAGER, "la-marsa", "0000-0000")
    with pytest.raises(Forbidden):
        handlers.find_registration(desk, MANAGER, "raoued", spoken)


def test_registration_opens_and_closes_by_the_written_times(desk: Desk, publish: Publish, clock: FrozenClock) -> None:
    """Before, in and after the window; a closed list is offered nothing."""
    publish(1, opens_at=NOW + timedelta(days=1), closes_at=NOW + timedelta(days=2), offer_hours=24)
    with pytest.raises(NotOpen):
        handlers.register(desk, *wanted("a"))
    clock.advance(days=1)
    handlers.register(desk, *wanted("a"))
    handlers.register(desk, *wanted("b"))
    clock.advance(days=1)
    with pytest.raises(NotOpen):
        handlers.register(desk, *wanted("c"))
    cancel(desk, "a")
    assert state(desk, "b") == "waiting"


def test_the_same_contact_twice_is_one_registration(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Case 40: the second link leads to the first registration, and both end it. Then the contact may come again."""
    publish(5)
    first = handlers.register(desk, *wanted("a", 2, contact_keys=("0" * 64,)))
    second = handlers.register(desk, *wanted("b", 2, contact_keys=("0" * 64,)))
    assert (second["id"], second["state"], second["places"]) == (first["id"], "confirmed", 2)
    assert mongo_db["events"].find_one()["taken"] == 2
    assert cancel(desk, "b")["state"] == "cancelled"
    assert state(desk, "a") == "cancelled"
    assert handlers.register(desk, *wanted("c", 1, contact_keys=("0" * 64,)))["id"] != first["id"]
