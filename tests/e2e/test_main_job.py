"""The main job over HTTP on a whole platform, and the same platform with parts that others run."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from imigr_demo.partner import Partner, broken
from imigr_demo.story import Story

from imigr_kit.testing import wait_until
from tests import sites
from tests.chaos import canaries
from tests.chaos.listener import Listener

FOREIGN_TOWN = "carthage"
GUICHETS: dict[str, str] = {}
"""Ids that were looked up before a guichet went down."""


@pytest.fixture(scope="module")
def platform(start_platform: Callable[..., Any]) -> Any:
    """One platform in which Raoued runs its own guichet, and a town called Carthage one written by others."""
    from imigr_local.options import OwnService

    routes = {
        "guichet": {"default": "guichet", "raoued": "guichet_raoued", FOREIGN_TOWN: "guichet_carthage"},
        **{name: {"default": name} for name in ("directory", "events", "notifications", "accounts")},
    }
    foreign = "guichet_carthage"
    own = (OwnService("guichet_raoued", "guichet", ("raoued",)), OwnService(foreign, "guichet", (FOREIGN_TOWN,)))
    return start_platform("e2e", own=own, routes=routes, without=(foreign,))


@pytest.fixture
def partner(platform: Any) -> Iterator[Partner]:
    """A partner who follows the public kinds in plain kombu and checks every schema."""
    with Partner(sites.partner_uri(platform), sites.CONTRACTS) as following:
        yield following


@pytest.fixture(scope="module")
def listener(platform: Any) -> Iterator[Listener]:
    """The administrator, who hears everything."""
    with Listener(sites.administrator_uri(platform), "tests.e2e") as listening:
        yield listening


def book(platform: Any, municipality: str, start: str, key: str | None = None, **more: Any) -> Any:
    """A booking over HTTP."""
    body = {
        "guichet_id": GUICHETS.get(municipality) or sites.guichet_id(platform, municipality),
        "start": start,
        "topic": "information",
        "language": "fr",
    }
    return sites.site(platform).post("/api/v1/appointments", body | more, Idempotency_Key=key or str(uuid.uuid4()))


def test_the_main_job_from_search_to_cancellation(platform: Any, partner: Partner, listener: Listener) -> None:
    """All seven steps of the story hold; the partner has seen valid public events, and all others are valid too."""
    told: list[str] = []
    story = Story(sites.site(platform), partner, sites.received(platform), sites.manager(platform), told.append)
    story.play()
    assert any("guichet.slot_full" in line for line in told)
    assert partner.problems == []
    steps = [f"guichet.appointment.{verb}" for verb in ("booked", "moved", "cancelled")]
    wait_until(lambda: listener.kinds(story.appointment["id"]) == steps, 15, "the three events of the appointment")
    wait_until(lambda: bool(listener.kinds(story.registration["id"])), 15, "the event of the registration")
    assert [problem for event in listener.events.values() if (problem := broken(event, sites.CONTRACTS))] == []


def test_the_same_key_gives_the_same_answer_over_http(platform: Any) -> None:
    """A retry after a lost answer books nothing new and hands out the same link; another body is refused."""
    start = sites.slots(platform, "la-marsa", "fr")[0]
    key = str(uuid.uuid4())
    answers = [book(platform, "la-marsa", start, key, phone="20 123 456") for _ in range(3)]
    assert {answer.status for answer in answers} == {201}
    assert answers[0].body == answers[1].body == answers[2].body
    other = book(platform, "la-marsa", start, key, phone="20 123 457")
    assert (other.status, other.body["code"]) == (422, "kit.idempotency_key_reused")


def test_two_towns_on_one_bus_each_with_its_own_guichet(platform: Any, listener: Listener) -> None:
    """Raoued's booking lies in Raoued's database, La Marsa's in the shared one; both are heard on one exchange."""
    made = {town: book(platform, town, sites.slots(platform, town, "fr")[0]).body for town in ("raoued", "la-marsa")}
    with sites.database(platform) as client:
        for town, name in (("raoued", "imigr_guichet_raoued"), ("la-marsa", "imigr_guichet")):
            query = {"_id": made[town]["id"]}
            assert client[name]["appointments"].count_documents(query) == 1
        assert client["imigr_guichet"]["appointments"].count_documents({"_id": made["raoued"]["id"]}) == 0
    subjects = {made[town]["id"] for town in made}
    wait_until(lambda: subjects <= set(listener.order), 15, "both towns' events")
    assert all(listener.kinds(subject) == ["guichet.appointment.booked"] for subject in subjects)


