"""The waiting room over HTTP on a whole platform: two mediators on "next", the live screen, one town apart."""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from imigr_demo.http import Answer

from imigr_kit.testing import wait_until
from tests import sites

TOWN = "la-marsa"


class Hall:
    """La Marsa's waiting room as its staff reach it."""

    def __init__(self, platform: Any) -> None:
        self.platform = platform
        self.guichet = sites.guichet_id(platform, TOWN)
        self.signed = {town: sign_in(platform, f"mediator.{town}@demo.invalid") for town in (TOWN, "raoued")}

    def post(self, path: str, body: dict[str, Any], key: str = "", town: str = TOWN, staff: str = TOWN) -> Answer:
        """A command of staff."""
        headers = {"Idempotency_Key": key or str(uuid.uuid4()), "Authorization": self.signed[staff]}
        return sites.site(self.platform).post(f"/api/v1/staff/{town}/{path}", body, **headers)

    def get(self, path: str, town: str = TOWN) -> Answer:
        """A read of staff."""
        return sites.site(self.platform).get(f"/api/v1/staff/{town}/{path}", Authorization=self.signed[town])

    def take(self, language: str = "fr", **more: Any) -> dict[str, Any]:
        """A ticket."""
        body = {"topic": "information", "language": language} | more
        answer = self.post(f"guichets/{self.guichet}/tickets", body)
        assert answer.status == 201, answer
        return dict(answer.body)

    def next(self, desk: str, key: str = "") -> Answer:
        """The next person to a desk."""
        return self.post(f"guichets/{self.guichet}/next", {"desk": desk}, key)

    def step(self, ticket_id: str, action: str) -> Answer:
        """One step."""
        return self.post(f"tickets/{ticket_id}/steps", {"action": action})


def sign_in(platform: Any, email: str) -> str:
    """The header of a signed-in member of staff."""
    password = platform.credentials().staff[email]
    answer = sites.site(platform).post("/api/v1/staff/login", {"email": email, "password": password})
    assert answer.status == 200, answer
    return f"Bearer {answer.body['token']}"


@pytest.fixture(scope="module")
def hall(start_platform: Callable[..., Any]) -> Hall:
    """A platform whose guichet of La Marsa is open all day today."""
    platform = start_platform("waiting-room", without=("events",))
    today = datetime.now(ZoneInfo("Africa/Tunis")).date().isoformat()
    with sites.database(platform) as client:
        change = {"$push": {"exceptions": {"date": today, "spans": [["00:00", "24:00"]]}}}
        client["imigr_guichet"]["guichets"].update_one({"municipality": TOWN}, change)
    made = Hall(platform)
    body = {"topic": "information", "language": "fr"}

    def open_now() -> bool:
        answer = made.post(f"guichets/{made.guichet}/tickets", body)
        return answer.status == 201 and made.step(answer.body["id"], "leave").status == 200

    wait_until(open_now, 15, "the guichet is open")
    return made


def test_two_mediators_press_next_together(hall: Hall) -> None:
    """Cases 29 and 30b over HTTP, ten times: one person waiting, one gets the person, the other nobody."""
    for _ in range(10):
        taken = hall.take()
        gate = threading.Barrier(2)

        def press(desk: str, gate: threading.Barrier = gate) -> Answer:
            gate.wait(5)
            return hall.next(desk)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(press, ("m1", "m3")))
        assert {one.status for one in answers} == {200}
        got = [one.body["ticket"] for one in answers if one.body["ticket"] is not None]
        assert [one["id"] for one in got] == [taken["id"]]
        for action in ("start", "finish"):
            assert hall.step(taken["id"], action).status == 200


def test_a_crowd_is_served_once_each(hall: Hall) -> None:
    """Twenty persons, three desks that press as fast as they can, each command given twice: nobody is called twice
    and nobody is forgotten."""
    numbers = {hall.take(language)["number"] for language in ("fr", "ar", "en", "fr") * 5}
    served: list[int] = []

    def work(desk: str) -> None:
        for _ in range(60):
            key = str(uuid.uuid4())
            first, again = hall.next(desk, key), hall.next(desk, key)
            assert (first.status, again.status) == (200, 200), (first, again)
            ticket = first.body["ticket"]
            if ticket is None:
                return
            assert again.body == first.body
            served.append(ticket["number"])
            hall.step(ticket["id"], "start")
            hall.step(ticket["id"], "finish")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, ("m1", "m2", "m3")))
    assert sorted(served) == sorted(numbers)


