"""The guichet over HTTP on a whole platform: two mediators on "next", the live screen, last places, one town apart."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from imigr_demo.http import Answer

from imigr_kit import fairness
from imigr_kit.testing import wait_until
from tests import sites
from tests.e2e.halls import TOWN, Hall, Stream, sign_in

Days = tuple[str, list[list[str]]]
KNOWN_SECONDS = 2.5


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


@pytest.fixture(scope="module")
def days(hall: Hall) -> Days:
    """Raoued's guichet with one desk and four days of its own for the tests below: its id, and the starts of each."""
    guichet = sites.guichet_id(hall.platform, "raoued")
    today = datetime.now(ZoneInfo("Africa/Tunis")).date()
    dates = [(today + timedelta(days=number)).isoformat() for number in range(4, 8)]
    desk = {"code": "r1", "languages": ["fr"], "topics": ["information", "legal"]}
    opened = [{"date": date, "spans": [["10:00", "14:00"]]} for date in dates]
    with sites.database(hall.platform) as client:
        told = {"$set": {"rules": [], "exceptions": opened, "desks": [desk]}}
        client["imigr_guichet"]["guichets"].update_one({"_id": guichet}, told)
    since = [time.monotonic()]

    def known_everywhere() -> bool:
        # Processes and caches know a plan for seconds after it was changed: the new one must be told for longer.
        if any(len(sites.slots(hall.platform, "raoued", "fr")) != 48 for _ in range(4)):
            since[0] = time.monotonic()
        return time.monotonic() - since[0] > KNOWN_SECONDS

    wait_until(known_everywhere, 30, "the new plan")
    starts = sites.slots(hall.platform, "raoued", "fr")
    return guichet, [[start for start in starts if start[:10] == date] for date in dates]


def at_once(*calls: Callable[[], Answer]) -> list[int]:
    """Everybody presses at the same moment; the statuses in the order of the calls."""
    gate = threading.Barrier(len(calls))

    def press(call: Callable[[], Answer]) -> int:
        gate.wait(10)
        return call().status

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(press, calls))


def test_a_cached_page_of_slots_is_seconds_behind_at_most(hall: Hall, days: Days) -> None:
    """Case 9 through the gateway's cache: what was taken is gone from the page and what was given back is on it again
    within seconds, although the page was kept by every worker just before."""
    guichet, start = days[0], days[1][0][0]
    site = sites.site(hall.platform)
    wanted = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr"}

    def shown() -> bool:
        return start in sites.slots(hall.platform, "raoued", "fr")

    assert all(shown() for _ in range(8))
    held = site.post("/api/v1/holds", wanted)
    assert held.status == 201
    wait_until(lambda: not any(shown() for _ in range(8)), 3, "a held place is not shown")
    taken = site.post(f"/api/v1/holds/{held.body['manage_token']}/take-up", {}).body
    wait_until(lambda: not any(shown() for _ in range(8)), 3, "a taken place is not shown")
    answer = hall.post(
        f"appointments/{taken['id']}/cancel", {"reason": "asked_by_visitor"}, town="raoued", staff="raoued"
    )
    assert answer.status == 200
    wait_until(lambda: all(shown() for _ in range(8)), 3, "a place that was given back is shown")


def test_many_want_one_place_by_every_way(hall: Hall, days: Days) -> None:
    """Contention over HTTP on one place, ten times: some book it, some hold it, two move to it. One gets it, the others
    are told 409; who wanted to move and came too late keeps the old place (case 15)."""
    guichet, starts = days[0], days[1][1]
    site = sites.site(hall.platform)
    body = {"guichet_id": guichet, "topic": "information", "language": "fr"}
    movers = [site.post("/api/v1/appointments", body | {"start": start}).body for start in starts[:2]]
    for start in starts[2:12]:
        wanted = body | {"start": start}
        before = [site.get(f"/api/v1/appointments/{one['manage_token']}").body["start"] for one in movers]
        moves = [
            partial(site.post, f"/api/v1/appointments/{one['manage_token']}/move", {"start": start}) for one in movers
        ]
        others = [partial(site.post, f"/api/v1/{kind}", wanted) for kind in ("appointments", "holds") * 4]
        told = at_once(*moves, *others)
        assert sorted(told) in ([200] + [409] * 9, [201] + [409] * 9), told
        after = [site.get(f"/api/v1/appointments/{one['manage_token']}").body["start"] for one in movers]
        assert after == [start if status == 200 else old for status, old in zip(told, before, strict=False)]
    desks = overlapping(hall, guichet)
    assert desks == []


def overlapping(hall: Hall, guichet: str) -> list[Any]:
    """Occupying visits of one desk that meet."""
    query = {"guichet_id": guichet, "state": {"$in": ["held", "to_confirm", "confirmed"]}, "session_id": None}
    with sites.database(hall.platform) as client:
        rows = sorted(client["imigr_guichet"]["appointments"].find(query), key=lambda row: (row["desk"], row["start"]))
    return [pair for pair in pairwise(rows) if pair[0]["desk"] == pair[1]["desk"] and pair[0]["end"] > pair[1]["start"]]


def test_a_group_session_gives_its_seats_once_each(hall: Hall, days: Days) -> None:
    """Contention over HTTP: sixteen persons for five seats; none of the refused is told anything but that it is
    full."""
    guichet, start = days[0], days[1][2][0]
    new = {"desk": "r1", "start": start, "topic": "information", "language": "fr", "capacity": 5}
    planned = hall.post(f"guichets/{guichet}/sessions", new, town="raoued", staff="raoued")
    assert planned.status == 201, planned
    path = f"/api/v1/sessions/{planned.body['id']}/seats"
    site = sites.site(hall.platform)
    told = at_once(*[partial(site.post, path, {"guichet_id": guichet})] * 16)
    assert sorted(told) == [201] * 5 + [409] * 11
    (left,) = site.get(f"/api/v1/guichets/{guichet}/sessions").body["items"]
    assert left["places"] == 0


FREE = int(fairness.FREE)


def test_a_further_booking_of_one_network_is_proved_as_documented(hall: Hall, days: Days) -> None:
    """A few bookings within minutes are free for an address; the next is answered with a challenge, which a client
    solves as the description of the API says, under the same key."""
    guichet, starts = days[0], days[1][3]
    site = sites.site(hall.platform)
    body = {"guichet_id": guichet, "topic": "information", "language": "fr"}
    here = {"X_Forwarded_For": "41.226.7.7"}
    for start in starts[:FREE]:
        assert site.post("/api/v1/appointments", body | {"start": start}, **here).status == 201
    again = here | {"Idempotency_Key": str(uuid.uuid4())}
    asked = site.post("/api/v1/appointments", body | {"start": starts[FREE]}, **again)
    assert (asked.status, asked.body["code"]) == (429, "kit.effort_needed")
    challenge, bits = asked.body["params"]["challenge"], asked.body["params"]["bits"]
    nonce = next(
        n
        for n in itertools.count()
        if int.from_bytes(hashlib.sha256(f"{challenge}:{n}".encode()).digest(), "big") >> (256 - bits) == 0
    )
    proved = again | {"X_Proof_Of_Work": str(nonce)}
    made = site.post("/api/v1/appointments", body | {"start": starts[FREE]}, **proved)
    assert made.status == 201, made
    assert site.post("/api/v1/appointments", body | {"start": starts[FREE]}, **proved).body == made.body
