"""Two-way SMS over both services: a phone answers a reminder, the guichet acts, the person and the staff see it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from imigr_kit.testing import wait_until
from tests import sites
from tests.e2e.halls import sign_in

TOWN = "la-marsa"
COMES, CANCELS = "+21629111001", "+21629111002"


@pytest.fixture(scope="module")
def platform(start_platform: Callable[..., Any]) -> Any:
    """One platform whose number can be answered, at any hour."""
    running = start_platform("answers", without=("partners", "streams"))
    with sites.database(running) as client:
        own = {"quiet": [], "replies": True, "daily_limit": 20}
        row = {"_id": TOWN, "own": own, "version": 1, "applied": 1, "commands": []}
        client["imigr_notifications"]["rules"].replace_one({"_id": TOWN}, row, upsert=True)
    return running


@pytest.fixture(scope="module")
def booked(platform: Any) -> dict[str, dict[str, Any]]:
    """Two people with an appointment, each reminded of it just now; by phone."""
    guichet, starts = sites.guichet_id(platform, TOWN), sites.slots(platform, TOWN, "fr")
    made = {}
    for phone, start in zip((COMES, CANCELS), (starts[-1], starts[-2]), strict=True):
        body = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr", "phone": phone}
        answer = sites.site(platform, "fr").post("/api/v1/appointments", body, Idempotency_Key=str(uuid.uuid4()))
        assert answer.status == 201, answer
        made[phone] = dict(answer.body)
        wait_until(partial(has_got, platform, phone, "est confirm"), 20, "the confirmation arrives")
    with sites.database(platform) as client:
        eve = {"kind": "reminder", "state": "planned", "asks": True}
        now = datetime.now(UTC)
        client["imigr_notifications"]["messages"].update_many(eve, {"$set": {"due_at": now, "claim_at": now}})
    for phone in made:
        wait_until(partial(has_got, platform, phone, "2 pour annuler"), 20, "the question arrives")
    return made


def texts(platform: Any, phone: str) -> list[str]:
    """What a phone got, newest first."""
    found = sites.received(platform).get(f"/api/messages?to={phone.replace('+', '%2B')}").body["items"]
    return [str(one["text"]) for one in found]


def has_got(platform: Any, phone: str, words: str) -> bool:
    """True when the newest text of a phone says so."""
    return any(words in one for one in texts(platform, phone)[:1])


def write(platform: Any, phone: str, text: str) -> None:
    """An SMS from a phone."""
    assert sites.received(platform).post("/api/answers", {"from": phone, "text": text}).status == 200


def test_one_is_thanked_for_and_staff_see_that_the_visitor_comes(
    platform: Any, booked: dict[str, dict[str, Any]]
) -> None:
    """The appointment stands as it was; the agenda of its day says that the visitor will come."""
    write(platform, COMES, "1")
    wait_until(lambda: texts(platform, COMES)[0] == "Merci, c'est noté.", 20, "the answer is thanked for")
    mine = booked[COMES]
    signed = sign_in(platform, f"mediator.{TOWN}@demo.invalid")
    path = f"/api/v1/staff/{TOWN}/guichets/{mine['guichet_id']}/appointments?date={mine['start'][:10]}"

    def row() -> dict[str, Any]:
        items = sites.site(platform).get(path, Authorization=signed).body["items"]
        return next(dict(one) for one in items if one["id"] == mine["id"])

    wait_until(lambda: row()["will_come"], 20, "staff see it")
    assert row()["state"] == "confirmed"


def test_two_cancels_and_the_person_is_told(platform: Any, booked: dict[str, dict[str, Any]]) -> None:
    """By the guichet's own cancellation, once; the link says so as well. Nothing more is planned."""
    write(platform, CANCELS, "2")
    wait_until(lambda: "est annulé" in texts(platform, CANCELS)[0], 20, "the cancellation is told")
    path = f"/api/v1/appointments/{booked[CANCELS]['manage_token']}"
    assert sites.site(platform).get(path).body["state"] == "cancelled_by_visitor"
    assert len(texts(platform, CANCELS)) == 3
    with sites.database(platform) as client:
        query = {"subject": booked[CANCELS]["id"], "state": {"$in": ["planned", "leased", "sending"]}}
        assert client["imigr_notifications"]["messages"].count_documents(query) == 0


def test_staff_find_the_messages_by_the_reference_that_is_read_aloud(
    platform: Any, booked: dict[str, dict[str, Any]]
) -> None:
    """Of an appointment, and of a registration for an event; neither an address nor a text is in them."""
    site, signed = sites.site(platform), sign_in(platform, f"mediator.{TOWN}@demo.invalid")
    event = site.get(f"/api/v1/events?municipality={TOWN}").body["items"][0]["id"]
    body = {"email": "guest@answers.example", "places": 1, "message_language": "ar"}
    made = site.post(f"/api/v1/events/{event}/registrations", body, Idempotency_Key=str(uuid.uuid4())).body
    for reference, kind in ((booked[COMES]["reference"], "reminder"), (made["reference"], "confirmation")):
        found: list[Any] = []

        def ways(reference: str = reference, found: list[Any] = found) -> bool:
            asked = {"reference": reference}
            answer = site.post(f"/api/v1/staff/{TOWN}/messages/find", asked, Authorization=signed)
            found[:] = [one["kind"] for one in answer.body["items"]]
            assert COMES[1:] not in str(answer.body)
            assert "guest@" not in str(answer.body)
            return bool(found)

        wait_until(ways, 20, "the messages are planned")
        assert kind in found