def test_what_happened_is_counted_from_its_events(hall: Hall) -> None:
    """Thirty persons sat down in the tests above: the manager's figures say so, once each."""
    manager = sign_in(hall.platform, f"manager.{TOWN}@demo.invalid")
    month = f"{datetime.now(ZoneInfo('Africa/Tunis')):%Y-%m}"
    path = f"/api/v1/staff/{TOWN}/guichets/{hall.guichet}/figures?month={month}"

    def waits() -> Any:
        return sites.site(hall.platform).get(path, Authorization=manager).body["wait"]

    wait_until(lambda: waits()["total"] == 30, 20, "thirty waits")
    assert waits()["cells"] == {"under_5": 30}


def test_the_screen_hears_a_call_and_finds_its_way_back(hall: Hall) -> None:
    """The stream tells a call; after the process was killed, the same page connects again and misses nothing."""
    seen = ""
    taken = hall.take()
    with Stream(hall) as stream:
        seen, board = stream.next()
        assert hall.next("m1").body["ticket"]["id"] == taken["id"]
        while board["version"] < hall_version(hall):
            seen, board = stream.next()
        assert board["called"][0]["number"] == taken["number"]
        assert "guichet_name" in board
    pid = hall.platform.kill("streams")
    hall.step(taken["id"], "start")
    hall.platform.wait_ready("streams", after=pid)
    with Stream(hall, seen) as stream:
        told, board = stream.next()
        assert told != seen
        assert board["called"][0]["state"] == "serving"
    hall.step(taken["id"], "finish")


def test_the_ticket_page_needs_no_account_and_says_no_name(hall: Hall) -> None:
    """By the link on the ticket; unknown and foreign links are alike."""
    taken = hall.take("ar")
    site = sites.site(hall.platform)
    mine = site.get(f"/api/v1/tickets/{taken['ticket_token']}")
    assert (mine.status, mine.body["state"], mine.body["number"]) == (200, "waiting", taken["number"])
    secret = taken["ticket_token"].partition(".")[2]
    answers = [site.get(f"/api/v1/tickets/{town}.{word}") for town, word in (("raoued", secret), (TOWN, "t-x"))]
    assert [(one.status, one.body["code"]) for one in answers] == [(404, "guichet.unknown_ticket")] * 2
    assert site.post(f"/api/v1/tickets/{taken['ticket_token']}/leave", {}).body["state"] == "left"


def test_staff_of_another_town_stay_outside(hall: Hall) -> None:
    """Raoued's mediator neither sees nor changes La Marsa's line, under either town's address."""
    taken = hall.take()
    step = {"action": "leave"}
    assert hall.post(f"tickets/{taken['id']}/steps", step, staff="raoued").status == 403
    assert hall.post(f"tickets/{taken['id']}/steps", step, town="raoued", staff="raoued").status == 404
    assert hall.post(f"guichets/{hall.guichet}/next", {"desk": "m1"}, town="raoued", staff="raoued").status == 404
    assert hall.step(taken["id"], "leave").status == 200


def test_a_referral_goes_to_a_partner_with_consent_and_is_read_once(hall: Hall) -> None:
    """Case 30c over HTTP, from the outcome of a visit to the partner's answer."""
    site = sites.site(hall.platform)
    outcome = {"guichet_id": hall.guichet, "needs": ["health.hospital", "social"], "language": "ar"}
    noted = hall.post("orientations", outcome).body
    assert noted["needs"] == ["reserved", "social"]
    referral = hall.post("referrals", {"orientation_id": noted["id"], "partner": "utss"}).body
    refused = hall.post(f"referrals/{referral['id']}/send", {})
    assert (refused.status, refused.body["code"]) == (409, "guichet.consent_missing")
    hall.post(f"referrals/{referral['id']}/consent", {"how": "spoken", "text": "2026-1", "language": "ar"})
    token = hall.post(f"referrals/{referral['id']}/send", {}).body["fetch_token"]
    details = site.post("/api/v1/referrals/fetch", {"token": token}).body
    assert site.post("/api/v1/referrals/fetch", {"token": token}).status == 410
    answer = site.post("/api/v1/referrals/answer", {"token": details["case_token"], "action": "accept"})
    assert answer.body["state"] == "accepted"
    own = site.get(f"/api/v1/referrals/{referral['manage_token']}").body
    assert (own["fetched"], own["state"]) == (True, "accepted")


