"""kill -9 of every process in turn while people book: nothing is lost, nothing is given twice or told twice."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from imigr_kit.testing import wait_until
from tests import sites
from tests.chaos import canaries, flows
from tests.chaos.listener import Listener
from tests.chaos.rush import Rush

pytestmark = pytest.mark.timeout(900)

VICTIMS = (
    "guichet", "notifications", "events", "gateway", "rabbitmq", "mongod", "peers", "directory", "accounts", "guichet",
)  # fmt: skip
ROUNDS = int(os.environ.get("IMIGR_CHAOS_ROUNDS", "1"))
"""How often each of them is killed; `make chaos` sets more."""
BOOKINGS, REGISTRATIONS = 300, 100


@pytest.fixture(scope="module")
def platform(start_platform: Callable[..., Any]) -> Any:
    """A platform of its own."""
    return start_platform("crash")


@pytest.fixture(scope="module")
def aftermath(platform: Any) -> Iterator[tuple[Rush, Listener]]:
    """The rush with all its deaths, over and settled."""
    starts = [
        (sites.guichet_id(platform, town), start)
        for town in ("la-marsa", "raoued")
        for start in sites.slots(platform, town, "fr")
    ]
    events = sites.site(platform).get("/api/v1/events?municipality=la-marsa").body["items"]
    rush = Rush()
    with Listener(sites.administrator_uri(platform), "tests.crash") as listener:
        clients = threading.Thread(
            target=rush.run, args=(sites.site(platform), starts, events[0]["id"], BOOKINGS, REGISTRATIONS)
        )
        clients.start()
        for name in VICTIMS * ROUNDS:
            wait_until(lambda: rush.statuses.get(201, 0) > 0, 60, "the first bookings")
            before = platform.kill(name)
            platform.wait_ready(name, after=before)
        clients.join(240)
        assert not clients.is_alive(), "the clients did not come to an end"
        wait_until(lambda: sites.unsent(platform) == 0, 60, "empty outboxes")
        wait_until(lambda: _heard_all(rush, listener), 60, "the listener to hear every change")
        wait_until(lambda: not _open_messages(platform), 90, "all due messages to be settled")
        yield rush, listener


def _heard_all(rush: Rush, listener: Listener) -> bool:
    wanted = {one["id"] for one in [*rush.bookings, *rush.registrations]}
    return wanted <= set(listener.order)


def _open_messages(platform: Any) -> list[Any]:
    with sites.database(platform) as client:
        messages = client["imigr_notifications"]["messages"]
        query = {"kind": "confirmation", "state": {"$in": ["planned", "leased", "sending"]}}
        return list(messages.find(query, {"state": 1}).limit(3))


def test_every_client_came_to_an_answer(aftermath: tuple[Rush, Listener]) -> None:
    """All who wanted something got a booking, a registration, or word that all seats are gone."""
    rush, _ = aftermath
    assert rush.problems == []
    assert len(rush.bookings) + rush.refused == BOOKINGS
    assert len(rush.bookings) > BOOKINGS // 2
    assert len(rush.registrations) == REGISTRATIONS


def test_every_acknowledged_booking_is_stored(platform: Any, aftermath: tuple[Rush, Listener]) -> None:
    """Promise 1: each 201 can be read back by its link, as it was answered."""
    rush, _ = aftermath
    with sites.database(platform) as client:
        stored = {row["_id"]: (row["state"], row["start"]) for row in client["imigr_guichet"]["appointments"].find()}
        kept = {
            row["id"]: row["state"]
            for event in client["imigr_events"]["events"].find()
            for row in event["registrations"]
        }
    for booking in rush.bookings:
        state, start = stored[booking["id"]]
        assert (state, start.isoformat(timespec="seconds").replace("+00:00", "Z")) == ("confirmed", booking["start"])
    assert {one["id"] for one in rush.registrations} <= set(kept)
    sample = rush.bookings[0]
    assert sites.site(platform).get(f"/api/v1/appointments/{sample['manage_token']}").body["id"] == sample["id"]


def test_no_seat_was_given_twice(platform: Any, aftermath: tuple[Rush, Listener]) -> None:
    """Promise 2: no overlap at any desk, no command stored twice, no event oversold."""
    with sites.database(platform) as client:
        desks: dict[tuple[str, str], list[Any]] = {}
        for one in client["imigr_guichet"]["appointments"].find({"state": "confirmed"}):
            desks.setdefault((one["guichet_id"], one["desk"]), []).append((one["start"], one["end"]))
        for taken in desks.values():
            assert all(first[1] <= second[0] for first, second in pairwise(sorted(taken)))
        for event in client["imigr_events"]["events"].find():
            confirmed = sum(one["places"] for one in event["registrations"] if one["state"] == "confirmed")
            assert confirmed == event["taken"] <= event["capacity"]


def test_every_change_reached_its_listener_in_order(aftermath: tuple[Rush, Listener]) -> None:
    """Promise 3: at least once, and each subject's events first heard in their order."""
    rush, listener = aftermath
    for one in rush.bookings:
        assert listener.kinds(one["id"]) == ["guichet.appointment.booked"]
    for subject, sequences in listener.order.items():
        assert sequences == sorted(sequences), subject