def test_one_town_down_leaves_the_other_untouched(platform: Any) -> None:
    """Without Raoued's guichet: 503 there with Retry-After, business as usual in La Marsa, and it comes back."""
    raoued, la_marsa = (sites.slots(platform, town, "fr")[1] for town in ("raoued", "la-marsa"))
    GUICHETS.update({town: sites.guichet_id(platform, town) for town in ("raoued", "la-marsa")})
    platform.kill_and_hold("guichet_raoued")
    try:
        refused = book(platform, "raoued", raoued)
        assert (refused.status, refused.body["status"]) == (503, 503)
        assert int(refused.headers["Retry-After"]) >= 1
        assert book(platform, "la-marsa", la_marsa).status == 201
    finally:
        platform.start("guichet_raoued")
    wait_until(lambda: book(platform, "raoued", raoued).status == 201, 20, "Raoued books again")


def test_a_thirty_line_consumer_follows_what_is_public(platform: Any) -> None:
    """docs/examples/partner_consumer.py, started as its own program, prints an event when it is announced."""
    script = sites.ROOT / "docs" / "examples" / "partner_consumer.py"
    arguments = [sites.partner_uri(platform), "demo.public"]
    with subprocess.Popen([sys.executable, str(script), *arguments], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "listening\n"
            made = announced(platform)
            lines = (line.split() for line in program.stdout)
            assert next(line for line in lines if line[1] == made) == ["tn.imigr.events.event.published.v1", made]
        finally:
            program.kill()


def test_a_thirty_line_service_takes_part(platform: Any) -> None:
    """docs/examples/rpc_service.py answers for its town through the same gateway."""
    script = sites.ROOT / "docs" / "examples" / "rpc_service.py"
    arguments = [sites.part_uri(platform, "guichet_carthage"), "guichet_carthage", FOREIGN_TOWN]
    with subprocess.Popen([sys.executable, str(script), *arguments], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "answering\n"
            answer = sites.site(platform).get(f"/api/v1/guichets?municipality={FOREIGN_TOWN}")
            assert answer.status == 200
            assert answer.body["items"][0]["name"] == f"Guichet de {FOREIGN_TOWN}"
        finally:
            program.kill()


def test_staff_sign_in_and_see_their_own_town_only(platform: Any) -> None:
    """A mediator of La Marsa sees La Marsa's agenda, and is refused Raoued's."""
    site = sites.site(platform)
    email = "mediator.la-marsa@demo.invalid"
    password = platform.credentials().staff[email]
    answer = site.post("/api/v1/staff/login", {"email": email, "password": password})
    assert answer.status == 200, answer
    signed = {"Authorization": f"Bearer {answer.body['token']}"}
    guichet = sites.guichet_id(platform, "la-marsa")
    day = sites.slots(platform, "la-marsa", "fr")[0][:10]
    agenda = site.get(f"/api/v1/staff/la-marsa/guichets/{guichet}/appointments?date={day}", **signed)
    assert agenda.status == 200
    assert all("contact_id" not in row for row in agenda.body["items"])
    assert agenda.body["items"]
    foreign = site.get(f"/api/v1/staff/raoued/guichets/{guichet}/appointments?date={day}", **signed)
    assert (foreign.status, foreign.body["code"]) == (403, "kit.forbidden")
    assert site.get(f"/api/v1/staff/la-marsa/guichets/{guichet}/appointments?date={day}").status == 401


def test_the_contact_is_deleted_in_one_tap(platform: Any) -> None:
    """After forget, nothing of the contact is left in the vault, and no reminder goes out."""
    start = sites.slots(platform, "la-marsa", "fr")[-1]  # late enough for a reminder to be planned
    made = book(platform, "la-marsa", start, phone="+216 20 765 432").body
    site = sites.site(platform)
    path = f"/api/v1/appointments/{made['manage_token']}"

    def reminded() -> bool:
        items = site.get(f"{path}/messages").body.get("items", [])
        return any(one["kind"] == "reminder" and one["state"] == "planned" for one in items)

    wait_until(reminded, 15, "a planned reminder")
    with sites.database(platform) as client:
        wait_until(lambda: client["imigr_notifications"]["contacts"].count_documents({}) > 0, 10, "the contact")
        before = client["imigr_notifications"]["contacts"].count_documents({})
        key = str(uuid.uuid4())
        wait_until(lambda: site.post(f"{path}/forget", {}, Idempotency_Key=key).status == 200, 20, "the deletion")
        assert client["imigr_notifications"]["contacts"].count_documents({}) == before - 1
    assert site.get(path).status == 200


def test_the_same_phone_registers_once(platform: Any) -> None:
    """Case 40: however the number is written, one registration with one reference; each link opens it, and giving it
    up by one of them gives it up for all."""
    web = sites.site(platform)
    event = next(
        one for one in web.get("/api/v1/events?municipality=la-marsa").body["items"] if one["registration"] == "open"
    )
    path = f"/api/v1/events/{event['id']}/registrations"
    made = [
        web.post(path, {"phone": phone, "places": 1}, Idempotency_Key=str(uuid.uuid4())).body
        for phone in ("20 765 432", "+216 20 765 432", "0021620765432", "+21620765432")
    ]
    assert {one["state"] for one in made} == {"confirmed"}
    assert len({one["reference"] for one in made}) == len({one["id"] for one in made}) == 1
    tokens = {one["manage_token"] for one in made}
    assert len(tokens) == len(made)
    first, *others = tokens
    assert web.post(f"/api/v1/registrations/{first}/cancel", {}).body["state"] == "cancelled"
    assert {web.get(f"/api/v1/registrations/{one}").body["state"] for one in others} == {"cancelled"}


HOLDER = "Zephyrine Qwaxholm"
"""A name that nobody else has."""


def signed_in(platform: Any, who: str) -> dict[str, str]:
    """The header of a member of staff."""
    login = {"email": who, "password": platform.credentials().staff[who]}
    return {"Authorization": f"Bearer {sites.site(platform).post('/api/v1/staff/login', login).body['token']}"}


def announced(platform: Any) -> str:
    """The id of an event that a manager of La Marsa has just published."""
    web, manager = sites.site(platform), signed_in(platform, sites.MANAGER)
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat()}
    event = {"title": {"fr": "Atelier"}, "place": {"fr": "Mairie"}, "capacity": 5} | times
    made = str(web.post("/api/v1/staff/la-marsa/events", {"event": event}, **manager).body["id"])
    path = f"/api/v1/staff/la-marsa/events/{made}/publish"
    assert web.post(path, {"version": 1}, **manager).status == 200
    return made


@pytest.fixture(scope="module")
def attended(platform: Any) -> tuple[str, str]:
    """An event of La Marsa that took place, and the link of somebody who was there."""
    web, manager = sites.site(platform), signed_in(platform, "manager.la-marsa@demo.invalid")
    town = "/api/v1/staff/la-marsa/events"
    now = datetime.now(UTC).replace(microsecond=0)
    times = {"starts_at": (now + timedelta(hours=1)).isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat()}
    event = {"title": {"fr": "Formation"}, "place": {"fr": "Mairie"}, "capacity": 5} | times
    made = web.post(town, {"event": event}, **manager).body["id"]
    assert web.post(f"{town}/{made}/publish", {"version": 1}, **manager).status == 200
    assert web.put(f"{town}/{made}/certificate-rule", {"minimum_percent": 50}, **manager).status == 200
    token = web.post(f"/api/v1/events/{made}/registrations", {"places": 1}).body["manage_token"]
    ticket = web.get(f"/api/v1/registrations/{token}/ticket").body["ticket"]
    look = {"id": "scan-0001", "ticket": ticket, "door": "north", "scanner": "phone"}
    told = web.post(f"{town}/{made}/scans", {"scans": [look]}, **manager).body["items"]
    assert [one["outcome"] for one in told] == ["accepted"]
    over = {"starts_at": now - timedelta(hours=2), "ends_at": now - timedelta(minutes=1)}
    with sites.database(platform) as client:
        client["imigr_events"]["events"].update_one({"_id": made}, {"$set": over, "$inc": {"change": 1}})
    return made, token


def test_the_name_on_a_certificate_is_kept_nowhere(platform: Any, attended: tuple[str, str]) -> None:
    """Printed and verified; then every file of the databases and the broker, every log and every metric is searched."""
    web = sites.site(platform)
    path = f"/api/v1/registrations/{attended[1]}/certificate"
    for language in ("fr", "ar"):
        printed = web.post(path, {"holder": HOLDER, "language": language})
        assert (printed.status, printed.headers["Content-Type"]) == (200, "application/pdf")
    assert web.post(path, {"holder": HOLDER, "language": "x"}).status == 422
    canaries.plant_control(platform)
    assert canaries.files_with(platform.instance.folder, [canaries.CONTROL.encode()])
    assert canaries.sinks(platform, [], [b"Qwaxholm"]) == {}


def test_raoued_neither_sees_nor_changes_what_is_la_marsas(platform: Any, attended: tuple[str, str]) -> None:
    """Under La Marsa's address refused, under its own address it does not exist; nothing changes."""
    web, manager = sites.site(platform), signed_in(platform, "manager.raoued@demo.invalid")
    before = web.get(f"/api/v1/events/{attended[0]}").body
    for town, status in (("la-marsa", 403), ("raoued", 404)):
        path = f"/api/v1/staff/{town}/events/{attended[0]}"
        for tail in ("", "/registrations", "/attendance", "/answers"):
            assert web.get(path + tail, **manager).status == status, (town, tail)
        assert web.post(f"{path}/registrations", {"places": 1}, **manager).status == status
    cancelled = web.post(f"/api/v1/staff/raoued/events/{attended[0]}/cancel", {"version": before["version"]}, **manager)
    assert cancelled.status in (403, 404)
    listed = web.get("/api/v1/staff/raoued/events?per_page=100", **manager).body["items"]
    assert attended[0] not in [one["id"] for one in listed]
    after = web.get(f"/api/v1/events/{attended[0]}").body
    assert after["state"] != "cancelled"
    assert after["free_places"] == before["free_places"]