def one_place_only(hall: Hall, town: str) -> tuple[str, str]:
    """The town's guichet has one place in French in all, in three days; its id and the start."""
    guichet = sites.guichet_id(hall.platform, town)
    day = (datetime.now(ZoneInfo("Africa/Tunis")) + timedelta(days=3)).date()
    start = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo("Africa/Tunis")).astimezone(UTC)
    told = {"rules": [], "exceptions": [{"date": day.isoformat(), "spans": [["09:00", "09:20"]]}]}
    with sites.database(hall.platform) as client:
        rows = client["imigr_guichet"]["guichets"]
        found = rows.find_one({"_id": guichet})
        assert found is not None
        rows.update_one({"_id": guichet}, {"$set": told | {"desks": found["desks"][:1]}})
    wanted = start.isoformat().replace("+00:00", "Z")
    wait_until(lambda: sites.slots(hall.platform, town, "fr") == [wanted], 15, "one place")
    return guichet, wanted


def test_a_place_that_is_given_back_goes_to_who_waits(hall: Hall) -> None:
    """Case 30a over HTTP: booked, waited for, given back, offered while held, accepted, printed on paper."""
    site = sites.site(hall.platform)
    guichet, start = one_place_only(hall, "raoued")
    wanted = {"guichet_id": guichet, "topic": "information", "language": "fr"}
    booked = site.post("/api/v1/appointments", wanted | {"start": start}).body
    told = {"phone": "20 123 456", "message_language": "en"}
    joined = site.post("/api/v1/waiting-list", wanted | told)
    assert (joined.status, joined.body["state"]) == (201, "waiting")
    site.post(f"/api/v1/appointments/{booked['manage_token']}/cancel", {})
    path = f"/api/v1/waiting-list/{joined.body['manage_token']}"
    wait_until(lambda: site.get(path).body["state"] == "offered", 30, "the place is offered")
    refused = site.post("/api/v1/appointments", wanted | {"start": start})
    assert (refused.status, refused.body["code"]) == (409, "guichet.slot_full")
    wait_until(lambda: "place is free" in texts(hall), 20, "an SMS that says so")
    assert joined.body["manage_token"] in texts(hall)
    accepted = site.post(f"{path}/accept", {}).body
    assert accepted["state"] == "accepted"
    slip = site.get(f"/api/v1/appointments/{accepted['appointment_token']}/slip").body
    assert (slip["start"], slip["slip"][:3]) == (start, "G1.")
    body = {"entries": [written(start), written(start)]}
    merged = hall.post(f"guichets/{guichet}/offline-day", body, town="raoued", staff="raoued").body
    assert [one["reason"] for one in merged["conflicts"]] == ["taken", "taken"]
    day = hall.get(f"guichets/{guichet}/offline-day?day={start[:10]}", town="raoued").body
    assert [one["reference"] for one in day["items"]] == [slip["reference"]]


def texts(hall: Hall) -> str:
    """All SMS that the local peer has received."""
    items = sites.received(hall.platform).get("/api/messages").body["items"]
    return "\n".join(str(one) for one in items)


def written(start: str) -> dict[str, Any]:
    """A booking that a desk wrote on paper."""
    now = datetime.now(UTC).isoformat()
    said = {"start": start, "topic": "information", "language": "fr"}
    return {"id": str(uuid.uuid4()), "kind": "booking", "at": now} | said


def hall_version(hall: Hall) -> int:
    """The version of the board now."""
    with sites.database(hall.platform) as client:
        rows = client["imigr_guichet"]["tickets"].find({"guichet_id": hall.guichet})
        return sum(row["version"] for row in rows)


class Stream:
    """A browser's EventSource, as far as the test needs it."""

    def __init__(self, hall: Hall, seen: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", hall.platform.port("streams"), timeout=20)
        headers = {"Last-Event-ID": seen} if seen else {}
        self._connection.request("GET", f"/streams/guichets/{hall.guichet}/board", headers=headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def next(self) -> tuple[str, dict[str, Any]]:
        """Id and data of the next event."""
        fields: dict[str, str] = {}
        while True:
            raw = self._answer.readline()
            assert raw, "the stream ended"
            line = raw.decode().rstrip("\n")
            if not line and "data" in fields:
                return fields["id"], json.loads(fields["data"])
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