def test_exactly_one_confirmation_for_each_booking(platform: Any, aftermath: tuple[Rush, Listener]) -> None:
    """Promise 3: took effect once. One message each; nothing was handed over twice but in a counted ambiguity."""
    rush, _ = aftermath
    wanted = {one["id"] for one in [*rush.bookings, *rush.registrations]}
    with sites.database(platform) as client:
        messages = list(client["imigr_notifications"]["messages"].find({"kind": "confirmation"}))
    per_subject = Counter(row["subject"] for row in messages)
    assert {subject for subject, count in per_subject.items() if count == 1} >= wanted
    assert max(per_subject.values()) == 1
    assert {row["state"] for row in messages} <= {"sent", "ambiguous"}
    phones = Counter(one["to"] for one in _received(platform) if one["channel"] == "sms")
    ambiguous = sum(row["state"] == "ambiguous" for row in messages)
    sent = sum(row["state"] == "sent" and row["channel"] == "sms" for row in messages)
    assert max(phones.values()) == 1
    assert sent <= sum(phones.values()) <= sent + ambiguous


def _received(platform: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sites.received(platform).get("/api/messages").body["items"]
    return found


def test_nothing_is_left_behind(platform: Any, aftermath: tuple[Rush, Listener]) -> None:
    """No outbox, no retry queue, no parking holds anything."""
    assert sites.unsent(platform) == 0
    wait_until(lambda: not sites.waiting(platform, ".retry."), 30, "empty retry queues")
    assert sites.waiting(platform, ".parking") == {}


def test_the_other_ways_of_a_contact_are_open(platform: Any, aftermath: tuple[Rush, Listener]) -> None:
    """Subscribing, waiting, moving, cancelling, forgetting, and what is refused: all with canaries."""
    rush, _ = aftermath
    said = flows.take_all(sites.site(platform), rush, sites.guichet_id(platform, flows.TOWN))
    assert said == {
        "subscribe": {202}, "wait": said["wait"], "both": {422}, "move to nowhere": {422},
        "forget": {200}, "cancel": {200}, "registration": {200},
    }  # fmt: skip
    assert said["wait"] <= {201, 409}
    wait_until(lambda: sites.unsent(platform) == 0, 60, "empty outboxes")


def test_no_canary_is_anywhere(platform: Any, aftermath: tuple[Rush, Listener]) -> None:
    """Promise 6: 400 fake phones and emails in no file, log, figure or event; a control value is found."""
    rush, listener = aftermath
    assert len(rush.phones) >= 50
    assert len(rush.emails) >= 50
    canaries.plant_control(platform)
    assert canaries.files_with(platform.instance.folder, [canaries.CONTROL.encode()])
    assert canaries.sinks(platform, listener.raw, canaries.needles(rush.phones, rush.emails)) == {}
